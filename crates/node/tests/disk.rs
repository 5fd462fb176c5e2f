//! Crashes at every point, damaged disks, and clocks that go back.

mod kit;

use std::collections::BTreeSet;

use chain::{BlockId, Height, Time, Work};
use kit::host::{Disk, Solo};
use kit::{EASY, Made, peer, toy_node};
use node::message::Message;
use node::{Memo, Progress};
use protocol::{Batch, Event, Input, Machine, Name, Output, Space, To, Write};

/// The name of a stored block.
fn name(block: &Made) -> Name {
    format!("b/{}", block.id()).into_bytes()
}

/// The name of an entry of the log.
fn entry(number: u32) -> Name {
    format!("log/{number:08}").into_bytes()
}

fn boot(disk: &Disk) -> Solo {
    Solo::boot(toy_node(0, &Memo::disabled()), disk.clone())
}

/// A busy node, with everything it put out: its own blocks, those of others, a reorganisation.
fn busy_life() -> Solo {
    let mut solo = boot(&Disk::default());
    solo.step(Input::Peers {
        up: vec![peer(1), peer(2)],
    });
    for salt in 0..5 {
        solo.found(salt);
        solo.wait(1000);
    }
    let rival = Made::genesis().chain(EASY, 9, 1);
    solo.feed_all(peer(1), &rival);
    assert!(solo.has_tip(&rival[8]));
    for salt in 5..8 {
        solo.found(salt);
    }
    let sibling = rival[8].child(EASY, 0, 2);
    solo.feed(peer(2), &sibling);
    let rivals = |event: &&Event| matches!(event, Event::Rival { .. });
    assert!(solo.events.iter().filter(rivals).count() > 1);
    assert!(announced(&solo.log).contains(&sibling.id()));
    solo
}

/// The blocks that these outputs announced to others.
fn announced(outputs: &[Output]) -> BTreeSet<BlockId> {
    let genesis = Made::genesis().id();
    let id = |output: &Output| match output {
        Output::Send { packet, .. } => match Message::decode(&packet.bytes).unwrap() {
            Message::Tip(claim) | Message::Inv(claim) => Some(claim.header.id()),
            _ => None,
        },
        _ => None,
    };
    outputs
        .iter()
        .filter_map(id)
        .filter(|id| *id != genesis)
        .collect()
}

#[test]
fn after_a_crash_at_any_output_all_that_was_announced_is_there() {
    let life = busy_life().log;
    assert!(announced(&life).len() >= 8);
    for crash in 0..=life.len() {
        let mut disk = Disk::default();
        for output in &life[..crash] {
            if let Output::Save(batch) = output {
                disk.save(batch);
            }
        }
        let solo = boot(&disk);
        for id in announced(&life[..crash]) {
            let link = solo.node.tree().get(&id);
            assert!(
                link.is_some_and(|link| link.is_ready()),
                "{id} after {crash} outputs"
            );
        }
        assert!(
            !solo
                .events
                .iter()
                .any(|event| matches!(event, Event::Damaged { .. }))
        );
    }
}

#[test]
fn a_reboot_leads_to_the_same_tip_tree_and_state() {
    let before = busy_life();
    let after = boot(&before.disk);
    let (tip, height) = before.node.tip();
    assert_eq!(after.node.tip(), (tip, height));
    assert_eq!(after.node.tree().len(), before.node.tree().len());
    assert_eq!(after.node.state_root(&tip), before.node.state_root(&tip));
    assert!(after.events.contains(&Event::Restored { height }));
    assert_eq!(after.node.progress(), Progress::Ready);
    assert!(
        !after
            .log
            .iter()
            .any(|output| matches!(output, Output::Save(_)))
    );
}

#[test]
fn first_seen_stays_first_after_a_reboot() {
    let mut solo = boot(&Disk::default());
    let [first, second] = [1, 2].map(|salt| Made::genesis().child(EASY, 0, salt));
    solo.feed(peer(1), &first);
    solo.feed(peer(1), &second);
    assert!(solo.has_tip(&first) && boot(&solo.disk).has_tip(&first));
}

