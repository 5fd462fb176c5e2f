//! Double spending: S. Nakamoto, Bitcoin, 2008, section 11; exactly in M. Rosenfeld, Analysis of
//! Hashrate-Based Double-Spending, 2012.
//!
//! The payment stands in the first block that others find after the beginning, and the goods are handed over
//! once it has so many confirmations, its own block among them. Meanwhile the attacker mines a branch without
//! it from the block before, of which it had found nothing beforehand. Others stay with what they saw first,
//! so that branch must become longer than theirs, not only as long.

use chain::{BlockId, Height};
use protocol::Cx;

use super::{Strategy, Tip};

/// How far it lets itself fall behind after the confirmations before it gives up. With three tenths of the
/// hash rate, fewer than one attack in 10^18 would still succeed from there.
const GIVES_UP: u32 = 50;

/// A double spend, once.
#[derive(Clone)]
pub(super) struct DoubleSpend {
    confirmations: u32,
    race: Option<Race>,
}

/// The branches since the beginning.
#[derive(Clone)]
struct Race {
    /// The height of the last block that both have.
    from: Height,
    head: Tip,
    public: Height,
}

impl DoubleSpend {
    /// The goods are handed over after so many confirmations.
    pub(super) fn after(confirmations: u32) -> Self {
        Self {
            confirmations,
            race: None,
        }
    }
}

impl Race {
    fn is_confirmed(&self, confirmations: u32) -> bool {
        self.public.0 >= self.from.0.saturating_add(confirmations)
    }

    fn is_won(&self) -> bool {
        self.head.height > self.public
    }

    fn is_lost(&self) -> bool {
        self.public.0.saturating_sub(self.head.height.0) >= GIVES_UP
    }
}

impl Strategy for DoubleSpend {
    fn begin(&mut self, cx: &mut Cx<'_>, tip: Tip) {
        self.race = Some(Race {
            from: tip.height,
            head: tip,
            public: tip.height,
        });
        cx.pose(Some(tip.block));
    }

    fn on_block(&mut self, cx: &mut Cx<'_>, block: Tip, is_own: bool) {
        let Some(race) = &mut self.race else {
            return;
        };
        match is_own {
            true => race.head = block,
            false if block.height <= race.public => return,
            false => {
                race.public = block.height;
                cx.pose(Some(block.block)); // as if it mined there
            }
        }
        let is_over = race.is_won() || race.is_lost();
        if is_over && race.is_confirmed(self.confirmations) {
            self.race = None;
            cx.pose(None); // the longer one is the best block
        }
    }

    fn head(&self) -> Option<BlockId> {
        self.race.as_ref().map(|race| race.head.block)
    }

    fn withheld(&self) -> u64 {
        let race = self.race.as_ref();
        let blocks = race.map_or(0, |race| race.head.height.0.saturating_sub(race.from.0));
        blocks.into()
    }
}
