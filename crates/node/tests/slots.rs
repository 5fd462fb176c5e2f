//! Nodes that execute decided slots: in order, each once, the same everywhere.

mod kit;

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{Decode, Height, PeerId, Reader, Seat, Time};
use kit::{Tally, config, peer};
use ledger::Ledger;
use node::{Replica, limits};
use protocol::{
    AskId, Batch, Body, Cx, Event, Executed, Glance, Input, Keep, Key, Machine, Name, Outbox,
    Output, Proposal, Protocol, Receipt, Request, Saved, Sheet, Values, own_key,
};

/// Decides whatever it is told to: a message is a slot and its proposal. It answers an ask with the
/// receipt of the client's request of that number, answers what only reads, and keeps what else it is asked
/// to.
#[derive(Clone, Default)]
struct Puppet {
    saved: Values,
    executed: Vec<u64>,
}

impl Protocol for Puppet {
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        self.saved = saved.clone();
        cx.tell(Event::Restored {
            height: Height(u32::try_from(saved.len()).unwrap()),
        });
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, _from: PeerId, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let slot = reader.u64().unwrap();
        let proposal = Proposal::decode_from(&mut reader).unwrap();
        cx.decide(slot, Arc::new(proposal));
    }

    fn on_submit(&mut self, cx: &mut Cx<'_>, ask: AskId, tx: &Arc<[u8]>) {
        if let Some(found) = cx.chain.query(tx) {
            return cx.answer(ask, found);
        }
        cx.save(vec![Keep::Put(b"kept".to_vec(), tx.clone())]);
    }

    fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        self.executed.push(done.slot);
        assert_eq!(
            done.block.map(|id| id == cx.chain.tip().0),
            done.block.map(|_| true)
        );
        for receipt in done.receipts {
            cx.answer(AskId(receipt.number), receipt.receipt.clone());
        }
    }

    fn glance(&self) -> Glance {
        Glance::default()
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("puppet")
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}

struct Slot(u64, Proposal);

impl chain::Encode for Slot {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
        self.1.encode_into(out);
    }
}

fn replica() -> Replica {
    Replica::new(&config(0), Box::new(Puppet::default()), Arc::new(Tally))
}

fn booted() -> Replica {
    let mut replica = replica();
    let saved = Saved::default();
    step(&mut replica, Input::Boot { saved });
    replica
}

fn step(replica: &mut Replica, input: Input) -> Outbox {
    let mut out = Outbox::new();
    replica.step(Time(5), input, &mut out);
    out
}

fn decide(replica: &mut Replica, slot: u64, proposal: Proposal) -> Outbox {
    let packet = protocol::pack(&Slot(slot, proposal));
    let from = peer(1);
    step(replica, Input::Packet { from, packet })
}

fn request(client: u8, number: u64) -> Request {
    Request {
        client: peer(client),
        number,
        tx: [client, u8::try_from(number % 256).unwrap()].into(),
    }
}

fn proposal(time: u64, requests: Vec<Request>) -> Proposal {
    Proposal {
        time: Time(time),
        proposer: Seat(2),
        body: Body::Requests(requests),
    }
}

fn noop() -> Proposal {
    Proposal {
        body: Body::Noop,
        ..proposal(0, vec![])
    }
}

fn executed(out: &[Output]) -> Vec<(u64, Vec<Receipt>)> {
    let slot = |output: &Output| match output {
        Output::Executed { slot, receipts, .. } => Some((*slot, receipts.to_vec())),
        _ => None,
    };
    out.iter().filter_map(slot).collect()
}

fn receipts(out: &[Output]) -> Vec<u64> {
    let all = executed(out).into_iter().flat_map(|(_, receipts)| receipts);
    all.map(|one| u64::from_le_bytes(one.receipt[..].try_into().unwrap_or([0xff; 8])))
        .collect()
}

/// A read finds what the executed slots have led to, not what is decided beyond them.
#[test]
fn a_query_reads_the_state_after_the_last_executed_slot() {
    let mut replica = booted();
    decide(
        &mut replica,
        1,
        proposal(1, vec![request(1, 1), request(2, 1)]),
    );
    decide(&mut replica, 3, proposal(1, vec![request(3, 1)]));
    let (ask, tx) = (AskId(7), b"?"[..].into());
    let answers = step(&mut replica, Input::Submit { ask, tx });
    let receipt = Some(2u64.to_le_bytes()[..].into());
    assert_eq!(answers, [Output::Answer { ask, receipt }]);
}

#[test]
fn slots_are_executed_in_their_order_whenever_they_are_decided() {
    let mut replica = booted();
    assert!(executed(&decide(&mut replica, 3, proposal(30, vec![request(1, 2)]))).is_empty());
    assert!(executed(&decide(&mut replica, 2, noop())).is_empty());
    assert_eq!(replica.glance().executed, 0);
    let out = decide(&mut replica, 1, proposal(10, vec![request(1, 1)]));
    let slots: Vec<u64> = executed(&out).into_iter().map(|(slot, _)| slot).collect();
    assert_eq!(slots, [1, 2, 3]);
    let glance = replica.glance();
    assert_eq!(
        (glance.executed, glance.height),
        (3, Height(2)),
        "a null slot has no block"
    );
    // Decided again, and differently: what was decided first stays.
    assert!(executed(&decide(&mut replica, 2, proposal(20, vec![request(9, 1)]))).is_empty());
    assert_eq!(replica.glance(), glance);
}

