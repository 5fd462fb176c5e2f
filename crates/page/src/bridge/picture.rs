//! The picture that frames paint: each frame brings only the parts that have changed.

use std::rc::Rc;

use chain::BlockId;
use wire::{
    BlockView, LogEntry, MiningView, NodeView, Notice, Part, RoomView, SlotsView, StorageView,
    TabView, TargetView, TipView,
};

/// Everything that the engine shows. Parts that have not changed are shared with the previous
/// picture, so that a component can tell by comparing pointers.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub room: Rc<RoomView>,
    pub tabs: Rc<Vec<TabView>>,
    pub nodes: Rc<Vec<NodeView>>,
    /// By height, then by displayed id: parents before children.
    pub tree: Rc<Vec<BlockView>>,
    pub tip: Rc<TipView>,
    pub target: Rc<TargetView>,
    pub slots: Rc<SlotsView>,
    pub mining: Rc<MiningView>,
    pub storage: Rc<StorageView>,
    pub notices: Rc<Vec<Notice>>,
}

/// A picture and what has happened since the previous one.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The frame that painted it, which is acknowledged once it is on the screen.
    pub frame: u32,
    /// The current picture.
    pub picture: Picture,
    /// What happened, oldest first.
    pub log: Vec<LogEntry>,
}

/// The first frame of an engine lacks a part: page and engine are incompatible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete;

impl Picture {
    /// The picture of an engine's first frame, which has every part.
    pub fn first(parts: Vec<Part>) -> Result<Self, Incomplete> {
        let mut sketch = Sketch::default();
        for part in parts {
            sketch.take(part);
        }
        sketch.finish().ok_or(Incomplete)
    }

    /// Shares the parts that are equal with the previous picture.
    pub fn share(&mut self, before: &Self) {
        keep(&mut self.room, &before.room);
        keep(&mut self.tabs, &before.tabs);
        keep(&mut self.nodes, &before.nodes);
        keep(&mut self.tree, &before.tree);
        keep(&mut self.tip, &before.tip);
        keep(&mut self.target, &before.target);
        keep(&mut self.slots, &before.slots);
        keep(&mut self.mining, &before.mining);
        keep(&mut self.storage, &before.storage);
        keep(&mut self.notices, &before.notices);
    }

    /// Replaces the parts that a frame brings.
    pub fn paint(&mut self, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::Room(room) => replace(&mut self.room, room),
                Part::Tabs(tabs) => replace(&mut self.tabs, tabs),
                Part::Nodes(nodes) => replace(&mut self.nodes, nodes),
                Part::Tree { gone, blocks } => grow(Rc::make_mut(&mut self.tree), &gone, blocks),
                Part::Tip(tip) => replace(&mut self.tip, tip),
                Part::Target(target) => replace(&mut self.target, target),
                Part::Slots(slots) => replace(&mut self.slots, slots),
                Part::Mining(mining) => replace(&mut self.mining, mining),
                Part::Storage(storage) => replace(&mut self.storage, storage),
                Part::Notices(notices) => replace(&mut self.notices, notices),
            }
        }
    }
}

fn keep<T: PartialEq>(part: &mut Rc<T>, before: &Rc<T>) {
    if **part == **before {
        *part = before.clone();
    }
}

fn replace<T: PartialEq>(part: &mut Rc<T>, new: T) {
    if **part != new {
        *part = Rc::new(new);
    }
}

/// Removes blocks and inserts others in order: by height, then by displayed id.
fn grow(tree: &mut Vec<BlockView>, gone: &[BlockId], blocks: Vec<BlockView>) {
    tree.retain(|block| !gone.contains(&block.id));
    for block in blocks {
        tree.retain(|other| other.id != block.id);
        let after = |other: &BlockView| {
            let order = other.height.cmp(&block.height);
            order
                .then_with(|| shown_order(&other.id, &block.id))
                .is_gt()
        };
        // Search from the end: that is where a chain grows.
        let place = tree.iter().rposition(|other| !after(other));
        tree.insert(place.map_or(0, |place| place + 1), block);
    }
}

/// Compares two ids as they are displayed, which is the order of the hashes as numbers.
pub fn shown_order(a: &BlockId, b: &BlockId) -> std::cmp::Ordering {
    a.as_bytes().iter().rev().cmp(b.as_bytes().iter().rev())
}

/// A picture that still lacks parts.
#[derive(Default)]
struct Sketch {
    room: Option<RoomView>,
    tabs: Option<Vec<TabView>>,
    nodes: Option<Vec<NodeView>>,
    tree: Option<Vec<BlockView>>,
    tip: Option<TipView>,
    target: Option<TargetView>,
    slots: Option<SlotsView>,
    mining: Option<MiningView>,
    storage: Option<StorageView>,
    notices: Option<Vec<Notice>>,
}

impl Sketch {
    fn take(&mut self, part: Part) {
        match part {
            Part::Room(room) => self.room = Some(room),
            Part::Tabs(tabs) => self.tabs = Some(tabs),
            Part::Nodes(nodes) => self.nodes = Some(nodes),
            Part::Tree { gone, blocks } => grow(self.tree.get_or_insert_default(), &gone, blocks),
            Part::Tip(tip) => self.tip = Some(tip),
            Part::Target(target) => self.target = Some(target),
            Part::Slots(slots) => self.slots = Some(slots),
            Part::Mining(mining) => self.mining = Some(mining),
            Part::Storage(storage) => self.storage = Some(storage),
            Part::Notices(notices) => self.notices = Some(notices),
        }
    }