#[test]
fn a_torn_log_loses_its_end_only_and_is_mended() {
    let mut solo = boot(&Disk::default());
    let chain = Made::genesis().chain(EASY, 300, 0);
    solo.feed_all(peer(1), &chain);
    // As what was written before 2026-11 is, and what a sync writes: many ids in an entry.
    let mut segments = solo.disk.clone();
    segments.own.retain(|name, _| !name.starts_with(b"log/"));
    let ids: Vec<_> = chain.iter().map(|block| *block.id().as_bytes()).collect();
    for (number, ids) in (0..).zip(ids.chunks(128)) {
        segments.own.insert(entry(number), ids.concat().into());
    }
    let whole = segments.own[&entry(2)].clone();
    assert_eq!(whole.len(), (300 - 256) * 32);
    for len in [0, 1, 31, 32, 33, whole.len() - 1] {
        let mut disk = segments.clone();
        disk.own.insert(entry(2), whole[..len].into());
        let mut torn = boot(&disk);
        assert_eq!(
            torn.node.tip().1,
            Height(256 + len as u32 / 32),
            "{len} bytes left"
        );
        // What is missing is accepted again, and then all is well.
        torn.feed_all(peer(1), &chain);
        assert!(torn.has_tip(&chain[299]));
        let again = boot(&torn.disk);
        assert!(again.has_tip(&chain[299]));
        assert!(
            !again
                .events
                .iter()
                .any(|event| matches!(event, Event::Damaged { .. }))
        );
    }
}

/// The tip that peers announce is here, body included; the missing body lies below it.
#[test]
fn one_damaged_body_in_the_middle_is_asked_for() {
    let mut solo = boot(&Disk::default());
    let chain = Made::genesis().chain(EASY, 40, 0);
    solo.feed_all(peer(1), &chain);
    let torn = [&chain[20].raw()[..80], &[0; 12]].concat();
    solo.disk.shared.insert(name(&chain[20]), torn.into());
    let mut damaged = boot(&solo.disk);
    damaged.step(Input::Peers { up: vec![peer(1)] });
    let tip = Solo::claim(&chain[39], 40, Work::from(82));
    damaged.hear(peer(1), &Message::Tip(tip));
    let asked = (To::Peer(peer(1)), Message::GetBodies(vec![chain[20].id()]));
    assert!(damaged.sent.contains(&asked), "{:?}", damaged.sent);
    damaged.hear(peer(1), &Message::Body(chain[20].raw()));
    assert!(damaged.has_tip(&chain[39]));
}

#[test]
fn damaged_and_missing_blocks_are_reported_and_fetched_again() {
    let mut solo = boot(&Disk::default());
    let chain = Made::genesis().chain(EASY, 40, 0);
    solo.feed_all(peer(1), &chain);
    let damage: [Option<Vec<u8>>; 5] = [
        None,
        Some(vec![]),
        Some(chain[20].raw()[..79].into()),
        Some(chain[21].raw().to_vec()),
        Some([&chain[20].raw()[..80], &[0; 12]].concat()),
    ];
    for value in damage {
        let mut disk = solo.disk.clone();
        match value {
            Some(value) => disk.shared.insert(name(&chain[20]), value.into()),
            None => disk.shared.remove(&name(&chain[20])),
        };
        let mut damaged = boot(&disk);
        assert!(damaged.has_tip(&chain[19]), "what can be read is kept");
        assert!(
            damaged
                .events
                .iter()
                .any(|event| matches!(event, Event::Damaged { .. }))
        );
        damaged.feed_all(peer(1), &chain[20..]);
        let own = damaged.disk.own.iter();
        let log = own.filter(|(name, _)| name.starts_with(b"log/"));
        let listed: usize = log.map(|(_, ids)| ids.len() / 32).sum();
        assert_eq!(listed, 40, "none is listed twice");
        let mended = boot(&damaged.disk);
        assert!(mended.has_tip(&chain[39]));
        assert!(
            !mended
                .events
                .iter()
                .any(|event| matches!(event, Event::Damaged { .. }))
        );
    }
}

