//! Branches as protocols see them: stored blocks, and above them headers that are not stored yet.

use alloc::{boxed::Box, vec::Vec};

use chain::{BitcoinHeader, BlockId, BlockTime, Height, Past, Work, past_median};
use ledger::Place;
use protocol::{ChainView, Drafted, ForkView};

use crate::books::Books;
use crate::index::Index;
use crate::pool::Pool;

/// A header that passed its protocol's check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighed {
    pub id: BlockId,
    pub header: BitcoinHeader,
    /// The work of the whole chain up to this header.
    pub weight: Work,
}

/// Validated headers above a stored block that are not stored themselves. The oldest may be
/// forgotten, because protocols look back only so far.
#[derive(Clone, Debug)]
pub(crate) struct Strand {
    pub fork: BlockId,
    fork_height: Height,
    /// How many headers were forgotten.
    cut: u32,
    pub links: Vec<Weighed>,
    pub last: BlockId,
    pub weight: Work,
}

impl Strand {
    /// An empty strand above a stored block.
    pub fn above(index: &Index, fork: BlockId) -> Option<Self> {
        let link = index.tree.get(&fork)?;
        let (fork_height, weight) = (link.height, link.weight);
        Some(Self {
            fork,
            fork_height,
            cut: 0,
            links: Vec::new(),
            last: fork,
            weight,
        })
    }

    /// The height of the last header; `None` on overflow.
    pub fn height(&self) -> Option<Height> {
        let len = u32::try_from(self.links.len()).ok()?;
        self.fork_height.checked_add(self.cut)?.checked_add(len)
    }

    pub fn push(&mut self, link: Weighed) {
        (self.last, self.weight) = (link.id, link.weight);
        self.links.push(link);
    }

    /// Forgets all but the last `keep` headers.
    pub fn trim(&mut self, keep: u32) {
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let gone = self.links.len().saturating_sub(keep);
        self.links.drain(..gone);
        self.cut = self
            .cut
            .saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
    }

    fn get(&self, height: Height) -> Option<BitcoinHeader> {
        let first = self.fork_height.next().checked_add(self.cut)?;
        let place = usize::try_from(height.0.checked_sub(first.0)?).ok()?;
        self.links.get(place).map(|link| link.header)
    }
}

/// The branch that ends in a stored block, or in a strand above one.
pub(crate) struct Branch<'a> {
    index: &'a Index,
    tip: BlockId,
    height: Height,
    strand: Option<&'a Strand>,
}

impl<'a> Branch<'a> {
    pub fn stored(index: &'a Index, tip: BlockId) -> Option<Self> {
        Some(Self {
            index,
            tip,
            height: index.height(&tip)?,
            strand: None,
        })
    }

    pub fn with(index: &'a Index, strand: &'a Strand) -> Option<Self> {
        let height = strand.height()?;
        Some(Self {
            index,
            tip: strand.fork,
            height,
            strand: Some(strand),
        })
    }

    /// The place of a block on top of this branch; `None` for its time: it is a draft.
    pub fn next_place(&self, time: Option<BlockTime>) -> Option<Place> {
        let median = past_median(self).ok()?;
        Some(Place {
            height: self.height.checked_add(1)?,
            median,
            time: time.unwrap_or(median),
        })
    }
}

impl Past for Branch<'_> {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        match self.strand {
            Some(strand) if height > strand.fork_height => strand.get(height),
            _ => self.index.header_at(&self.tip, height),
        }
    }

    fn tip_height(&self) -> Height {
        self.height
    }
}

/// What a protocol may read from its node.
pub(crate) struct View<'a> {
    pub books: &'a Books,
    pub pool: &'a Pool,
    pub branch: Branch<'a>,
}

impl ChainView for View<'_> {
    fn tip(&self) -> (BlockId, Height) {
        (self.branch.tip, self.branch.height)
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        Some(self)
    }

    fn branch(&self, tip: BlockId) -> Option<Box<dyn ForkView + '_>> {
        let (books, pool, index) = (self.books, self.pool, &self.books.index);
        let branch = Branch::stored(index, tip).filter(|_| index.is_ready(&tip))?;
        Some(Box::new(View {
            books,
            pool,
            branch,
        }))
    }
}

impl ForkView for View<'_> {
    fn past(&self) -> &dyn Past {
        &self.branch
    }

    fn draft(&self, extra: u64) -> Drafted {
        let (parent, _) = self.tip();
        let place = self
            .branch
            .next_place(None)
            .expect("a tip's ancestors are all here");
        // What waits is valid on top of the best block, and of no other.
        let chosen = match parent == self.books.index.tree.best() {
            true => self.pool.chosen(&self.books.config.params),
            false => Vec::new(),
        };
        let draft = self.books.draft(&parent, place, extra, &chosen);
        Drafted {
            parent,
            height: place.height,
            root: draft.root,
            body: draft.body.into(),
        }
    }
}
