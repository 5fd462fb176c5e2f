//! Branches that are wanted but not applied yet: how many of their headers are kept, and which
//! branches give way when there are too many.
//!
//! Every header without an applied block belongs to a goal (the end of a wanted branch) or to the
//! invalid blocks that are remembered. Somebody who invents a thousand senders still fills the same
//! [`limits::UNPROVEN`], and headers with more work push lighter ones out of it.

use alloc::{sync::Arc, vec::Vec};
use core::cmp::Reverse;

use chain::{BlockId, PeerId, Time, Work};

use crate::limits;
use crate::node::{Node, Turn};
use crate::tables::Goal;

/// The greatest rank gives way first: stalled, then lightest, then youngest.
type Rank = (bool, Reverse<Work>, Time);

impl Goal {
    fn rank(&self, now: Time) -> Rank {
        let is_stalled = now.saturating_since(self.moved) >= limits::GOAL_STALL;
        (is_stalled, Reverse(self.work), self.since)
    }
}

impl Node {
    /// How many headers may be added above `fork` on a branch of total work `work`; weaker branches
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

    /// Forgets a branch, except for the headers that another branch or `fork` needs.
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

    /// Forgets an unapplied block and its descendants.
    fn prune(&mut self, id: BlockId) {
        for id in self.books.index.prune(id) {
            self.take_credit(&id);
        }
        let tables = Arc::make_mut(&mut self.tables);
        let tree = &self.books.index.tree;
        tables.presyncs.retain(|_, presync| presync.is_rooted(tree));
        tables.sync = tables.sync.filter(|sync| tree.contains(&sync.goal));
    }

    /// Remembers invalid blocks, so that they are not fetched again, up to a limit: otherwise one
    /// bad body would buy unlimited memory.
    pub(crate) fn remember_invalid(&mut self, fallen: &[BlockId]) {
        // Descendants are forgotten first: the culprit alone keeps them all out.
        self.tables_mut().invalid.extend(fallen.iter().rev());
        while self.tables.invalid.len() > limits::INVALID {
            if let Some(oldest) = self.tables_mut().invalid.pop_front() {
                self.prune(oldest);
            }
        }
    }

    /// Adds the end of a wanted branch. A branch that is part of another needs no goal of its own.
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

    /// A body arrived: the branches it belongs to are not stalled.
    pub(crate) fn note_moved(&mut self, now: Time, id: &BlockId) {
        let tables = Arc::make_mut(&mut self.tables);
        let tree = &self.books.index.tree;
        for (goal, state) in &mut tables.goals {
            if tree.is_ancestor(id, goal) {
                state.moved = now;
            }
        }
    }

    /// Drops goals that are no longer wanted, now that blocks were applied or condemned.
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

    /// Makes a goal of a block that a peer has, unless it is already applied or invalid.
    pub(crate) fn want_from(&mut self, now: Time, peer: PeerId, id: BlockId) {
        let link = self.books.index.tree.get(&id);
        if link.is_none_or(|link| link.is_ready() || link.is_invalid()) {
            return;
        }
        if self.books.index.lacks_body(&id) && !self.tables.flights.contains_key(&id) {
            self.give_credit(peer, id);
        }
        // Its own body may be here while one below it is missing.
        self.add_goal(now, id, Work::default());
    }

    /// The ends of wanted branches, heaviest first.
    pub(crate) fn goals_by_weight(&self) -> Vec<BlockId> {
        let mut goals: Vec<BlockId> = self.tables.goals.keys().copied().collect();
        goals.sort_by_key(|id| Reverse(self.books.index.work(id)));
        goals
    }

    /// Records who sent a header whose body is still missing.
    pub(crate) fn give_credit(&mut self, peer: PeerId, id: BlockId) {
        self.holders.insert_mut(id, peer);
    }

    /// Forgets who sent a header: its body is here, or nobody wants it any more.
    pub(crate) fn take_credit(&mut self, id: &BlockId) {
        self.holders.remove_mut(id);
    }

    /// How many headers may be added above `fork` before its branch gets too far ahead of its
    /// applied blocks.
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
