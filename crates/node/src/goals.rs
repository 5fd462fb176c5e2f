//! Branches that are wanted and not applied yet: how many headers of them are kept, and which give
//! way when there are too many.
//!
//! Every header without an applied block belongs to a goal, the end of a wanted branch, or to the
//! invalid blocks that are remembered. Whoever invents a thousand senders still fills the same
//! [`limits::UNPROVEN`], and headers that took more work push others out of it.

use alloc::{sync::Arc, vec::Vec};
use core::cmp::Reverse;

use chain::{BlockId, PeerId, Time, Work};

use crate::limits;
use crate::node::{Node, Turn};
use crate::tables::Goal;

/// Greater ranks give way first: stalled, light, young.
type Rank = (bool, Reverse<Work>, Time);

impl Goal {
    fn rank(&self, now: Time) -> Rank {
        let is_stalled = now.saturating_since(self.moved) >= limits::GOAL_STALL;
        (is_stalled, Reverse(self.work), self.since)
    }
}

impl Node {
    /// How many headers may be added above `fork` on a branch that weighs `work`; weaker branches
    /// give way to up to `wanted` of them. `None` if there are too many branches.
    pub(crate) fn make_room(
        &mut self,
        now: Time,
        fork: BlockId,
        work: Work,
        wanted: usize,
    ) -> Option<usize> {
        loop {
            let index = &self.books.index;
            let mut goals = self.tables.goals.keys();
            let takes_over = goals.any(|goal| index.tree.is_ancestor(goal, &fork));
            let has_place = takes_over || self.tables.goals.len() < limits::GOALS;
            let free = limits::UNPROVEN.saturating_sub(index.tree.unready());
            if has_place && free >= wanted {
                return Some(wanted);
            }
            let Some(weakest) = self.weaker_goal(now, fork, work) else {
                return has_place.then_some(free);
            };
            self.drop_goal(weakest, fork);
        }
    }

    /// The weakest branch, if it is weaker than a new one above `fork`.
    fn weaker_goal(&self, now: Time, fork: BlockId, work: Work) -> Option<BlockId> {
        let tree = &self.books.index.tree;
        let goals = self.tables.goals.iter();
        let others = goals.filter(|(id, _)| !tree.is_ancestor(id, &fork));
        let (rank, id) = others.map(|(id, goal)| (goal.rank(now), *id)).max()?;
        (rank > (false, Reverse(work), now)).then_some(id)
    }

    /// Forgets a branch as far as no other one, nor `fork`, needs its headers.
    fn drop_goal(&mut self, loser: BlockId, fork: BlockId) {
        self.tables_mut().goals.remove(&loser);
        let index = &self.books.index;
        let shared = |other: &BlockId| index.height(&index.tree.fork_point(&loser, other)?);
        let others = self.tables.goals.keys().chain([&fork]);
        let needed = others.filter_map(shared).chain(index.ready_edge(&loser));
        let lowest = needed.max().unwrap_or_default().next();
        if let Some(lowest) = index.tree.ancestor(&loser, lowest) {
            self.prune(lowest);
        }
    }

    /// Forgets a block that is not applied and all above it.
    fn prune(&mut self, id: BlockId) {
        for id in self.books.index.prune(id) {
            self.take_credit(&id);
        }
        let tables = Arc::make_mut(&mut self.tables);
        let tree = &self.books.index.tree;
        tables.presyncs.retain(|_, presync| presync.is_rooted(tree));
        tables.sync = tables.sync.filter(|sync| tree.contains(&sync.goal));
    }

    /// Invalid blocks are remembered, so that they are not fetched again; not all for ever, or
    /// memory would be for sale for one bad body.
    pub(crate) fn remember_invalid(&mut self, fallen: &[BlockId]) {
        // Those above go first: the culprit alone keeps them all away.
        self.tables_mut().invalid.extend(fallen.iter().rev());
        while self.tables.invalid.len() > limits::INVALID {
            if let Some(oldest) = self.tables_mut().invalid.pop_front() {
                self.prune(oldest);
            }
        }
    }

    /// A branch is wanted whole. One that is part of another needs no place of its own.
    pub(crate) fn add_goal(&mut self, now: Time, id: BlockId, measured: Work) {
        let tree = &self.books.index.tree;
        let mut goals = self.tables.goals.keys();
        if goals.any(|goal| tree.is_ancestor(&id, goal)) {
            return;
        }
        let work = self.books.index.work(&id).unwrap_or_default().max(measured);
        if self.make_room(now, id, work, 0).is_none() {
            return;
        }
        let mut new = Goal {
            work,
            since: now,
            moved: now,
        };
        let tables = Arc::make_mut(&mut self.tables);
        let tree = &self.books.index.tree;
        tables.goals.retain(|goal, old| {
            let is_part = tree.is_ancestor(goal, &id);
            if is_part {
                new.work = new.work.max(old.work);
                (new.since, new.moved) = (new.since.min(old.since), old.moved);
            }
            !is_part
        });
        tables.goals.insert(id, new);
    }

    /// A body came: the branches that it belongs to are not stalled.
    pub(crate) fn note_moved(&mut self, now: Time, id: &BlockId) {
        let tables = Arc::make_mut(&mut self.tables);
        let tree = &self.books.index.tree;
        for (goal, state) in &mut tables.goals {
            if tree.is_ancestor(id, goal) {
                state.moved = now;
            }
        }
    }

    /// Blocks were applied or condemned: drops what is no longer wanted.
    pub(crate) fn tidy_goals(&mut self, turn: &mut Turn<'_>, applied: &[BlockId]) {
        let tables = Arc::make_mut(&mut self.tables);
        let index = &self.books.index;
        tables.goals.retain(|goal, _| {
            index
                .tree
                .get(goal)
                .is_some_and(|link| !link.is_invalid() && !link.is_ready())
        });
        self.note_sync(turn, applied);
    }

    /// A peer has a block that could not be applied here so far.
    pub(crate) fn want_from(&mut self, now: Time, peer: PeerId, id: BlockId) {
        let link = self.books.index.tree.get(&id);
        if link.is_none_or(|link| link.is_ready() || link.is_invalid()) {
            return;
        }
        if self.books.index.lacks_body(&id) && !self.tables.flights.contains_key(&id) {
            self.give_credit(peer, id);
        }
        // Its own body may be here, and one below it missing.
        self.add_goal(now, id, Work::default());
    }

    /// The ends of wanted branches, the heaviest first.
    pub(crate) fn goals_by_weight(&self) -> Vec<BlockId> {
        let mut goals: Vec<BlockId> = self.tables.goals.keys().copied().collect();
        goals.sort_by_key(|id| Reverse(self.books.index.work(id)));
        goals
    }

    /// Notes who sent a header that has no body yet.
    pub(crate) fn give_credit(&mut self, peer: PeerId, id: BlockId) {
        self.holders.insert_mut(id, peer);
    }

    /// Nobody need be asked for a body any more: it is here, or nobody wants it.
    pub(crate) fn take_credit(&mut self, id: &BlockId) {
        self.holders.remove_mut(id);
    }

    /// How many headers may be added above `fork` as far as its own branch is concerned.
    pub(crate) fn room_ahead(&self, fork: &BlockId, is_measured: bool) -> usize {
        let most = if is_measured {
            limits::MEASURED_AHEAD
        } else {
            limits::HEADERS_AHEAD
        };
        let left = most.saturating_sub(self.books.index.lead(fork));
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}
