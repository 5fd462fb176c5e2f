//! Nodes, asked as clients ask them.

mod kit;

use bcoin::json::{MAX_BODY_DEPTH, MAX_DEPTH, read};
use bcoin::{
    Candidate, Comparison, MAX_BODY, MAX_NODES, MAX_PENDING_BYTES, Node, OPENAPI, Proof, ROUTES,
    Request, Step, Stored, Words, location,
};
use kit::*;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_payment_goes_into_the_next_block_before_the_reward() {
    let mut node = node(1002);
    let (status, said) = post(&mut node, "/add_transaction", &pay(json!(40)));
    assert_eq!(status, 201);
    assert_eq!(
        said,
        "{\"message\":\"This transaction will be added to the Block 2\"}\n"
    );
    let block = get(&mut node, "/mine_block");
    let chain = get(&mut node, "/get_chain");
    assert_eq!(chain["length"], 2);
    assert_eq!(
        block,
        json!({
            "message": "Youve just mined a block, so congrats!",
            "index": 2,
            "timestamp": "2022-01-01 00:00:00",
            "proof": 533,
            "previous_hash": hex::encode(node.chain().blocks()[0].hash()),
            "transactions": [
                pay(json!(40)),
                {"sender": "4d2121f7cf28ac0d506fc5b077a4e179", "receiver": "Meghna", "amount": 1},
            ],
        })
    );
    let first = json!({
        "index": 1, "timestamp": "2022-01-01 00:00:00.001002", "proof": 1, "previous_hash": "0",
        "transactions": [],
    });
    assert_eq!(chain["chain"][0], first);
    assert!(node.pending().is_empty());
    node.chain().check().unwrap();
}

#[test]
fn each_program_has_its_words() {
    let mined = [
        "Congrats, you just mined a block!",
        "Youve just mined a block, so congrats!",
        "Youve just mined a block, congrats!!",
    ];
    for (port, message) in (1001..).zip(mined) {
        let mut node = node(port);
        assert_eq!(get(&mut node, "/mine_block")["message"], message);
        let valid = get(&mut node, "/is_valid");
        assert!(
            valid["message"]
                .as_str()
                .unwrap()
                .starts_with("Everything is fine.")
        );
        let (status, said) = post(
            &mut node,
            "/add_transaction",
            &json!({"sender": 1, "amount": 2}),
        );
        assert_eq!(status, 400);
        assert!(
            said.ends_with("missing") || said.ends_with("missing."),
            "{said}"
        );
        assert_eq!(
            post(&mut node, "/connect_node", &json!({})),
            (400, "No node".into())
        );
    }
    assert_eq!(Words::of_port(8003), Words::of_port(1003));
    assert_eq!(Words::of_port(8080), Words::of_port(1002));
}

#[test]
fn nodes_are_connected_once_each() {
    let mut node = node(1001);
    let nodes = json!({"nodes": ["http://127.0.0.1:1002", "http://127.0.0.1:1003/", "http://127.0.0.1:1002/x?y"]});
    let (status, said) = post(&mut node, "/connect_node", &nodes);
    assert_eq!(status, 201);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        said["total_nodes"],
        json!(["127.0.0.1:1002", "127.0.0.1:1003"])
    );
    for nodes in [
        json!(null),
        json!("http://127.0.0.1:1"),
        json!([1]),
        json!(["127.0.0.1:1002"]),
        json!(["http:///x"]),
    ] {
        let (status, _) = post(&mut node, "/connect_node", &json!({"nodes": nodes}));
        assert_eq!(status, 400, "{nodes}");
    }
    assert_eq!(node.nodes().len(), 2);
}

#[test]
fn locations_are_those_of_urlparse() {
    let of = |address: &str| location(&address.into()).ok();
    for (address, expected) in [
        ("http://127.0.0.1:1002", "127.0.0.1:1002"),
        ("HTTPS://Host.example:1/a", "Host.example:1"),
        ("//h", "h"),
        ("  http://h#f", "h"),
        ("ht\ntp://h\t:1", "h:1"),
        ("x+y-1.z://h?q", "h"),
        ("http://[::1]:1002/", "[::1]:1002"),
    ] {
        assert_eq!(of(address).as_deref(), Some(expected), "{address}");
    }
    for address in [
        "",
        "h",
        "127.0.0.1:1002",
        "http:/h",
        "http:h",
        "http://",
        "1http://h",
        "http://a b",
        "http://u@h",
    ] {
        assert_eq!(of(address), None, "{address}");
    }
    assert!(of(&format!("http://{}", "h".repeat(300))).is_some());
    assert!(of(&format!("http://{}", "h".repeat(301))).is_none());
}

