//! Real sockets on free ports; clients are written byte by byte, as Python's are read by a server.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bcoin::{MAX_BODY, Rules};
use bcoin_server::{MAX_CONNECTIONS, Options, Servers, StartError, Store};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

fn options(nodes: usize) -> Options {
    Options {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: vec![0; nodes],
        data: None,
        rules: Rules::Checked,
    }
}

/// Starts nodes, lets a client use them, and stops them.
async fn with<C: Future<Output = ()>>(options: Options, client: impl FnOnce(Vec<SocketAddr>) -> C) {
    let servers = Servers::bind(&options).await.unwrap();
    let addresses = servers.addresses().unwrap();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(servers.run(async {
        let _ = stopped.await;
    }));
    client(addresses).await;
    stop.send(()).unwrap();
    running.await.unwrap();
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// Sends bytes, and reads until the server closes.
async fn send(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_lowercase(),
        body: body.into(),
    }
}

async fn get(to: SocketAddr, path: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    send(to, request.as_bytes()).await
}

async fn post(to: SocketAddr, path: &str, body: &str) -> Answer {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    send(to, request.as_bytes()).await
}

async fn length(of: SocketAddr) -> u64 {
    get(of, "/get_chain").await.json()["length"]
        .as_u64()
        .unwrap()
}

