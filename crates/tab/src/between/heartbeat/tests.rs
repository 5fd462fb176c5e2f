use chain::params::TABCHAIN_POW_LIMIT;
use chain::{BlockTime, MerkleRoot, U256};
use proptest::prelude::*;

use super::*;

/// The easiest target: about every other nonce will do.
pub fn limit() -> Target {
    TABCHAIN_POW_LIMIT.expand().target
}

/// A header that builds on `prev` and has its work; another `salt` gives another header.
pub fn mined(prev: BlockId, salt: u8) -> BitcoinHeader {
    let header = BitcoinHeader {
        version: 1,
        prev,
        merkle_root: MerkleRoot::from_bytes([salt; 32]),
        time: BlockTime(1_767_225_600),
        bits: TABCHAIN_POW_LIMIT,
        nonce: 0,
    };
    (0..)
        .map(|nonce| BitcoinHeader { nonce, ..header })
        .find(|h| h.check_pow(limit()).is_ok())
        .unwrap()
}

/// A linked run of headers on `prev`.
pub fn run_of(prev: BlockId, salt: u8, length: usize) -> Vec<BitcoinHeader> {
    let mut tip = prev;
    (0..length)
        .map(|_| {
            let header = mined(tip, salt);
            tip = header.id();
            header
        })
        .collect()
}

pub fn heartbeat(label: u32, node: PeerId, branch: Branch) -> Heartbeat {
    let tip = branch
        .headers
        .last()
        .map_or(BlockId::ZERO, BitcoinHeader::id);
    let height = branch.height + branch.headers.len().saturating_sub(1) as u32;
    let work = Work(U256::from(u64::MAX));
    let node = NodeHeartbeat {
        id: node,
        seat: 3,
        online: true,
        height,
        tip,
        work,
        sync: Some((1, 9)),
        loading: None,
        rows: vec![RowView {
            label: "term".into(),
            value: ValueView::Number(u64::MAX),
        }],
    };
    Heartbeat {
        label,
        bye: false,
        online: true,
        mining: true,
        hash_rate: (1 << 53) + 1,
        generation: Generation::default(),
        nodes: vec![node],
        branches: vec![branch],
    }
}

fn good() -> Heartbeat {
    let headers = run_of(BlockId::ZERO, 7, 16);
    heartbeat(
        1,
        PeerId::from_bytes([1; 32]),
        Branch {
            height: 100,
            headers,
        },
    )
}

#[test]
fn a_heartbeat_survives_a_round_trip() {
    let heartbeat = good();
    assert_eq!(
        Heartbeat::decode(&heartbeat.encode(), limit()),
        Ok(heartbeat)
    );
}

#[test]
fn a_header_without_work_or_link_makes_a_heartbeat_garbage() {
    let mut lazy = good();
    let bits = TABCHAIN_POW_LIMIT;
    let header = (0..)
        .map(|nonce| BitcoinHeader {
            nonce,
            bits,
            ..lazy.branches[0].headers[15]
        })
        .find(|header| header.check_pow(limit()).is_err())
        .unwrap();
    lazy.branches[0].headers[15] = header;
    assert_eq!(
        Heartbeat::decode(&lazy.encode(), limit()),
        Err(HeartbeatError::NoWork(header.id()))
    );

    let mut torn = good();
    torn.branches[0].headers.remove(7);
    let after = torn.branches[0].headers[7].id();
    assert_eq!(
        Heartbeat::decode(&torn.encode(), limit()),
        Err(HeartbeatError::Unlinked(after))
    );
}

#[test]
fn heartbeats_beyond_the_limits_are_garbage() {
    let refused = |change: fn(&mut Heartbeat)| {
        let mut heartbeat = good();
        change(&mut heartbeat);
        Heartbeat::decode(&heartbeat.encode(), limit()).unwrap_err()
    };
    assert_eq!(
        refused(|b| b.label = 65),
        HeartbeatError::OutOfRange("label")
    );
    assert_eq!(
        refused(|b| b.nodes = vec![b.nodes[0].clone(); 17]),
        HeartbeatError::OutOfRange("nodes")
    );
    assert_eq!(
        refused(|b| b.branches[0].headers.push(mined(BlockId::ZERO, 0))),
        HeartbeatError::OutOfRange("headers")
    );
    assert_eq!(
        refused(|b| b.branches[0].height = u32::MAX - 3),
        HeartbeatError::OutOfRange("headers")
    );
    let row = |label: &str, word: &str| RowView {
        label: label.into(),
        value: ValueView::Word(word.into()),
    };
    for odd in [
        vec![row("role", "leader"); MOST_ROWS + 1],
        vec![row("<img src=x>", "leader")],
        vec![row("role", "Leader")],
        vec![row("role", &"a".repeat(MOST_WORD + 1))],
    ] {
        let mut heartbeat = good();
        heartbeat.nodes[0].rows = odd;
        let refused = Heartbeat::decode(&heartbeat.encode(), limit());
        assert_eq!(refused, Err(HeartbeatError::OutOfRange("rows")));
    }
    assert_eq!(
        Heartbeat::decode(&vec![0; 1 << 20], limit()),
        Err(HeartbeatError::Oversized(1 << 20))
    );
    let mut longer = good().encode();
    longer.push(0);
    assert_eq!(
        Heartbeat::decode(&longer, limit()),
        Err(HeartbeatError::Malformed)
    );
}

#[test]
fn generations_are_never_used_twice_and_one_can_be_undone() {
    let first = Generation::default();
    let second = first.reset();
    let third = second.reset();
    assert_eq!((second.current, second.undo), (1, Some(0)));
    assert_eq!((third.current, third.undo), (2, Some(1)));
    assert!(!third.keeps(0) && third.keeps(1) && third.keeps(2));
    let back = third.undone().unwrap();
    assert_eq!((back.current, back.undo), (1, None));
    assert_eq!(back.undone(), None);
    assert_eq!(back.reset().current, 4);
    assert!(first < second && second < third && third < back);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = Heartbeat::decode(&bytes, limit());
        let _ = Command::decode(&bytes);
    }

    #[test]
    fn damaged_heartbeats_never_panic(at in 0usize..1_400, with in any::<u8>(), cut in 0usize..1_400) {
        let mut bytes = good().encode();
        let at = at % bytes.len();
        bytes[at] = with;
        let _ = Heartbeat::decode(&bytes, limit());
        bytes.truncate(cut);
        let _ = Heartbeat::decode(&bytes, limit());
    }

    #[test]
    fn commands_survive_a_round_trip(ids in any::<([u8; 32], Option<[u8; 32]>)>(), online in any::<bool>()) {
        let (tab, node) = (PeerId::from_bytes(ids.0), ids.1.map(PeerId::from_bytes));
        let command = Command { tab, node, online };
        prop_assert_eq!(Command::decode(&command.encode()), Some(command));
    }
}