    fn finish(self) -> Option<Picture> {
        Some(Picture {
            room: Rc::new(self.room?),
            tabs: Rc::new(self.tabs?),
            nodes: Rc::new(self.nodes?),
            tree: Rc::new(self.tree?),
            tip: Rc::new(self.tip?),
            target: Rc::new(self.target?),
            slots: Rc::new(self.slots?),
            mining: Rc::new(self.mining?),
            storage: Rc::new(self.storage?),
            notices: Rc::new(self.notices?),
        })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use chain::{PeerId, Work};
    use wire::{BlockState, Power};

    /// An id that is displayed as zeros and then `sign`.
    pub fn id(sign: u8) -> BlockId {
        let mut bytes = [0; 32];
        bytes[0] = sign;
        BlockId::from_bytes(bytes)
    }

    fn block(sign: u8, height: u32, state: BlockState) -> BlockView {
        BlockView {
            id: id(sign),
            parent: id(sign.wrapping_sub(1)),
            height,
            time: 0,
            bits: 0,
            miner: None,
            state,
        }
    }

    /// Every part, in a room of this name.
    pub fn parts(room: &str, mines: bool) -> Vec<Part> {
        let tip = TipView {
            height: 0,
            id: id(1),
            work: Work::ZERO,
        };
        let mining = MiningView {
            on: mines,
            power: Power::GENTLE,
            share: Power::NONE,
            tabs: 0,
            rate: 0,
            history: Vec::new(),
            found: 0,
            restarts: 0,
        };
        let node = NodeView {
            id: PeerId::from_bytes([7; 32]),
            seat: 0,
            tab: PeerId::from_bytes([8; 32]),
            here: true,
            online: true,
            tip,
            sync: None,
            loading: None,
        };
        vec![
            Part::Room(RoomView {
                name: room.to_owned(),
                link: format!("/live?room={room}&spacing=10&bits=1e00ffff&window=8&halving=210000"),
                protocol: "any".to_owned(),
                slots: false,
                params: Vec::new(),
                forms: Vec::new(),
            }),
            Part::Tabs(Vec::new()),
            Part::Nodes(vec![node]),
            Part::Tree {
                gone: Vec::new(),
                blocks: vec![block(1, 0, BlockState::Best)],
            },
            Part::Tip(tip),
            Part::Target(TargetView {
                bits: 0,
                expected_tries: 1,
                retarget_in: 1,
                waiting: 0,
            }),
            Part::Slots(SlotsView::default()),
            Part::Mining(mining),
            Part::Storage(StorageView::Kept),
            Part::Notices(Vec::new()),
        ]
    }

    #[test]
    fn a_picture_needs_all_its_parts_once() {
        assert!(Picture::first(parts("a", false)).is_ok());
        for missing in 0..10 {
            let mut some = parts("a", false);
            some.remove(missing);
            assert_eq!(Picture::first(some), Err(Incomplete), "without {missing}");
        }
    }

    #[test]
    fn unchanged_parts_stay_the_same_allocation() {
        let mut picture = Picture::first(parts("a", false)).expect("complete");
        let before = picture.clone();
        picture.paint(parts("a", true));
        assert!(Rc::ptr_eq(&picture.room, &before.room));
        assert!(Rc::ptr_eq(&picture.nodes, &before.nodes));
        assert!(!Rc::ptr_eq(&picture.mining, &before.mining));
        assert!(picture.mining.on);
    }

    #[test]
    fn blocks_come_change_and_go() {
        use BlockState::{Best, Rival, Stale};
        let mut picture = Picture::first(parts("a", false)).expect("complete");
        let mut paint = |gone: &[u8], blocks: Vec<BlockView>| {
            let gone = gone.iter().map(|sign| id(*sign)).collect();
            picture.paint(vec![Part::Tree { gone, blocks }]);
            let seen = picture.tree.iter();
            seen.map(|block| (block.id.as_bytes()[0], block.state))
                .collect::<Vec<_>>()
        };
        let seen = paint(&[], vec![block(3, 1, Rival), block(2, 1, Best)]);
        assert_eq!(seen, [(1, Best), (2, Best), (3, Rival)]);
        let seen = paint(&[], vec![block(3, 1, Stale), block(4, 2, Best)]);
        assert_eq!(seen, [(1, Best), (2, Best), (3, Stale), (4, Best)]);
        let seen = paint(&[1, 9], vec![]);
        assert_eq!(seen, [(2, Best), (3, Stale), (4, Best)]);
    }

    #[test]
    fn ids_are_ordered_as_they_are_read() {
        let (mut low, mut high) = ([0xff; 32], [0; 32]);
        (low[31], high[31]) = (1, 2);
        let ids = [BlockId::from_bytes(low), BlockId::from_bytes(high)];
        assert!(ids[0].to_string() < ids[1].to_string());
        assert!(shown_order(&ids[0], &ids[1]).is_lt());
    }
}
