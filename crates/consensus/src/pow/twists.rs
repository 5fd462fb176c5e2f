//! Miners that withhold what they find. No rule forbids it: it pays, or succeeds, as often as their part of
//! the hash rate lets it.

use alloc::boxed::Box;

use chain::{BlockId, Header, Height, Reject, Work};
use protocol::{Cx, Facts, Glance, JobId, Protocol, Sheet, Terms, Twist, Value, Values};

use super::{Pow, ROLL};

mod double_spend;
mod selfish;
#[cfg(test)]
mod tests;

use double_spend::DoubleSpend;
use selfish::Selfish;

/// All ways to lie.
pub(super) const ALL: &[Twist] = &[
    Twist {
        id: "selfish",
        what: "withholds its blocks, and publishes them when others' work is lost by it (Eyal and Sirer 2014)",
        build: |terms| withhold(terms, Selfish::default()),
    },
    Twist {
        id: "double-spend-1",
        what: "from its beginning mines a branch of its own, and publishes it once it is longer than that of \
               the others, whose first block is confirmed once",
        build: |terms| withhold(terms, DoubleSpend::after(1)),
    },
    Twist {
        id: "double-spend-2",
        what: "the same after two confirmations",
        build: |terms| withhold(terms, DoubleSpend::after(2)),
    },
    Twist {
        id: "double-spend-6",
        what: "the same after six",
        build: |terms| withhold(terms, DoubleSpend::after(6)),
    },
];

fn withhold(terms: &Terms, strategy: impl Strategy) -> Box<dyn Protocol> {
    Box::new(Withholder {
        pow: Pow::new(terms.chain.clone()),
        strategy,
    })
}

/// The end of a branch. Lengths stand for work, as in the papers: while a race lasts, blocks are equally
/// difficult.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tip {
    block: BlockId,
    height: Height,
}

/// What to search on, and what to say.
trait Strategy: Clone + 'static {
    /// It begins, and this is the best block.
    fn begin(&mut self, cx: &mut Cx<'_>, tip: Tip);

    /// A block was found, here (and nobody has been told) or elsewhere. Those of a branch come in their
    /// order.
    fn on_block(&mut self, cx: &mut Cx<'_>, block: Tip, is_own: bool);

    /// The block to search on; `None` for the best one, as whoever is honest does.
    fn head(&self) -> Option<BlockId>;

    /// How many of its blocks nobody was told of.
    fn withheld(&self) -> u64;
}

/// A miner that follows a strategy.
#[derive(Clone)]
struct Withholder<S> {
    pow: Pow,
    strategy: S,
}

impl<S: Strategy> Withholder<S> {
    fn search(&mut self, cx: &mut Cx<'_>) {
        let chain = cx.chain;
        match self.strategy.head() {
            None => self.pow.search_next(cx),
            Some(head) => {
                if let Some(branch) = chain.branch(head) {
                    self.pow.search_on(cx, &*branch);
                }
            }
        }
    }
}

impl<S: Strategy> Protocol for Withholder<S> {
    fn judge(&self, header: &Header, facts: &Facts<'_>) -> Result<Work, Reject> {
        self.pow.judge(header, facts)
    }

    fn lookback(&self) -> u32 {
        self.pow.lookback()
    }

    fn on_boot(&mut self, cx: &mut Cx<'_>, _saved: &Values) {
        let (block, height) = cx.chain.tip();
        self.strategy.begin(cx, Tip { block, height });
        self.search(cx);
    }

    fn on_block(&mut self, cx: &mut Cx<'_>, block: BlockId, height: Height, is_own: bool) {
        let before = self.strategy.head();
        self.strategy.on_block(cx, Tip { block, height }, is_own);
        if self.strategy.head() != before {
            self.search(cx);
        }
    }

    fn on_tip(&mut self, cx: &mut Cx<'_>) {
        if self.strategy.head().is_none() {
            self.search(cx);
        }
    }

    fn on_search(&mut self, cx: &mut Cx<'_>) {
        self.search(cx);
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        if key == ROLL {
            self.search(cx);
        }
    }

    fn on_job(&mut self, cx: &mut Cx<'_>, job: JobId, found: Option<u32>) {
        if !self.pow.answers(job) {
            return;
        }
        match found {
            Some(nonce) => self.pow.found(cx, nonce),
            None => self.search(cx),
        }
    }

    fn glance(&self) -> Glance {
        self.pow.glance()
    }

    fn inspect(&self) -> Sheet {
        let withheld = Value::Number(self.strategy.withheld());
        self.pow.inspect().row("withheld", withheld)
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
