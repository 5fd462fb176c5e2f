//! How blocks come into a [`Tree`] and leave it: their numbers, and the rows in which they are linked to
//! their siblings and to the blocks of their height.

use alloc::sync::Arc;

use super::{Link, Neighbours, Row, Tree};
use crate::{BlockId, Height};

impl<W: Ord + Clone> Tree<W> {
    /// The number that no block ever had; `None` if there are no more.
    pub(super) fn unused(&self) -> Option<u32> {
        (self.next < u32::MAX).then_some(self.next)
    }

    /// Adds a block under its number, at the end of both its rows.
    pub(super) fn take_in(&mut self, link: Link<W>) {
        let (id, number, level) = (link.id, link.number, self.level_of(link.height));
        if Arc::make_mut(&mut self.free).pop().is_none() {
            self.next += 1;
        }
        let above = self.links.get_mut(link.below);
        let above = above.expect("a parent is in the tree");
        let sibling = append(&mut above.children, number);
        let mut row = self.heights.get(level).copied();
        let rival = append(&mut row, number);
        if let Some(row) = row {
            self.heights.set(level, row);
        }
        self.links.set(number, link);
        self.len += 1;
        self.join(sibling, Some(number), siblings);
        self.join(rival, Some(number), rivals);
        let links = &self.links;
        let id_of = |number| links.get(number).map_or(BlockId::ZERO, |link| link.id);
        self.numbers.insert(&id, number, id_of);
    }

    /// Takes out a block that is neither the root nor ready.
    pub(super) fn let_go(&mut self, number: u32) -> Option<Link<W>> {
        let link = self.links.remove(number)?;
        self.headers.remove_mut(&link.seen_rank());
        self.numbers.remove(&link.id);
        Arc::make_mut(&mut self.free).push(number);
        self.len -= 1;
        self.join(link.siblings.before, link.siblings.behind, siblings);
        self.join(link.rivals.before, link.rivals.behind, rivals);
        if let Some(above) = self.links.get_mut(link.below) {
            cut_out(&mut above.children, number, link.siblings);
        }
        let level = self.level_of(link.height);
        let mut row = self.heights.remove(level);
        cut_out(&mut row, number, link.rivals);
        if let Some(row) = row {
            self.heights.set(level, row);
        }
        Some(link)
    }

    /// Makes two blocks neighbours in a row, as far as there are two.
    fn join(&mut self, before: Option<u32>, behind: Option<u32>, row: Side<W>) {
        if let Some(link) = before.and_then(|before| self.links.get_mut(before)) {
            row(link).behind = behind;
        }
        if let Some(link) = behind.and_then(|behind| self.links.get_mut(behind)) {
            row(link).before = before;
        }
    }

    fn level_of(&self, height: Height) -> u32 {
        height.0 - self.lowest.0
    }

    /// The children of a block, earliest first.
    pub(super) fn children_of(&self, block: u32) -> impl Iterator<Item = &Link<W>> + '_ {
        let row = self.links.get(block).and_then(|link| link.children);
        self.row(row, |link| link.siblings)
    }

    /// The blocks of a height, earliest first.
    pub(super) fn level(&self, height: Height) -> impl Iterator<Item = &Link<W>> + '_ {
        let level = height.0.checked_sub(self.lowest.0);
        let row = level.and_then(|level| self.heights.get(level)).copied();
        self.row(row, |link| link.rivals)
    }

    fn row(
        &self,
        row: Row,
        neighbours: fn(&Link<W>) -> Neighbours,
    ) -> impl Iterator<Item = &Link<W>> + '_ {
        let first = row.and_then(|(first, _)| self.links.get(first));
        core::iter::successors(first, move |link| self.links.get(neighbours(link).behind?))
    }
}

/// A block's neighbours in one of its rows.
type Side<W> = fn(&mut Link<W>) -> &mut Neighbours;

fn siblings<W>(link: &mut Link<W>) -> &mut Neighbours {
    &mut link.siblings
}

fn rivals<W>(link: &mut Link<W>) -> &mut Neighbours {
    &mut link.rivals
}

/// Puts a block at the end of a row; says which was there before.
fn append(row: &mut Row, number: u32) -> Option<u32> {
    let before = *row;
    let first = before.map_or(number, |(first, _)| first);
    *row = Some((first, number));
    before.map(|(_, last)| last)
}

/// Takes a block out of its row, given its neighbours there.
fn cut_out(row: &mut Row, number: u32, neighbours: Neighbours) {
    let Some((first, last)) = *row else { return };
    let Neighbours { before, behind } = neighbours;
    let first = if first == number { behind } else { Some(first) };
    let last = if last == number { before } else { Some(last) };
    *row = first.zip(last);
}
