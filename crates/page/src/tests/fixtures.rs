//! Frames to be shown.

use wire::{
    BlockState, BlockView, Frame, Happening, LogEntry, MiningView, NodeView, Power, RoomView,
    StorageView, TabView, TargetView, TipView,
};

/// A hash of one digit or letter.
pub fn hash(sign: &str) -> String {
    sign.repeat(64)
}

fn block(sign: &str, parent: &str, height: u32, miner: u32, state: BlockState) -> BlockView {
    BlockView {
        hash: hash(sign),
        parent: hash(parent),
        height,
        time: 1_800_000_000 + height,
        bits: 0x1e00_ffff,
        miner: (height > 0).then_some(miner),
        state,
    }
}

fn tip(sign: &str) -> TipView {
    TipView {
        height: 3,
        hash: hash(sign),
        work: "4000000".to_owned(),
    }
}

fn tab(label: u32, online: bool) -> TabView {
    let id = format!("{label:032x}");
    TabView {
        id,
        label,
        me: label == 1,
        online,
        mining: false,
        hash_rate: 0,
        silent: false,
    }
}

fn node(seat: u32, tab: u32, tip: TipView) -> NodeView {
    NodeView {
        id: format!("{seat:064x}"),
        seat,
        tab: format!("{tab:032x}"),
        here: tab == 1,
        online: true,
        tip,
        sync: None,
        loading: None,
    }
}

/// Two tabs that are cut apart and stand on two tips.
pub fn fork(number: u32) -> Frame {
    use BlockState::{Best, Rival};
    let what = Happening::Reorganised {
        hash: hash("c"),
        height: 3,
        undone: 1,
        applied: 2,
    };
    let half = Power::GENTLE;
    Frame {
        number,
        room: RoomView {
            name: "test-room".to_owned(),
            link: "/live?room=test-room".to_owned(),
            spacing: 10,
            bits: 0x1e00_ffff,
            window: 8,
            halving: 210_000,
        },
        tabs: vec![tab(1, true), tab(2, false)],
        nodes: vec![node(0, 1, tip("c")), node(1, 2, tip("r"))],
        tree: vec![
            block("0", "-", 0, 0, Best),
            block("a", "0", 1, 0, Best),
            block("b", "a", 2, 0, Best),
            block("q", "a", 2, 1, Rival),
            block("c", "b", 3, 0, Best),
            block("r", "q", 3, 1, Rival),
        ],
        tip: tip("c"),
        target: TargetView {
            bits: 0x1e00_ffff,
            expected_tries: 16_777_216,
            retarget_in: 5,
        },
        mining: MiningView {
            on: false,
            power: half,
            share: half,
            tabs: 0,
            rate: 0,
            history: Vec::new(),
            found: 3,
            restarts: 0,
        },
        log: vec![LogEntry {
            number: 1,
            at: 1_800_000_000_000,
            seat: Some(0),
            what,
        }],
        storage: StorageView::Kept,
        undo_reset: false,
        other_version: false,
    }
}

/// A frame full of what only looks like markup.
pub fn hostile() -> Frame {
    let mut frame = fork(1);
    frame.room.name = "<img src=x onerror=alert(1)>".to_owned();
    frame.storage = StorageView::Memory("\u{202e}<b>bold</b>".to_owned());
    frame.log[0].what = Happening::Misbehaved {
        peer: "<script>alert(2)</script>".to_owned(),
        reason: "\" onmouseover=\"alert(3)".to_owned(),
    };
    frame
}