#[test]
fn a_proof_that_comes_too_late_is_searched_for_again() {
    let mut node = node(1001);
    let Step::Mine(mut search) = node.handle(&request("GET", "/mine_block", "")) else {
        panic!("no search");
    };
    assert_eq!(search.run(532), None);
    assert_eq!(search.tries(), 532);
    let found = search.run(1).unwrap();
    assert_eq!(found.proof, Proof::from(533));
    assert!(matches!(node.found(&found, NOW), Step::Answer(_)));
    // The chain has moved on, so the same proof would make it invalid.
    assert!(matches!(node.found(&found, NOW), Step::Mine(_)));
    assert_eq!(node.chain().length(), 2);
}

#[test]
fn requests_that_flask_refuses_are_refused_alike() {
    let mut node = node(1001);
    let mut status = |method, path, content_type, body: &[u8]| {
        let request = Request {
            method,
            path,
            content_type,
            body,
        };
        answer(&mut node, &request).status
    };
    let json = Some("application/json; charset=utf-8");
    assert_eq!(status("GET", "/", None, b""), 404);
    assert_eq!(status("GET", "/get_chain/", None, b""), 404);
    assert_eq!(status("POST", "/get_chain", None, b""), 405);
    assert_eq!(status("GET", "/add_transaction", None, b""), 405);
    assert_eq!(status("HEAD", "/get_chain", None, b""), 200);
    assert_eq!(status("OPTIONS", "/connect_node", None, b""), 200);
    assert_eq!(status("POST", "/add_transaction", None, b"{}"), 415);
    assert_eq!(
        status("POST", "/add_transaction", Some("text/plain"), b"{}"),
        415
    );
    assert_eq!(status("POST", "/add_transaction", json, b"{"), 400);
    assert_eq!(status("POST", "/add_transaction", json, b"[]"), 400);
    assert_eq!(
        status("POST", "/connect_node", Some("application/x+json"), b"{}"),
        400
    );
    let post = answer(&mut node, &request("GET", "/add_transaction", ""));
    assert_eq!(post.allow, Some("OPTIONS, POST"));
}

#[test]
fn bodies_pending_payments_and_nodes_are_bounded() {
    let mut node = node(1001);
    let frame = pay(json!("")).to_string().len();
    let body = |length: usize| pay(json!("x".repeat(length - frame)));
    assert_eq!(post(&mut node, "/add_transaction", &body(MAX_BODY)).0, 201);
    assert_eq!(
        post(&mut node, "/add_transaction", &body(MAX_BODY + 1)).0,
        413
    );
    let mut added = 1;
    while post(&mut node, "/add_transaction", &body(MAX_BODY)).0 == 201 {
        added += 1;
        assert!(added * MAX_BODY <= MAX_PENDING_BYTES + MAX_BODY);
    }
    assert_eq!(node.pending().len(), added);
    get(&mut node, "/mine_block");
    assert_eq!(post(&mut node, "/add_transaction", &body(MAX_BODY)).0, 201);

    let nodes =
        |n: usize| json!({"nodes": (0..n).map(|at| format!("http://h{at}")).collect::<Vec<_>>()});
    assert_eq!(post(&mut node, "/connect_node", &nodes(MAX_NODES)).0, 201);
    assert_eq!(
        post(&mut node, "/connect_node", &nodes(MAX_NODES + 1)).0,
        507
    );
    assert_eq!(node.nodes().len(), MAX_NODES);
}

