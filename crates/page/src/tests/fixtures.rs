//! Frames for the page to show.

use chain::{BlockId, Height, PeerId, Work};
use protocol::Event;
use wire::{
    BlockState, BlockView, Frame, Happening, LogEntry, MiningView, NodeView, Part, Power, RoomView,
    SlotsView, StorageView, TabView, TargetView, TipView,
};

/// A hash of one repeated hexadecimal digit, as it is displayed.
pub fn hash(digit: &str) -> String {
    digit.repeat(64)
}

fn id(digit: &str) -> BlockId {
    hash(digit).parse().expect("hexadecimal")
}

fn peer(number: u32) -> PeerId {
    PeerId::from_bytes([number as u8; 32])
}

fn block(sign: &str, parent: &str, height: u32, miner: u32, state: BlockState) -> BlockView {
    BlockView {
        id: id(sign),
        parent: id(parent),
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
        id: id(sign),
        work: Work::from(0x400_0000),
    }
}

fn tab(label: u32, online: bool) -> TabView {
    TabView {
        id: peer(label),
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
        id: peer(100 + seat),
        seat,
        tab: peer(tab),
        here: tab == 1,
        online: true,
        tip,
        sync: None,
        loading: None,
    }
}

/// A tip at this height.
fn place(digit: &str, height: u32) -> TipView {
    let tip = tip(digit);
    TipView { height, ..tip }
}

/// Two tabs that are cut apart and have different tips.
pub fn fork(number: u32) -> Frame {
    Frame {
        number,
        parts: vec![
            Part::Room(room("test-room")),
            Part::Tabs(vec![tab(1, true), tab(2, false)]),
            Part::Nodes(vec![node(0, 1, tip("c")), node(1, 2, tip("e"))]),
            tree(),
            Part::Tip(tip("c")),
            Part::Target(TargetView {
                bits: 0x1e00_ffff,
                expected_tries: 16_777_216,
                retarget_in: 5,
                waiting: 0,
            }),
            Part::Slots(SlotsView::default()),
            Part::Mining(idle()),
            Part::Storage(StorageView::Kept),
            Part::Notices(Vec::new()),
        ],
        log: vec![told(Event::Reorganised {
            from: id("e"),
            to: id("c"),
            height: Height(3),
            disconnected: 1,
            connected: 2,
        })],
    }
}

/// A frame that changes only the tip.
pub fn next_tip(number: u32, height: u32) -> Frame {
    Frame {
        number,
        parts: vec![Part::Tip(place("c", height))],
        log: Vec::new(),
    }
}

/// A frame that changes only the notices.
pub fn notices(number: u32, notices: Vec<wire::Notice>) -> Frame {
    Frame {
        number,
        parts: vec![Part::Notices(notices)],
        log: Vec::new(),
    }
}

fn room(name: &str) -> RoomView {
    RoomView {
        name: name.to_owned(),
        link: "/live?room=test-room".to_owned(),
        protocol: "any".to_owned(),
        slots: false,
        params: vec![("spacing".to_owned(), 10)],
        forms: Vec::new(),
    }
}

fn tree() -> Part {
    use BlockState::{Best, Rival};
    let gone = Vec::new();
    let blocks = vec![
        block("0", "0", 0, 0, Best),
        block("a", "0", 1, 0, Best),
        block("b", "a", 2, 0, Best),
        block("d", "a", 2, 1, Rival),
        block("c", "b", 3, 0, Best),
        block("e", "d", 3, 1, Rival),
    ];
    Part::Tree { gone, blocks }
}

fn idle() -> MiningView {
    MiningView {
        on: false,
        power: Power::GENTLE,
        share: Power::NONE,
        tabs: 0,
        rate: 0,
        history: Vec::new(),
        found: 3,
        restarts: 0,
    }
}

fn told(event: Event) -> LogEntry {
    let (seat, miner) = (0, None);
    LogEntry {
        number: 1,
        at: 1_800_000_000_000,
        what: Happening::InNode { seat, event, miner },
    }
}

/// A frame full of text that looks like markup.
pub fn hostile() -> Frame {
    let mut frame = fork(1);
    frame.parts.extend([
        Part::Room(room("<img src=x onerror=alert(1)>")),
        Part::Storage(StorageView::Memory("\u{202e}<b>bold</b>".to_owned())),
    ]);
    frame.log = vec![told(Event::Misbehaved {
        peer: peer(9),
        reason: "<script>alert(2)</script>\" onmouseover=\"alert(3)".to_owned(),
    })];
    frame
}
