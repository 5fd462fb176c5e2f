//! Chains: the longest valid one wins, and what the original takes for valid.

mod kit;

use bcoin::{CandidateError, Chain, Fault, MAX_CHAIN_BYTES, Rules, Step, genesis};
use kit::*;
use serde_json::{Value, json};

type Change = fn(&mut Value);

/// A valid chain of four blocks in which this has been changed.
fn forged(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut chain: Value = serde_json::from_slice(&chain_of(&mut mined(1002, 3))).unwrap();
    change(&mut chain);
    chain.to_string().into_bytes()
}

#[test]
fn the_longest_valid_chain_wins() {
    let [mut short, mut long, mut longer] = [mined(1001, 1), mined(1002, 2), mined(1003, 3)];
    let (long, longer) = (chain_of(&mut long), chain_of(&mut longer));
    let (said, heard) = replace(&mut short, &[&long, &longer, &long]);
    assert!(heard.iter().all(Result::is_ok));
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .starts_with("Because the nodes are different")
    );
    assert_eq!(said["new_chain"].as_array().unwrap().len(), 4);
    assert_eq!(chain_of(&mut short), longer);
    // Of chains of one length, a node keeps its own.
    let before = chain_of(&mut short);
    let (said, _) = replace(&mut short, &[&chain_of(&mut mined(1002, 3))]);
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .starts_with("Everything is fine.")
    );
    assert_eq!(chain_of(&mut short), before);
}

#[test]
fn a_forged_chain_is_refused_for_what_is_wrong_with_it() {
    let fault = |change: Change| {
        let (_, mut heard) = replace(&mut node(1001), &[&forged(change)]);
        heard.remove(0).unwrap_err()
    };
    let faults: [(Change, Fault); 8] = [
        (|c| c["chain"][0]["proof"] = json!(2), Fault::Genesis),
        (
            |c| c["chain"][0]["previous_hash"] = json!("00"),
            Fault::Genesis,
        ),
        (|c| c["chain"][2]["index"] = json!(4), Fault::Index(3)),
        (
            |c| c["chain"][1]["previous_hash"] = json!("0"),
            Fault::Link(2),
        ),
        (|c| c["chain"][0]["timestamp"] = json!(""), Fault::Link(2)),
        (
            |c| c["chain"][1]["transactions"] = json!([]),
            Fault::Link(3),
        ),
        (|c| c["chain"][1]["proof"] = json!(534), Fault::Proof(2)),
        (|c| c["chain"][3]["proof"] = json!(-1), Fault::Proof(4)),
    ];
    for (change, expected) in faults {
        assert_eq!(fault(change), CandidateError::Fault(expected));
    }
    let forms: [Change; 9] = [
        |c| c["chain"] = json!({}),
        |c| c["length"] = json!(4.0),
        |c| *c = json!([]),
        |c| c["chain"][1]["more"] = json!(1),
        |c| c["chain"][1]["proof"] = json!(533.0),
        |c| c["chain"][1]["proof"] = json!(true),
        |c| c["chain"][1]["index"] = json!(-2),
        |c| c["chain"][1]["transactions"][0] = json!("x"),
        |c| c["chain"] = json!([]),
    ];
    for change in forms {
        assert!(!matches!(fault(change), CandidateError::Fault(_)));
    }
}

#[test]
fn the_content_of_the_last_block_is_bound_to_nothing() {
    let forged = forged(|c| c["chain"][3]["transactions"][0]["amount"] = json!(1_000_000));
    let mut node = node(1001);
    let (said, _) = replace(&mut node, &[&forged]);
    assert_eq!(said["new_chain"][3]["transactions"][0]["amount"], 1_000_000);
}

#[test]
fn the_originals_check_looks_at_the_wrong_chain() {
    let forged = forged(|c| c["chain"][3]["proof"] = json!(7));
    let mut original = node_with(1001, Rules::Original);
    let (said, _) = replace(&mut original, &[&forged]);
    assert_eq!(said["new_chain"][3]["proof"], 7);
    let valid = get(&mut original, "/is_valid");
    assert!(
        valid["message"]
            .as_str()
            .unwrap()
            .contains("isnt trustworthy")
    );
    // From now on it takes no chain at all: its own is not valid.
    let honest = chain_of(&mut mined(1002, 9));
    let (said, _) = replace(&mut original, &[&honest]);
    assert_eq!(said["new_chain"].as_array().unwrap().len(), 4);
}

#[test]
fn the_original_believes_how_long_a_chain_is() {
    let boast = |c: &mut Value| {
        c["length"] = json!(99);
        c["chain"].as_array_mut().unwrap().truncate(2);
    };
    let mut original = node_with(1001, Rules::Original);
    for _ in 0..3 {
        get(&mut original, "/mine_block");
    }
    let (said, _) = replace(&mut original, &[&forged(boast)]);
    assert_eq!(said["new_chain"].as_array().unwrap().len(), 2);
    let mut ours = mined(1001, 3);
    let (said, _) = replace(&mut ours, &[&forged(boast)]);
    assert_eq!(said["new_chain"].as_array().unwrap().len(), 4);
}

#[test]
fn a_chain_that_grew_meanwhile_is_kept_if_it_is_longer() {
    let mut node = node(1001);
    let Step::Ask(mut comparison) = node.handle(&request("GET", "/replace_chain", "")) else {
        panic!("nobody is asked");
    };
    comparison.hear(&chain_of(&mut mined(1002, 1))).unwrap();
    get(&mut node, "/mine_block");
    let before = chain_of(&mut node);
    node.settle(comparison);
    assert_eq!(chain_of(&mut node), before);
}

#[test]
fn a_chain_ends_at_its_limit() {
    let mut chain = Chain::new(genesis(NOW));
    let mut block = genesis(NOW);
    block.transactions = vec![];
    let length = chain.json().len() + 1;
    let full = MAX_CHAIN_BYTES / length;
    for _ in 2..full {
        chain.push(block.clone()).unwrap();
    }
    let room = MAX_CHAIN_BYTES - chain.json().len();
    let text = |length: usize| "x".repeat(length).as_str().into();
    let before = chain.clone();
    let stamp = 19; // the genesis block's timestamp
    block.timestamp = text(stamp + room - length + 1);
    assert!(chain.push(block.clone()).is_err());
    assert_eq!(chain, before);
    block.timestamp = text(stamp + room - length);
    chain.push(block).unwrap();
    assert_eq!(chain.json().len(), MAX_CHAIN_BYTES);
}