#[test]
fn a_decision_is_followed_by_all_wishes_of_its_call_and_then_by_what_came_of_it() {
    let mut replica = booted();
    let out = decide(
        &mut replica,
        1,
        proposal(10, vec![request(1, 1), request(2, 1)]),
    );
    let kinds: Vec<&str> = out
        .iter()
        .map(|output| match output {
            Output::Executed { .. } => "executed",
            Output::Answer { .. } => "answer",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["executed", "answer", "answer"]);
}

#[test]
fn a_request_is_carried_out_once_however_often_it_is_decided() {
    let mut replica = booted();
    let twice = vec![request(1, 1), request(1, 1), request(2, 1)];
    assert_eq!(
        receipts(&decide(&mut replica, 1, proposal(0, twice))),
        [1, 1, 2]
    );
    let again = vec![request(1, 1), request(1, 2), request(2, 1)];
    assert_eq!(
        receipts(&decide(&mut replica, 2, proposal(0, again))),
        [1, 3, 2]
    );
    // One before the client's last: the client has moved on.
    let late = vec![request(1, 1)];
    assert_eq!(
        receipts(&decide(&mut replica, 3, proposal(0, late))),
        [u64::MAX]
    );
    assert_eq!(replica.glance().supply.to_sat(), 3);
}

#[test]
fn of_too_many_clients_the_one_served_longest_ago_is_forgotten() {
    let mut replica = booted();
    let client = |n: usize| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
        Request {
            client: PeerId::from_bytes(bytes),
            ..request(0, 1)
        }
    };
    let all: Vec<Request> = (0..limits::CLIENTS).map(client).collect();
    decide(&mut replica, 1, proposal(0, all));
    let next = Request {
        number: 2,
        ..client(0)
    };
    decide(
        &mut replica,
        2,
        proposal(0, vec![next, client(limits::CLIENTS)]),
    );
    let count = limits::CLIENTS as u64;
    assert_eq!(replica.glance().supply.to_sat(), count + 2);
    // The second was forgotten, so it counts as new; the first and the third were not.
    decide(
        &mut replica,
        3,
        proposal(0, vec![client(0), client(2), client(1)]),
    );
    assert_eq!(replica.glance().supply.to_sat(), count + 3);
}

#[test]
fn all_replicas_make_the_same_blocks_and_their_time_never_goes_back() {
    let decided = [
        (1, proposal(50, vec![request(1, 1)])),
        (2, noop()),
        (3, proposal(40, vec![request(2, 1), request(1, 2)])),
        (4, proposal(60, vec![])),
    ];
    let (mut one, mut other) = (booted(), booted());
    for (slot, proposal) in decided.clone() {
        decide(&mut one, slot, proposal);
    }
    for (slot, proposal) in decided.into_iter().rev() {
        decide(&mut other, slot, proposal);
    }
    assert_eq!(one.glance().tip, other.glance().tip);
    let blocks: BTreeMap<u32, _> = (1..=3)
        .map(|height| (height, one.block(Height(height)).unwrap().0))
        .collect();
    let times: Vec<u64> = blocks.values().map(|header| header.time.0).collect();
    assert_eq!(times, [50, 50, 60]);
    assert_eq!(blocks[&3].parent, blocks[&2].id());
    assert_eq!(blocks[&2].slot, 3);
    let state = Tally.genesis();
    assert_ne!(*blocks[&2].state_root.as_bytes(), Tally.root(&state));
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut replica = booted();
    decide(&mut replica, 1, proposal(0, vec![request(1, 1)]));
    let fork = replica.fork();
    decide(&mut replica, 2, proposal(0, vec![request(1, 2)]));
    assert_eq!(fork.glance().executed, 1);
    assert_eq!(replica.glance().executed, 2);
}

#[test]
fn what_a_protocol_saved_is_there_when_it_boots_also_what_is_large() {
    let mut replica = booted();
    let tx: Arc<[u8]> = vec![3; 5_000].into();
    let ask = AskId(1);
    let out = step(
        &mut replica,
        Input::Submit {
            ask,
            tx: tx.clone(),
        },
    );
    let [Output::Save(Batch(writes))] = &out[..] else {
        panic!("{out:?}");
    };
    let (mut own, mut shared) = (Values::new(), Values::new());
    own.insert(b"node's".to_vec(), Arc::from(*b"not the protocol's"));
    writes
        .iter()
        .for_each(|write| write.apply(&mut own, &mut shared));
    let boot = || Input::Boot {
        saved: Saved::of(&own),
    };
    let mut again = self::replica();
    let out = step(&mut again, boot());
    let key = own_key(b"kept");
    assert_eq!(out, [Output::Load { key: key.clone() }]);
    assert!(!again.glance().is_ready);
    let other = Key::own(Name::from(*b"other"));
    step(
        &mut again,
        Input::Loaded {
            key: other,
            value: None,
        },
    );
    let value = Some(tx);
    let out = step(
        &mut again,
        Input::Loaded {
            key: key.clone(),
            value,
        },
    );
    let height = Height(1);
    assert_eq!(out, [Output::Tell(Event::Restored { height })]);
    assert!(again.glance().is_ready);
    // A promise that cannot be read would be broken: the protocol does not start.
    let mut damaged = self::replica();
    step(&mut damaged, boot());
    let out = step(&mut damaged, Input::Loaded { key, value: None });
    assert!(
        matches!(&out[..], [Output::Tell(Event::Damaged { .. })]),
        "{out:?}"
    );
    assert!(!damaged.glance().is_ready);
}
