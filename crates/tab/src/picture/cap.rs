//! Keeps a frame below its size: the page shows less rather than getting slow.

use super::window::keep_highest;
use wire::{Frame, FromEngine, LogEntry};

/// Most bytes of a frame.
pub const MOST_BYTES: usize = 64 * 1024;
const FEWEST_BLOCKS: usize = 48;
const FEWEST_NODES: usize = 32;

/// The frame's bytes, and log lines that did not fit and belong into the next one.
#[must_use]
pub fn encode(mut frame: Box<Frame>) -> (Vec<u8>, Vec<LogEntry>) {
    let mut left = Vec::new();
    loop {
        let message = FromEngine::Frame(frame);
        let bytes = postcard::to_allocvec(&message).expect("a vector takes any number of bytes");
        let FromEngine::Frame(back) = message else {
            unreachable!("it was put in above")
        };
        if bytes.len() <= MOST_BYTES {
            return (bytes, left);
        }
        frame = back;
        if frame.tree.len() > FEWEST_BLOCKS {
            let most = (frame.tree.len() / 2).max(FEWEST_BLOCKS);
            frame.tree = keep_highest(frame.tree, most);
        } else if frame.log.len() > 1 {
            let later = frame.log.split_off(frame.log.len() / 2);
            left.splice(0..0, later);
        } else if frame.nodes.len() > FEWEST_NODES {
            frame.nodes.truncate(frame.nodes.len() / 2);
        } else {
            // 48 blocks, 32 nodes and 64 tabs of bounded texts are below 32 KB.
            return (bytes, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::*;

    fn large() -> Box<Frame> {
        let hash = "f".repeat(64);
        let tip = TipView {
            height: u32::MAX,
            hash: hash.clone(),
            work: hash.clone(),
        };
        let power = Power {
            workers: 64,
            duty: 100,
        };
        let block = |height| BlockView {
            hash: hash.clone(),
            parent: hash.clone(),
            height,
            time: u32::MAX,
            bits: u32::MAX,
            miner: Some(u32::MAX),
            state: BlockState::Rival,
        };
        let tab = |label| TabView {
            id: hash.clone(),
            label,
            me: false,
            online: true,
            mining: true,
            hash_rate: u64::MAX,
            silent: false,
        };
        let node = |seat| NodeView {
            id: hash.clone(),
            seat,
            tab: hash.clone(),
            here: false,
            online: true,
            tip: tip.clone(),
            sync: Some((u32::MAX, u32::MAX)),
            loading: Some((u32::MAX, u32::MAX)),
        };
        let what = Happening::Misbehaved {
            peer: hash.clone(),
            reason: "x".repeat(200),
        };
        let line = |number| LogEntry {
            number,
            at: u64::MAX,
            seat: Some(1),
            what: what.clone(),
        };
        Box::new(Frame {
            number: 1,
            room: RoomView {
                name: "n".repeat(32),
                link: "l".repeat(200),
                spacing: 1,
                bits: 1,
                window: 1,
                halving: 1,
            },
            tabs: (0..64).map(tab).collect(),
            nodes: (0..1024).map(node).collect(),
            tree: (0..256).map(|n| block(n / 6)).collect(),
            tip: tip.clone(),
            target: TargetView {
                bits: 1,
                expected_tries: u64::MAX,
                retarget_in: 1,
            },
            mining: MiningView {
                on: true,
                power,
                share: power,
                tabs: 64,
                rate: u64::MAX,
                history: vec![u64::MAX; 60],
                found: u32::MAX,
                restarts: u32::MAX,
            },
            log: (0..512).map(line).collect(),
            storage: StorageView::Kept,
            undo_reset: true,
            other_version: true,
        })
    }

    #[test]
    fn the_largest_frame_is_cut_to_64_kb_and_loses_no_log_line() {
        let (bytes, left) = encode(large());
        assert!(bytes.len() <= MOST_BYTES, "{}", bytes.len());
        let Ok(FromEngine::Frame(frame)) = postcard::from_bytes(&bytes) else {
            panic!("no frame")
        };
        assert!(frame.tree.len() >= FEWEST_BLOCKS / 2 && frame.nodes.len() >= FEWEST_NODES);
        assert_eq!(frame.tree.last().unwrap().height, 42);
        let numbers = frame.log.iter().chain(&left).map(|line| line.number);
        assert!(numbers.eq(0..512));
    }

    #[test]
    fn an_ordinary_frame_stays_whole() {
        let mut frame = large();
        frame.nodes.truncate(16);
        frame.log.truncate(5);
        frame.tree.truncate(200);
        let (bytes, left) = encode(frame.clone());
        assert_eq!(postcard::from_bytes(&bytes), Ok(FromEngine::Frame(frame)));
        assert_eq!(left, []);
    }
}