#[test]
fn after_a_lost_log_entry_the_log_goes_on() {
    let mut solo = boot(&Disk::default());
    let chain = Made::genesis().chain(EASY, 300, 0);
    solo.feed_all(peer(1), &chain);
    for lost in [0, 1, 150, 299] {
        let mut disk = solo.disk.clone();
        let gone = disk.own.remove(&entry(lost));
        assert!(gone.is_some());
        let mut damaged = boot(&disk);
        damaged.feed_all(peer(1), &chain);
        assert!(damaged.has_tip(&chain[299]));
        assert!(boot(&damaged.disk).has_tip(&chain[299]), "without {lost}");
    }
}

#[test]
fn a_clock_that_went_back_loses_nothing() {
    let mut solo = boot(&Disk::default());
    for salt in 0..5 {
        solo.wait(1_000_000);
        solo.found(salt);
    }
    let mut early = Solo::asleep(toy_node(0, &Memo::disabled()), solo.disk.clone());
    early.now = Time(1_000_000);
    early.start();
    assert_eq!(early.node.tip(), solo.node.tip());
    assert_eq!(early.node.tip().1, Height(5));
}

#[test]
fn a_node_without_a_past_starts_at_once() {
    let mut solo = boot(&Disk::default());
    assert_eq!(solo.node.progress(), Progress::Ready);
    assert!(solo.events.is_empty() && solo.sent.is_empty());
    solo.step(Input::Peers { up: vec![peer(1)] });
    assert!(matches!(solo.sent[..], [(To::All, Message::Tip(_))]));
}

#[test]
fn reading_back_is_bounded_shows_progress_and_is_silent() {
    let mut solo = boot(&Disk::default());
    let chain = Made::genesis().chain(EASY, 1000, 0);
    solo.feed_all(peer(1), &chain);
    let mut node = toy_node(0, &Memo::disabled());
    let mut out = vec![];
    node.step(
        Time(0),
        Input::Boot {
            saved: solo.disk.saved(),
        },
        &mut out,
    );
    let (mut loads, mut most, mut seen) = (vec![], 0, BTreeSet::new());
    loop {
        loads.extend(out.drain(..).filter_map(|output| match output {
            Output::Load { key } => Some(key),
            Output::Send { .. } | Output::Save(_) | Output::Work(_) => {
                assert_eq!(
                    node.progress(),
                    Progress::Ready,
                    "not before all is read back"
                );
                None
            }
            _ => None,
        }));
        most = most.max(loads.len());
        if let Progress::Loading { read, all } = node.progress() {
            seen.insert(read);
            assert_eq!(all, 1000);
        }
        // Answers may come in a different order than requests.
        let Some(key) = loads.pop() else { break };
        node.step(
            Time(0),
            Input::Packet {
                from: peer(1),
                packet: tip(&chain[999]),
            },
            &mut out,
        );
        let value = solo.disk.load(&key);
        node.step(Time(0), Input::Loaded { key, value }, &mut out);
    }
    assert!(most <= node::limits::LOADS);
    assert!(seen.len() > 2, "{seen:?}");
    assert_eq!(node.tip(), solo.node.tip());
}

fn tip(block: &Made) -> protocol::Packet {
    let claim = Solo::claim(block, 1000, chain::Work::from(1 << 40));
    protocol::encode_packet(Message::Tip(claim).encode())
}

#[test]
fn shared_values_are_named_by_their_content() {
    for output in busy_life().log {
        let Output::Save(Batch(writes)) = output else {
            continue;
        };
        for write in writes {
            if let Write::Put { key, value } = write
                && key.space == Space::Shared
            {
                let header = chain::BitcoinHeader::decode(value[..80].try_into().unwrap());
                assert_eq!(key.name, format!("b/{}", header.id()).into_bytes());
            }
        }
    }
}