fn all(nodes: &[SocketAddr]) -> String {
    let nodes: Vec<String> = nodes.iter().map(|node| format!("http://{node}/")).collect();
    json!({"nodes": nodes}).to_string()
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bcoin-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn three_nodes_agree_on_the_longest_chain() {
    with(options(3), async |nodes| {
        for node in &nodes {
            // The lists name the node itself, as the original's do.
            assert_eq!(post(*node, "/connect_node", &all(&nodes)).await.status, 201);
        }
        let payment = json!({"sender": "张三", "receiver": "李四", "amount": 100}).to_string();
        assert_eq!(
            post(nodes[1], "/add_transaction", &payment).await.status,
            201
        );
        for _ in 0..2 {
            assert_eq!(get(nodes[1], "/mine_block").await.status, 200);
        }
        assert_eq!(get(nodes[2], "/mine_block").await.status, 200);
        for node in &nodes {
            let said = get(*node, "/replace_chain").await.json();
            assert_eq!(said["new_chain"].as_array().unwrap().len(), 3);
        }
        let chains = [nodes[0], nodes[1], nodes[2]]
            .map(|node| async move { get(node, "/get_chain").await.body });
        let [first, second, third] = chains;
        let first = first.await;
        assert!(
            first.contains("\\u5f20\\u4e09"),
            "escaped as Python does: {first}"
        );
        assert_eq!(first, second.await);
        assert_eq!(first, third.await);
    })
    .await;
}

#[tokio::test]
async fn answers_look_like_flasks() {
    with(options(1), async |nodes| {
        let chain = get(nodes[0], "/get_chain").await;
        assert!(chain.head.starts_with("http/1.1 200 ok"));
        assert!(chain.head.contains("content-type: application/json"));
        assert!(chain.body.ends_with("\"length\":1}\n"));
        let missing = post(nodes[0], "/add_transaction", "{}").await;
        assert_eq!(missing.status, 400);
        assert!(
            missing
                .head
                .contains("content-type: text/html; charset=utf-8")
        );
        assert_eq!(get(nodes[0], "/get_chain?x=1").await.status, 200);
        assert_eq!(get(nodes[0], "/nothing").await.status, 404);
        let wrong = get(nodes[0], "/connect_node").await;
        assert_eq!(wrong.status, 405);
        assert!(wrong.head.contains("allow: options, post"));
        let head = send(nodes[0], b"HEAD /get_chain HTTP/1.0\r\n\r\n").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert_eq!(
            get(nodes[0], "/openapi.json").await.json()["openapi"],
            "3.1.0"
        );
    })
    .await;
}

#[tokio::test]
async fn miners_do_not_stand_in_each_others_way() {
    with(options(1), async |nodes| {
        let miners = (0..6).map(|_| tokio::spawn(get(nodes[0], "/mine_block")));
        let miners: Vec<_> = miners.collect();
        // While they wait for their turns, others are answered.
        assert_eq!(get(nodes[0], "/is_valid").await.status, 200);
        let mut blocks = Vec::new();
        for miner in miners {
            blocks.push(miner.await.unwrap().json()["index"].as_u64().unwrap());
        }
        blocks.sort_unstable();
        assert_eq!(blocks, [2, 3, 4, 5, 6, 7]);
        let valid = get(nodes[0], "/is_valid").await;
        assert!(valid.body.contains("Everything is fine."), "{}", valid.body);
    })
    .await;
}

/// Answers one connection with these bytes, whatever it asks; then says nothing more and keeps it open.
async fn hostile(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(&answer).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    address
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn nodes_that_answer_badly_are_passed_over() {
    with(options(2), async |nodes| {
        get(nodes[1], "/mine_block").await;
        let good = get(nodes[1], "/get_chain").await.body;
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let mut others = vec![closed];
        for answer in [
            Vec::new(), // silence
            b"not http".to_vec(),
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{".to_vec(),
            http("200 OK", "{}"),
            http("200 OK", &"[".repeat(100_000)),
            http("500 Oh", &good.replace("\"length\":2", "\"length\":3")),
            http("302 Found\r\nLocation: http://127.0.0.1/", ""),
            http("200 OK", &good.replace("\"proof\":533", "\"proof\":534")),
        ] {
            others.push(hostile(answer).await);
        }
        others.push(nodes[1]);
        assert_eq!(
            post(nodes[0], "/connect_node", &all(&others)).await.status,
            201
        );
        let replacing = tokio::spawn(get(nodes[0], "/replace_chain"));
        // Meanwhile, the node is there for others.
        assert_eq!(length(nodes[0]).await, 1);
        let said = replacing.await.unwrap().json();
        assert_eq!(said["new_chain"].as_array().unwrap().len(), 2);
        assert_eq!(get(nodes[0], "/get_chain").await.body, good);
    })
    .await;
}

#[tokio::test]
async fn requests_are_bounded() {
    with(options(1), async |nodes| {
        let long = "x".repeat(MAX_BODY + 1);
        assert_eq!(post(nodes[0], "/add_transaction", &long).await.status, 413);
        let mut chunked = b"POST /add_transaction HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
        chunked.extend(format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()).into_bytes());
        assert_eq!(send(nodes[0], &chunked).await.status, 413);
        let elsewhere = b"GET /get_chain HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n";
        assert_eq!(send(nodes[0], elsewhere).await.status, 421);
        assert_eq!(send(nodes[0], b"\x16\x03\x01\r\n\r\n").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn whoever_stops_in_the_middle_of_a_request_is_not_waited_for() {
    with(options(1), async |nodes| {
        let node = nodes[0];
        // Both end because the server ends them: nothing else here would.
        let head = tokio::spawn(async move {
            let mut stream = TcpStream::connect(node).await.unwrap();
            stream.write_all(b"GET /get_chain HT").await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        });
        let body = b"POST /add_transaction HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{";
        assert_eq!(send(node, body).await.status, 408);
        head.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    with(options(1), async |nodes| {
        let mut idle = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            idle.push(TcpStream::connect(nodes[0]).await.unwrap());
        }
        let waiting = tokio::spawn(get(nodes[0], "/is_valid"));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waiting.is_finished());
        idle.pop();
        assert_eq!(waiting.await.unwrap().status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let wanted = Options {
        ports: vec![0, port],
        ..options(0)
    };
    let Err(error) = Servers::bind(&wanted).await else {
        panic!("two programs at one port");
    };
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    assert!(error.help().contains("--ports 5001"), "{}", error.help());
    let refused = StartError::Port {
        address: "127.0.0.1:1001".parse().unwrap(),
        error: std::io::ErrorKind::PermissionDenied.into(),
    };
    assert!(refused.help().contains("below 1024 need rights"));
}

#[tokio::test]
async fn chains_are_kept() {
    let folder = Folder::new("kept");
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let kept = Options {
        ports: vec![port],
        data: Some(folder.0.clone()),
        ..options(0)
    };
    let mut before = String::new();
    with(kept.clone(), async |nodes| {
        get(nodes[0], "/mine_block").await;
        let payment = json!({"sender": 1.5, "receiver": null, "amount": "\u{1F600}"}).to_string();
        post(nodes[0], "/add_transaction", &payment).await;
        post(nodes[0], "/connect_node", &all(&nodes)).await;
        before = get(nodes[0], "/get_chain").await.body;
        // Another port has another file.
        let beside = Options {
            ports: vec![0],
            ..kept.clone()
        };
        assert!(Servers::bind(&beside).await.is_ok());
    })
    .await;
    with(kept, async |nodes| {
        assert_eq!(get(nodes[0], "/get_chain").await.body, before);
        let block = get(nodes[0], "/mine_block").await.json();
        assert_eq!(
            block["transactions"][0],
            json!({"sender": 1.5, "receiver": null, "amount": "\u{1F600}"})
        );
        let said = post(nodes[0], "/connect_node", &all(&[])).await.json();
        assert_eq!(said["total_nodes"], json!([nodes[0].to_string()]));
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let folder = Folder::new("unusable");
    std::fs::create_dir_all(&folder.0).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let path = folder.0.join(format!("bcoin-{port}.redb"));
    let wanted = Options {
        ports: vec![port],
        data: Some(folder.0.clone()),
        ..options(0)
    };
    let refused = async || match Servers::bind(&wanted).await {
        Err(error) => (error.to_string(), error.help()),
        Ok(_) => panic!("it was used"),
    };
    std::fs::write(&path, "this is a letter to my grandmother ".repeat(200)).unwrap();
    let (error, help) = refused().await;
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(help.starts_with("move the file away"), "{error}: {help}");
    std::fs::remove_file(&path).unwrap();
    let open = Store::open(&folder.0, port).unwrap();
    let (error, help) = refused().await;
    assert!(error.ends_with("another tabchain has it open"), "{error}");
    assert!(help.starts_with("stop the other one"), "{help}");
    drop(open);
    assert!(Servers::bind(&wanted).await.is_ok());

    // Cut off anywhere, a file is refused or read, and nothing panics.
    let whole = std::fs::read(&path).unwrap();
    for part in 0..16 {
        std::fs::write(&path, &whole[..whole.len() * part / 16]).unwrap();
        let _ = Servers::bind(&wanted).await;
    }
}
