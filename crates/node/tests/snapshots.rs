//! Snapshots of replicas: what is in them, how they are kept, and which are refused.

mod kit;

use std::sync::Arc;

use chain::{Decode, Height, PeerId, Reader, Seat, Time, put_bytes};
use kit::{Tally, config, peer};
use node::Replica;
use proptest::collection::vec;
use proptest::prelude::*;
use protocol::{
    Batch, Body, Cx, Event, Executed, Glance, Input, Keep, Machine, Outbox, Output, Proposal,
    Protocol, Request, Saved, Sheet, Snapshot, Values,
};

/// Does what it is told: a message is a tag, and a slot with its proposal, nothing, or a snapshot. It
/// tells which snapshots it hears of, and where the chain stands then.
#[derive(Clone, Default)]
struct Puppet;

const DECIDE: u8 = 0;
const SNAPSHOT: u8 = 1;
const INSTALL: u8 = 2;

fn kept_with_it() -> Vec<Keep> {
    vec![Keep::Put(b"log".to_vec(), Arc::from(*b"is shorter"))]
}

impl Protocol for Puppet {
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        let slot = cx.chain.snapshot().map(|snapshot| snapshot.slot);
        assert_eq!(
            slot.is_some(),
            saved.contains_key(&b"log"[..]),
            "both or none"
        );
        let (epoch, height) = (slot.unwrap_or(0), cx.chain.tip().1);
        cx.tell(Event::Leads { epoch });
        cx.tell(Event::Restored { height });
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, _from: PeerId, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        match reader.u8().unwrap() {
            DECIDE => {
                let slot = reader.u64().unwrap();
                let proposal = Proposal::decode_from(&mut reader).unwrap();
                cx.decide(slot, Arc::new(proposal));
            }
            SNAPSHOT => cx.snapshot(kept_with_it()),
            _ => {
                let (slot, bytes) = (reader.u64().unwrap(), reader.bytes().unwrap().into());
                cx.install(Snapshot { slot, bytes }, kept_with_it());
            }
        }
    }

    fn on_executed(&mut self, _cx: &mut Cx<'_>, _done: &Executed<'_>) {}

    fn on_snapshot(&mut self, cx: &mut Cx<'_>, snapshot: &Snapshot) {
        assert_eq!(cx.chain.snapshot(), Some(snapshot));
        cx.tell(Event::Leads {
            epoch: snapshot.slot,
        });
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

struct Raw(Vec<u8>);

impl chain::Encode for Raw {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// A replica and its disk.
struct Host {
    replica: Replica,
    disk: Values,
}

impl Host {
    fn new() -> Self {
        Self::on(Values::new()).0
    }

    /// Boots on a disk.
    fn on(disk: Values) -> (Self, Outbox) {
        let replica = Replica::new(&config(0), Box::new(Puppet), Arc::new(Tally));
        let saved = Saved::of(&disk);
        let mut host = Self { replica, disk };
        let mut out = host.step(Input::Boot { saved });
        while let Some(place) = out
            .iter()
            .position(|one| matches!(one, Output::Load { .. }))
        {
            let Output::Load { key } = out.remove(place) else {
                unreachable!("just seen")
            };
            let value = host.disk.get(&key.name).cloned();
            out.extend(host.step(Input::Loaded { key, value }));
        }
        (host, out)
    }

    fn step(&mut self, input: Input) -> Outbox {
        let mut out = Outbox::new();
        self.replica.step(Time(5), input, &mut out);
        for output in &out {
            if let Output::Save(Batch(writes)) = output {
                let mut shared = Values::new();
                writes
                    .iter()
                    .for_each(|write| write.apply(&mut self.disk, &mut shared));
                assert!(shared.is_empty());
            }
        }
        out
    }

    fn tell(&mut self, tag: u8, rest: Vec<u8>) -> Outbox {
        let packet = protocol::pack(&Raw([vec![tag], rest].concat()));
        let from = peer(1);
        self.step(Input::Packet { from, packet })
    }

    /// Decides a slot: requests of these clients and numbers, or nothing.
    fn decide(&mut self, slot: u64, requests: &[(u8, u64)]) -> Outbox {
        let request = |(client, number): &(u8, u64)| Request {
            client: peer(*client),
            number: *number,
            tx: [*client].into(),
        };
        let proposal = Proposal {
            time: Time(slot),
            proposer: Seat(2),
            body: match requests {
                [] => Body::Noop,
                _ => Body::Requests(requests.iter().map(request).collect()),
            },
        };
        let mut rest = slot.to_le_bytes().to_vec();
        chain::Encode::encode_into(&proposal, &mut rest);
        self.tell(DECIDE, rest)
    }

    fn install(&mut self, snapshot: &Snapshot) -> Outbox {
        let mut rest = snapshot.slot.to_le_bytes().to_vec();
        put_bytes(&snapshot.bytes, &mut rest);
        self.tell(INSTALL, rest)
    }

    /// The snapshot on its disk.
    fn stored(&self) -> Snapshot {
        let (slot, bytes) = self.disk[&b"snapshot"[..]].split_first_chunk().unwrap();
        let (slot, bytes) = (u64::from_le_bytes(*slot), bytes.into());
        Snapshot { slot, bytes }
    }

    fn slot_and_tip(&self) -> (u64, chain::BlockId) {
        let glance = self.replica.glance();
        (glance.executed, glance.tip)
    }
}

/// A replica that has executed three slots, the last of them empty, and has a snapshot of them.
fn with_snapshot() -> Host {
    let mut host = Host::new();
    host.decide(1, &[(1, 1), (2, 1)]);
    host.decide(2, &[(1, 2)]);
    host.decide(3, &[]);
    host.tell(SNAPSHOT, vec![]);
    host
}

fn heard(out: &[Output]) -> Vec<u64> {
    let one = |output: &Output| match output {
        Output::Tell(Event::Leads { epoch }) => Some(*epoch),
        _ => None,
    };
    out.iter().filter_map(one).collect()
}

fn receipts(out: &[Output]) -> Vec<Vec<u8>> {
    let one = |output: &Output| match output {
        Output::Executed { receipts, .. } => Some(receipts.to_vec()),
        _ => None,
    };
    let all = out.iter().filter_map(one).flatten();
    all.map(|one| one.receipt.to_vec()).collect()
}

#[test]
fn a_snapshot_is_saved_in_one_batch_with_what_is_kept_with_it() {
    let mut host = Host::new();
    host.decide(1, &[(1, 1)]);
    let out = host.tell(SNAPSHOT, vec![]);
    let saves: Vec<_> = out
        .iter()
        .filter(|one| matches!(one, Output::Save(_)))
        .collect();
    assert_eq!(saves.len(), 1, "{out:?}");
    assert_eq!(heard(&out), [1], "the protocol hears of it after that");
    assert_eq!(host.stored().slot, 1);
    assert!(host.disk.contains_key(&protocol::stored(b"log")));
}

#[test]
fn who_starts_from_a_snapshot_goes_on_as_who_executed_all() {
    let mut one = with_snapshot();
    let (mut other, out) = Host::on(one.disk.clone());
    let (slot, tip) = one.slot_and_tip();
    assert_eq!(slot, 3);
    assert_eq!(out[0], Output::Restored { slot, tip });
    assert_eq!(heard(&out), [3], "at boot it is a fact");
    assert_eq!(other.slot_and_tip(), (slot, tip));
    assert_eq!(other.replica.glance(), one.replica.glance());
    assert!(
        other.replica.block(Height(2)).is_none(),
        "blocks below are not there"
    );
    // What was decided before changes nothing, and clients are remembered.
    assert!(receipts(&other.decide(2, &[(9, 9)])).is_empty());
    for slot in 4..6 {
        let decided = [(1, 2), (2, 1), (1, slot), (3, 1)];
        let out = one.decide(slot, &decided);
        assert_eq!(receipts(&out).len(), 4);
        assert_eq!(out, other.decide(slot, &decided));
    }
    assert_eq!(one.replica.block(Height(4)), other.replica.block(Height(4)));
    assert_eq!(one.slot_and_tip(), other.slot_and_tip());
    // And so are the snapshots that they take.
    for host in [&mut one, &mut other] {
        host.tell(SNAPSHOT, vec![]);
    }
    assert_eq!(one.stored(), other.stored());
    assert_eq!(one.stored().digest(), other.stored().digest());
}

#[test]
fn an_installed_snapshot_keeps_what_is_decided_beyond_it() {
    let donor = with_snapshot();
    let mut host = Host::new();
    host.decide(1, &[(1, 1), (2, 1)]);
    host.decide(3, &[]);
    host.decide(4, &[(5, 1)]);
    let out = host.install(&donor.stored());
    let told = |slot| Output::Tell(Event::SnapshotInstalled { slot });
    assert!(out.contains(&told(3)), "{out:?}");
    assert_eq!(heard(&out), [3]);
    assert_eq!(receipts(&out).len(), 1, "then slot 4");
    assert_eq!(host.replica.glance().executed, 4);
    assert_eq!(host.stored(), donor.stored());
    assert!(host.replica.block(Height(1)).is_some(), "it was known");
    assert!(host.replica.block(Height(2)).is_none());
    assert!(host.replica.block(Height(3)).is_some());
}

#[test]
fn a_snapshot_of_the_past_is_ignored() {
    let donor = with_snapshot();
    let mut host = with_snapshot();
    assert_eq!(host.install(&donor.stored()), []);
    host.decide(4, &[(5, 1)]);
    assert_eq!(host.install(&donor.stored()), []);
}

#[test]
fn before_the_first_block_a_snapshot_has_the_state_of_the_genesis_block() {
    let mut host = Host::new();
    host.decide(1, &[]);
    host.tell(SNAPSHOT, vec![]);
    let (mut other, _) = Host::on(host.disk.clone());
    assert_eq!(other.slot_and_tip(), host.slot_and_tip());
    assert_eq!(other.decide(2, &[(1, 1)]), host.decide(2, &[(1, 1)]));
}

/// The state has to be the one that the last block names.
#[test]
fn a_snapshot_of_another_state_is_refused() {
    let donor = with_snapshot().stored();
    // Last comes the ledger's root, and a count that its root does not cover.
    let end = donor.bytes.len() - 8;
    for at in end - 32..end {
        let mut bytes = donor.bytes.to_vec();
        bytes[at] ^= 1;
        let bytes = bytes.into();
        let forged = Snapshot { bytes, ..donor };
        assert_eq!(Host::new().install(&forged), [], "byte {at}");
    }
    for len in 0..donor.bytes.len() {
        let bytes = donor.bytes[..len].into();
        let torn = Snapshot { bytes, ..donor };
        assert_eq!(Host::new().install(&torn), [], "{len} bytes");
    }
    for slot in [0, 1] {
        let early = Snapshot {
            slot,
            ..donor.clone()
        };
        assert_eq!(Host::new().install(&early), [], "its block is of slot 2");
    }
}

#[test]
fn a_replica_whose_snapshot_is_lost_or_damaged_does_not_start() {
    let host = with_snapshot();
    for value in [&b"abc"[..], &[0; 100]] {
        let mut disk = host.disk.clone();
        disk.insert(b"snapshot".to_vec(), value.into());
        let (damaged, out) = Host::on(disk);
        assert!(
            matches!(&out[..], [Output::Tell(Event::Damaged { .. })]),
            "{out:?}"
        );
        assert!(!damaged.replica.glance().is_ready);
    }
    let mut replica = Replica::new(&config(0), Box::new(Puppet), Arc::new(Tally));
    let (saved, mut out) = (Saved::of(&host.disk), Outbox::new());
    replica.step(Time(5), Input::Boot { saved }, &mut out);
    let [Output::Load { key }] = &out[..] else {
        panic!("a snapshot is large: {out:?}");
    };
    let (key, value) = (key.clone(), None);
    out.clear();
    replica.step(Time(5), Input::Loaded { key, value }, &mut out);
    assert!(
        matches!(&out[..], [Output::Tell(Event::Damaged { .. })]),
        "{out:?}"
    );
}

proptest! {
    #[test]
    fn junk_is_no_snapshot(slot: u64, bytes in vec(any::<u8>(), 0..300)) {
        let bytes = bytes.into();
        prop_assert_eq!(Host::new().install(&Snapshot { slot, bytes }), []);
    }

    /// Wherever snapshots are taken and replicas restarted, the history is the same.
    #[test]
    fn snapshots_and_restarts_leave_no_trace(
        slots in vec((vec((0..4u8, 1..5u64), 0..4), any::<bool>(), any::<bool>()), 1..30),
    ) {
        let (mut plain, mut other) = (Host::new(), Host::new());
        let mut since = vec![];
        for (slot, (requests, snapshot, restart)) in (1..).zip(&slots) {
            prop_assert_eq!(plain.decide(slot, requests), other.decide(slot, requests));
            since.push((slot, requests));
            if *snapshot {
                other.tell(SNAPSHOT, vec![]);
                since.clear();
            }
            if *restart {
                other = Host::on(other.disk.clone()).0;
                for (slot, requests) in &since {
                    other.decide(*slot, requests);
                }
            }
            prop_assert_eq!(plain.slot_and_tip(), other.slot_and_tip());
        }
    }
}
