//! A protocol that takes one folder and one line: docs/ADDING_A_PROTOCOL.md is what was done here.

#![cfg(not(target_arch = "wasm32"))] // many runs

use chain::{CompactTarget, Encode as _, PeerId, Seat, SecretKey, Time, decode_exact, tabchain};
use proptest::prelude::*;
use protocol::{
    Body, Claim, Entry, Input, Kin, Output, Proposal, Request, Role, Seen, Terms, To, pack,
};
use ring::message::{Line, Message, Token};
use scenario::{Fault, FaultKind};
use sim::{Sim, Verdict, random};

#[path = "../meta/mod.rs"]
mod meta;
mod ring;

/// The registry of this test.
const PROTOCOLS: &[Entry] = &[ring::ENTRY];

#[test]
fn what_it_says_of_itself_is_in_order() {
    meta::entries_are_in_order(PROTOCOLS);
}

#[test]
fn it_keeps_its_promises_whatever_goes_wrong() {
    let counts = meta::promises_are_kept(PROTOCOLS, 0..8);
    assert!(counts.crashes >= 8 && counts.answered >= 200, "{counts:?}");
}

#[test]
fn a_run_is_the_same_each_time_and_when_it_is_forked() {
    meta::runs_are_reproduced(PROTOCOLS);
}

#[test]
fn junk_comes_to_nothing() {
    meta::junk_is_ignored(PROTOCOLS);
}

/// Nobody else can do anything: whoever waits for an answer waits in vain.
#[test]
fn a_hoarder_stops_everything_and_only_that() {
    let mut scenario = random::scenario(&ring::ENTRY, 1);
    let kind = FaultKind::TurnEvil {
        node: 1,
        twist: "hoard".into(),
        to: Vec::new(),
        by_ms: 0,
    };
    scenario.faults = vec![Fault::at_ms(5_000, kind)];
    let report = Sim::among(PROTOCOLS, &scenario)
        .expect("within limits")
        .run();
    for claim in &report.claims {
        let is_broken = matches!(claim.verdict, Verdict::Broken { .. });
        assert_eq!(is_broken, claim.name == "answers", "{}", claim.name);
    }
}

#[test]
fn two_tokens_are_found_out() {
    let claims = (ring::ENTRY.claims)(&terms());
    let [claim] = &claims[..] else {
        panic!("one claim")
    };
    let says = |claim: &mut Box<dyn Claim>, seat: u32, pass: u64, slots: u64| {
        let token = Token {
            pass,
            slots,
            lines: Vec::new(),
        };
        let (to, packet) = (To::Peer(peer(9)), pack(&Message::Token(token)));
        claim.after(&Seen {
            at: Time(1),
            seat,
            peer: peer(1),
            input: &Input::Peers { up: Vec::new() },
            out: &[Output::Send { to, packet }],
            glance: None,
        })
    };
    let mut kin = Kin::default();
    let mut good = claim.fork(&mut kin);
    for (seat, pass) in [(0, 1), (0, 1), (1, 2)] {
        assert_eq!(says(&mut good, seat, pass, 0), Ok(()), "said again");
    }
    for (seat, pass, slots) in [(0, 1, 5), (1, 1, 0)] {
        let mut forged = good.fork(&mut kin);
        says(&mut forged, seat, pass, slots).expect_err("another token");
    }
}

fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 32])
}

fn terms() -> Terms {
    let key = SecretKey::from_bytes(&[1; 32]).expect("a key");
    let chain = tabchain("toy", 10, CompactTarget(0x1f00_ffff), 8, 210_000);
    Terms {
        chain: chain.expect("within limits").into(),
        values: [20, 300].into(),
        members: [peer(1), peer(2)].into(),
        keys: [key.public_key()].into(),
        key,
        role: Role::Member,
        seat: Seat(0),
    }
}

proptest! {
    #[test]
    fn messages_survive_the_wire(
        pass in any::<u64>(), bytes in proptest::collection::vec(any::<u8>(), 0..40), kind in 0..4
    ) {
        let (number, tx): (u64, std::sync::Arc<[u8]>) = (pass, bytes.into());
        let message = match kind {
            0 => {
                let client = peer(7);
                let requests = vec![Request { client, number, tx }];
                let (time, proposer, body) = (Time(pass), Seat(3), Body::Requests(requests));
                let proposal = Proposal { time, proposer, body };
                let line = Line { slot: pass, proposal: proposal.into() };
                Message::Token(Token { pass, slots: 5, lines: vec![line] })
            }
            1 => Message::Got(pass),
            2 => Message::Request { number, tx },
            _ => Message::Reply { number, receipt: tx },
        };
        let bytes = message.to_vec();
        prop_assert_eq!(decode_exact::<Message>(&bytes), Ok(message));
        for end in 0..bytes.len() {
            prop_assert!(decode_exact::<Message>(&bytes[..end]).is_err());
        }
    }
}
