//! Selfish mining: I. Eyal and E. G. Sirer, Majority is not Enough: Bitcoin Mining is Vulnerable, Financial
//! Cryptography 2014, algorithm 1.

use chain::{BlockId, Height};
use protocol::Cx;
use rpds::QueueSync as Queue;

use super::{Strategy, Tip};

/// A selfish pool that is one node.
#[derive(Clone, Default)]
pub(super) struct Selfish {
    /// The end of its branch: of the others', unless it has found something since.
    head: Tip,
    /// The length of the longest branch that others know.
    public: Height,
    /// Its blocks that nobody was told of, the lowest first.
    withheld: Queue<BlockId>,
    /// The length of its branch since it parted from the others', `privateBranchLen` in the paper.
    branch: u32,
}

impl Selfish {
    fn found(&mut self, cx: &mut Cx<'_>, block: Tip) {
        let lead = self.lead();
        self.head = block;
        self.withheld.enqueue_mut(block.block);
        self.branch += 1;
        // There was a tie of one block each, and it has won.
        if lead == 0 && self.branch == 2 {
            self.publish_all(cx);
        }
    }

    fn heard(&mut self, cx: &mut Cx<'_>, block: Tip) {
        if block.height <= self.public {
            return; // it makes no branch longer than others know
        }
        let lead = self.lead();
        self.public = block.height;
        match lead {
            0 => self.adopt(cx, block),
            1 => self.publish_next(cx), // a tie: some may mine on its block
            2 => self.publish_all(cx),
            _ => self.publish_next(cx),
        }
    }

    /// How much longer its branch is than any that others know.
    fn lead(&self) -> u32 {
        self.head.height.0.saturating_sub(self.public.0)
    }

    /// They win.
    fn adopt(&mut self, cx: &mut Cx<'_>, block: Tip) {
        (self.head, self.branch) = (block, 0);
        self.withheld = Queue::new_sync();
        cx.pose(Some(block.block));
    }

    fn publish_next(&mut self, cx: &mut Cx<'_>) {
        if let Some(next) = self.withheld.peek().copied() {
            self.withheld.dequeue_mut();
            cx.pose(Some(next));
        }
    }

    /// It wins.
    fn publish_all(&mut self, cx: &mut Cx<'_>) {
        (self.public, self.branch) = (self.head.height, 0);
        self.withheld = Queue::new_sync();
        cx.pose(Some(self.head.block));
    }
}

impl Strategy for Selfish {
    fn begin(&mut self, cx: &mut Cx<'_>, tip: Tip) {
        self.public = tip.height;
        self.adopt(cx, tip);
    }

    fn on_block(&mut self, cx: &mut Cx<'_>, block: Tip, is_own: bool) {
        match is_own {
            true => self.found(cx, block),
            false => self.heard(cx, block),
        }
    }

    fn head(&self) -> Option<BlockId> {
        Some(self.head.block)
    }

    fn withheld(&self) -> u64 {
        u64::try_from(self.withheld.len()).unwrap_or(u64::MAX)
    }
}
