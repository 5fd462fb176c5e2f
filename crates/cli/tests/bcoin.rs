//! `tabchain bcoin` as a process: what it prints, that it ends when asked, and that a kill loses nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Server {
    process: Child,
    /// Host and port of its node.
    node: String,
}

impl Server {
    /// Starts one node, and waits until it listens.
    fn start(port: u16, folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_tabchain"))
            .args(["--json", "bcoin", "--ports", &port.to_string(), "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe"));
        lines.read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let url = said["node"].as_str().expect("where it listens");
        let node = url.strip_prefix("http://").expect("a URL").into();
        Self { process, node }
    }

    fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(&self.node).expect("it listens");
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_killed_node_has_all_that_it_has_said() {
    let folder = std::env::temp_dir().join(format!("tabchain-bcoin-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its number").port();
    drop(free);
    let mut length = 1;
    for _ in 0..3 {
        let server = Server::start(port, &folder);
        assert_eq!(server.get("/get_chain")["length"], length);
        assert_eq!(server.get("/mine_block")["index"], length + 1);
        length += 1;
        // Dropped: killed, with no time to tidy up.
    }
    let mut server = Server::start(port, &folder);
    assert_eq!(server.get("/get_chain")["length"], length);
    if cfg!(unix) {
        let pid = server.process.id().to_string();
        let asked = Command::new("kill").args(["-INT", &pid]).status();
        assert!(asked.expect("kill is there").success());
        let ended = server.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_tabchain"))
        .args(["--json", "bcoin", "--ports", &port])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(
        said["error"]
            .as_str()
            .is_some_and(|error| error.contains(&port))
    );
    assert!(
        said["help"]
            .as_str()
            .is_some_and(|help| help.contains("--ports"))
    );
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(&port), "{error}");
    assert!(error.contains("such as --ports 5001,5002,5003"), "{error}");
}
