//! Asks nodes as clients do.
#![allow(dead_code, reason = "each test file uses some of it")]

use bcoin::{CandidateError, LocalTime, Node, Request, Response, Rules, Settings, Step, Words};
use serde_json::{Value, json};

pub const NOW: LocalTime = LocalTime(1_640_995_200_000_000);

pub fn node_with(port: u16, rules: Rules) -> Node {
    let settings = Settings {
        words: Words::of_port(port),
        rules,
        name: "4d2121f7cf28ac0d506fc5b077a4e179".into(),
    };
    // No two nodes start at the same time.
    Node::new(settings, LocalTime(NOW.0 + i64::from(port)))
}

pub fn node(port: u16) -> Node {
    node_with(port, Rules::Checked)
}

pub fn request<'a>(method: &'a str, path: &'a str, body: &'a str) -> Request<'a> {
    Request {
        method,
        path,
        content_type: Some("application/json"),
        body: body.as_bytes(),
    }
}

pub fn step(node: &mut Node, request: &Request<'_>) -> Step {
    let mut step = node.handle(request);
    while let Step::Mine(mut search) = step {
        let found = search.run(10_000_000).expect("one in 65,536 fits");
        step = node.found(&found, NOW);
    }
    step
}

pub fn answer(node: &mut Node, request: &Request<'_>) -> Response {
    match step(node, request) {
        Step::Answer(response) => response,
        other => panic!("not an answer: {other:?}"),
    }
}

pub fn get(node: &mut Node, path: &str) -> Value {
    let response = answer(node, &request("GET", path, ""));
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.content_type, "application/json");
    serde_json::from_slice(&response.body).unwrap()
}

pub fn post(node: &mut Node, path: &str, body: &Value) -> (u16, String) {
    let response = answer(node, &request("POST", path, &body.to_string()));
    (response.status, String::from_utf8(response.body).unwrap())
}

pub fn pay(amount: Value) -> Value {
    json!({"sender": "张三", "receiver": "李四", "amount": amount})
}

/// `/replace_chain` of a node that hears these answers of others.
pub fn replace(node: &mut Node, answers: &[&[u8]]) -> (Value, Vec<Result<(), CandidateError>>) {
    let Step::Ask(mut comparison) = node.handle(&request("GET", "/replace_chain", "")) else {
        panic!("nobody is asked");
    };
    let heard = answers.iter().map(|body| comparison.hear(body)).collect();
    let response = node.settle(comparison);
    assert_eq!(response.status, 200);
    (serde_json::from_slice(&response.body).unwrap(), heard)
}

pub fn chain_of(node: &mut Node) -> Vec<u8> {
    answer(node, &request("GET", "/get_chain", "")).body
}

pub fn mined(port: u16, blocks: usize) -> Node {
    let mut node = node(port);
    for _ in 0..blocks {
        get(&mut node, "/mine_block");
    }
    node
}
