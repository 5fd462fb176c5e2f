//! Three nodes as a page has them, and the attacks on them.

use bcoin::lesson::{Attack, Evidence, Lesson, PORTS};
use bcoin::{LocalTime, Proof};
use serde_json::{Value, json};

const NOW: LocalTime = LocalTime(1_640_995_200_000_000);

fn lesson() -> Lesson {
    Lesson::new(["a", "b", "c"].map(String::from), NOW)
}

fn get(lesson: &mut Lesson, place: usize, path: &'static str) -> Value {
    let exchange = lesson.ask(place, "GET", path, "", NOW);
    assert_eq!(exchange.response.status, 200);
    assert_eq!(exchange.port, PORTS[place]);
    serde_json::from_slice(&exchange.response.body).unwrap()
}

fn connect(lesson: &mut Lesson) {
    let nodes: Vec<String> = PORTS
        .iter()
        .map(|port| format!("http://127.0.0.1:{port}"))
        .collect();
    for place in 0..3 {
        let body = json!({"nodes": nodes}).to_string();
        let exchange = lesson.ask(place, "POST", "/connect_node", &body, NOW);
        assert_eq!(exchange.response.status, 201);
    }
}

#[test]
fn nodes_part_and_come_together() {
    let mut lesson = lesson();
    connect(&mut lesson);
    assert_eq!(lesson.parting(0, 1), Some(1));
    let mined = lesson.ask(1, "GET", "/mine_block", "", NOW);
    assert_eq!(mined.tries, 533);
    get(&mut lesson, 0, "/replace_chain");
    get(&mut lesson, 2, "/replace_chain");
    assert_eq!([lesson.parting(0, 1), lesson.parting(1, 2)], [None, None]);
    for place in [0, 2] {
        get(&mut lesson, place, "/mine_block");
    }
    assert_eq!(lesson.parting(0, 2), Some(3));
    assert_eq!(lesson.parting(0, 1), Some(3));
    let proofs = lesson
        .nodes()
        .each_ref()
        .map(|node| node.chain().tip().proof.clone());
    assert_eq!(
        proofs[0], proofs[2],
        "the same proof, for blocks that differ"
    );
}

#[test]
fn all_attacks_work_on_copies() {
    let mut grown = lesson();
    connect(&mut grown);
    for _ in 0..4 {
        get(&mut grown, 0, "/mine_block");
    }
    for lesson in [lesson(), grown] {
        let before = lesson.nodes().each_ref().map(|node| node.chain().clone());
        for attack in Attack::ALL {
            let attacked = lesson.attack(attack, NOW).unwrap();
            assert!(attacked.worked, "{attack:?}: {:?}", attacked.evidence);
            assert!(!attacked.exchanges.is_empty());
            assert!(
                attacked
                    .exchanges
                    .iter()
                    .all(|exchange| exchange.response.status < 400)
            );
        }
        let after = lesson.nodes().each_ref().map(|node| node.chain().clone());
        assert_eq!(before, after);
    }
}

#[test]
fn evidence_says_what_attacks_cost() {
    let mut lesson = lesson();
    for _ in 0..3 {
        get(&mut lesson, 0, "/mine_block");
    }
    let evidence = |attack| lesson.attack(attack, NOW).unwrap().evidence;
    let Evidence::Rewritten {
        block: 2,
        proof,
        before,
        after,
        tries: 0,
    } = evidence(Attack::UnboundProof)
    else {
        panic!("{:?}", evidence(Attack::UnboundProof));
    };
    assert_eq!(proof, Proof::from(533));
    assert_ne!(before, after);
    assert_eq!(
        evidence(Attack::NoChainCheck),
        Evidence::Unchecked {
            original: 7,
            checked: 4
        }
    );
    let cost = Evidence::Cost {
        honest: 533 + 45293 + 21391,
        attacker: 8018,
    };
    assert_eq!(evidence(Attack::Length), cost);
}

#[test]
fn attacks_on_full_chains_are_no_panics() {
    let mut lesson = lesson();
    let payment = json!({"sender": "x".repeat(60_000), "receiver": 1, "amount": 1}).to_string();
    let status = |lesson: &mut Lesson, method, path, body| {
        let exchange = lesson.ask(0, method, path, body, NOW);
        exchange.response.status
    };
    loop {
        while status(&mut lesson, "POST", "/add_transaction", &payment) == 201 {}
        if status(&mut lesson, "GET", "/mine_block", "") == 507 {
            break;
        }
    }
    for attack in Attack::ALL {
        // A past that is rewritten has room again: its payments are smaller.
        let attacked = lesson.attack(attack, NOW);
        let needs_room = [Attack::NoSignatures, Attack::AnyAmount];
        let worked = attacked.is_some_and(|attacked| attacked.worked);
        assert_eq!(worked, !needs_room.contains(&attack), "{attack:?}");
    }
}