#[test]
fn what_a_node_takes_can_be_sent_on() {
    let mut node = node(1001);
    let nested = |depth: usize| {
        format!(
            "{{\"sender\":1,\"receiver\":2,\"amount\":{}1{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    let mut send = |depth| {
        answer(
            &mut node,
            &request("POST", "/add_transaction", &nested(depth)),
        )
        .status
    };
    assert_eq!(send(MAX_BODY_DEPTH), 400);
    assert_eq!(send(MAX_BODY_DEPTH - 1), 201);
    get(&mut node, "/mine_block");
    let body = chain_of(&mut node);
    assert!(read(&body, MAX_DEPTH).is_ok());
    Candidate::read(&body).unwrap().chain.check().unwrap();
}

#[test]
fn a_saved_node_comes_back() {
    let mut node = mined(1001, 2);
    post(&mut node, "/add_transaction", &pay(json!(1.5)));
    post(
        &mut node,
        "/connect_node",
        &json!({"nodes": ["http://h:1"]}),
    );
    assert_eq!(node.unsaved().blocks_from, Some(0));
    let stored = stored(&node);
    node.saved();
    assert_eq!(node.unsaved(), bcoin::Record::default());
    let mut restored = Node::restore(node.settings().clone(), &stored).unwrap();
    assert_eq!(chain_of(&mut restored), chain_of(&mut node));
    assert_eq!(restored.pending(), node.pending());
    assert_eq!(restored.nodes(), node.nodes());

    // Only what is new is to be saved.
    get(&mut node, "/mine_block");
    assert_eq!(node.unsaved().blocks_from, Some(3));
    node.saved();
    let mut ahead = restored;
    post(&mut ahead, "/add_transaction", &pay(json!(2.5)));
    for _ in 0..3 {
        get(&mut ahead, "/mine_block");
    }
    replace(&mut node, &[&chain_of(&mut ahead)]);
    assert_eq!(node.unsaved().blocks_from, Some(3));

    for damaged in [
        Stored {
            blocks: vec![],
            ..stored.clone()
        },
        Stored {
            blocks: vec![b"{}".to_vec()],
            ..stored.clone()
        },
        Stored {
            pending: b"{}".to_vec(),
            ..stored.clone()
        },
        Stored {
            nodes: b"[1]".to_vec(),
            ..stored
        },
    ] {
        assert!(Node::restore(node.settings().clone(), &damaged).is_err());
    }
}

fn stored(node: &Node) -> Stored {
    let blocks = node.chain().blocks().iter().map(bcoin::Block::json);
    Stored {
        blocks: blocks.collect(),
        pending: node.pending_json(),
        nodes: node.nodes_json(),
    }
}

#[test]
fn the_description_has_all_routes_and_no_others() {
    let description = get(&mut node(1001), "/openapi.json");
    assert_eq!(description, serde_json::from_str::<Value>(OPENAPI).unwrap());
    let mut described = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                operation["responses"]
                    .as_object()
                    .is_some_and(|all| !all.is_empty())
            );
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut routes: Vec<_> = ROUTES
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    described.sort();
    routes.sort();
    assert_eq!(described, routes);
    assert_eq!(description["openapi"], "3.1.0");
}

#[derive(Clone, Debug)]
enum Deed {
    Mine(usize),
    Pay(usize, String, i32),
    Replace(usize, Vec<usize>),
    Junk(usize, Vec<u8>),
    Restart(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..3usize).prop_map(Deed::Mine),
        (0..3usize, any::<String>(), any::<i32>())
            .prop_map(|(n, who, much)| Deed::Pay(n, who, much)),
        (0..3usize, prop::collection::vec(0..3usize, 0..3))
            .prop_map(|(n, others)| Deed::Replace(n, others)),
        (0..3usize, prop::collection::vec(any::<u8>(), 0..30))
            .prop_map(|(n, body)| Deed::Junk(n, body)),
        (0..3usize).prop_map(Deed::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn chains_stay_valid_and_never_shrink(deeds in prop::collection::vec(deed(), 1..12)) {
        let mut nodes = [node(1001), node(1002), node(1003)];
        for deed in deeds {
            let before = nodes.each_ref().map(|node| node.chain().length());
            match deed {
                Deed::Mine(n) => { get(&mut nodes[n], "/mine_block"); }
                Deed::Pay(n, who, much) => {
                    let payment = json!({"sender": who, "receiver": who, "amount": [much, {"a": who}]});
                    prop_assert_eq!(post(&mut nodes[n], "/add_transaction", &payment).0, 201);
                }
                Deed::Replace(n, others) => {
                    let bodies: Vec<_> = others.into_iter().map(|other| chain_of(&mut nodes[other])).collect();
                    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
                    let (_, heard) = replace(&mut nodes[n], &bodies);
                    prop_assert!(heard.iter().all(Result::is_ok));
                }
                Deed::Junk(n, body) => {
                    for path in ["/add_transaction", "/connect_node"] {
                        let junk = Request { body: &body, ..request("POST", path, "") };
                        prop_assert_eq!(answer(&mut nodes[n], &junk).status, 400);
                    }
                }
                Deed::Restart(n) => {
                    let stored = stored(&nodes[n]);
                    nodes[n] = Node::restore(nodes[n].settings().clone(), &stored).unwrap();
                }
            }
            for (node, before) in nodes.iter().zip(before) {
                prop_assert!(node.chain().length() >= before);
                prop_assert!(node.chain().check().is_ok());
            }
        }
    }
}

/// Hosts pass them between threads.
#[test]
fn values_can_be_sent() {
    fn is_send<T: Send + Sync>() {}
    is_send::<Node>();
    is_send::<Comparison>();
}
