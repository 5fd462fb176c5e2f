//! One look at each step for all claims: messages are read once, and what has become durable where is
//! known from the replicas' saves, applied once more.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use chain::{PeerId, Seat, decode_exact};
use protocol::{Config, Death, Deed, Input, Output, Seen, kept};
use rpds::RedBlackTreeMapSync as Map;

use super::committed::Committed;
use crate::claims::{self, trim};
use crate::members::seat_of;
use crate::raft::message::{Configured, Index, Message, Term};
use crate::raft::saved::{
    CONFIG, CUT, Cut, PROMISE, Promise, entry_config, entry_index, entry_term,
};

/// A saved entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub term: Term,
    pub value: Arc<[u8]>,
}

/// One replica's disk.
#[derive(Clone, Default)]
pub(super) struct Disk {
    promise: Promise,
    cut: Cut,
    /// The configuration that goes with the snapshot; `None` if that is the first one.
    pub configured: Option<Configured>,
    pub log: Map<Index, Line>,
    /// The configurations among the lines.
    configs: Map<Index, Arc<Config>>,
    /// All lines up to here are behind the cut, or have been forgotten here.
    pub forgotten: Index,
}

/// A disk in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief {
    pub promise: Promise,
    pub cut: Cut,
    /// The end of the log.
    pub last: Index,
    /// How far its owner is known to take it as committed.
    pub committed: Index,
}

/// What is known of the entry before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Its term; 0 before the first.
    Term(Term),
    Forgotten,
    Missing,
}

/// Something that a member did.
#[derive(Clone, Debug)]
pub(super) enum What {
    Vowed(Promise),
    Cut(Cut),
    Wrote {
        index: Index,
        line: Line,
        before: Before,
    },
    /// All lines from one on are gone, up to but not including another.
    Dropped {
        from: Index,
        until: Index,
    },
    Said {
        to: PeerId,
        message: Message,
    },
}

/// The same with the member's disk as it was before.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub disk: Brief,
    pub what: What,
}

impl Disk {
    fn brief(&self, committed: Index) -> Brief {
        Brief {
            committed,
            promise: self.promise,
            cut: self.cut,
            last: self.last(),
        }
    }

    pub fn last(&self) -> Index {
        let last = self.log.last().map(|(index, _)| *index);
        last.unwrap_or(self.forgotten)
    }

    /// The last entry that its snapshot stands for.
    pub fn snapshot(&self) -> Index {
        self.cut.snapshot.index
    }

    /// Whether the disk holds this line, or a snapshot that stands for it; true if it has been forgotten.
    pub fn holds(&self, index: Index, line: &Line) -> bool {
        index <= self.forgotten.max(self.cut.snapshot.index) || self.log.get(&index) == Some(line)
    }

    fn before(&self, index: Index) -> Before {
        match index.prev() {
            prev if prev == self.cut.base.index => Before::Term(self.cut.base.term),
            prev if prev <= self.forgotten => Before::Forgotten,
            prev => match self.log.get(&prev) {
                Some(line) => Before::Term(line.term),
                None => Before::Missing,
            },
        }
    }

    fn put(&mut self, name: &[u8], value: &Arc<[u8]>) -> Option<What> {
        if name == PROMISE {
            self.promise = decode_exact(value).ok()?;
            return Some(What::Vowed(self.promise));
        }
        if name == CUT {
            self.cut = decode_exact(value).ok()?;
            self.forgotten = self.forgotten.max(self.cut.base.index);
            return Some(What::Cut(self.cut));
        }
        if name == CONFIG {
            self.configured = Some(decode_exact(value).ok()?);
            return None;
        }
        let (index, term) = (entry_index(name)?, entry_term(value)?);
        let (value, before) = (value.clone(), self.before(index));
        let line = Line { term, value };
        self.log.insert_mut(index, line.clone());
        match entry_config(&line.value) {
            Some(config) => self.configs.insert_mut(index, Arc::new(config)),
            None => drop(self.configs.remove_mut(&index)),
        }
        if let Some(oldest) = trim(&mut self.log) {
            self.configs.remove_mut(&oldest);
            self.forgotten = oldest;
        }
        Some(What::Wrote {
            index,
            line,
            before,
        })
    }

    fn drop(&mut self, from: Index, until: Index) {
        let range = self.log.range(from..until.max(from));
        let gone: Vec<Index> = range.map(|(index, _)| *index).collect();
        for index in gone {
            self.log.remove_mut(&index);
            self.configs.remove_mut(&index);
        }
        self.forgotten = self.forgotten.min(from.prev()).max(self.cut.base.index);
    }

    /// Applies what its owner did.
    fn apply(&mut self, deed: &Deed<'_>) -> Option<What> {
        match deed {
            Deed::Put { name, value } => self.put(name, value),
            Deed::DeletedRange { from, until } => {
                let (from, until) = (entry_index(from)?, entry_index(until)?);
                self.drop(from, until);
                Some(What::Dropped { from, until })
            }
            Deed::Said { to, bytes } => {
                let (to, message) = (*to, decode_exact(bytes).ok()?);
                Some(What::Said { to, message })
            }
        }
    }
}

/// What all claims know.
#[derive(Clone)]
pub(super) struct Observer {
    members: Arc<[PeerId]>,
    /// By seat.
    disks: Vec<Disk>,
    pub committed: Committed,
    pub latest: Step,
}

/// What came of the latest step. Of others than members, nothing is told.
#[derive(Clone, Default)]
pub(super) struct Step {
    pub facts: Vec<Fact>,
    /// Where the log is committed that was not known to be.
    pub fresh: Vec<Index>,
    /// From where on lines were written or dropped.
    pub touched: Option<Index>,
    /// What cannot be committed as it is.
    pub trouble: Option<String>,
}

impl Observer {
    pub fn new(members: &Arc<[PeerId]>, first: Config) -> Self {
        Self {
            members: members.clone(),
            disks: members.iter().map(|_| Disk::default()).collect(),
            committed: Committed::from(first),
            latest: Step::default(),
        }
    }

    /// A member's disk; `None` for all others.
    pub fn disk(&self, peer: PeerId) -> Option<&Disk> {
        self.disks.get(self.seat(peer)?.0 as usize)
    }

    pub fn seat(&self, peer: PeerId) -> Option<Seat> {
        seat_of(&self.members, peer)
    }

    /// Whose majorities may commit by now: the last configuration that is known to be committed, and all
    /// that stand behind it on somebody's disk. Of those before, none can any more: a leader that does not
    /// know better is not elected, and one that was elected earlier finds no majority.
    pub fn electorates(&self) -> Vec<Arc<Config>> {
        let (since, last) = self.committed.config();
        let later = self.disks.iter().flat_map(|disk| {
            let later = disk.configs.range(since.next()..);
            later.map(|(_, config)| config.clone())
        });
        core::iter::once(last).chain(later).collect()
    }

    /// Whether a line is held by a majority of the voters, and of those who are to leave, in one of these
    /// configurations.
    pub fn is_durable(&self, electorates: &[Arc<Config>], index: Index, line: &Line) -> bool {
        let holds = |seat: &Seat| {
            let disk = self.disks.get(seat.0 as usize);
            disk.is_some_and(|disk| disk.holds(index, line))
        };
        let majority = |seats: &[Seat]| {
            let holders = seats.iter().filter(|seat| holds(seat)).count();
            holders > seats.len() / 2
        };
        electorates.iter().any(|config| {
            majority(&config.voters) && (config.outgoing.is_empty() || majority(&config.outgoing))
        })
    }

    fn look(&mut self, seat: Seat, seen: &Seen<'_>) -> Result<(), String> {
        if let Input::Boot { .. } = seen.input {
            self.committed.restarts(seat);
        }
        for output in seen.out {
            for deed in output.deeds() {
                self.learn(seat, &deed)?;
            }
            if let Output::Executed { slot, .. } = output {
                let term = self.disks[seat.0 as usize].promise.term;
                self.note(seat, Index(*slot), term)?;
            }
        }
        match seen.glance {
            Some(glance) => self.note(seat, Index(glance.executed), Term(glance.epoch)),
            None => Ok(()),
        }
    }

    fn learn(&mut self, seat: Seat, deed: &Deed<'_>) -> Result<(), String> {
        let owner = &mut self.disks[seat.0 as usize];
        let disk = owner.brief(self.committed.known(seat));
        let Some(what) = owner.apply(deed) else {
            return Ok(());
        };
        let commits = match &what {
            What::Wrote { index, .. } | What::Dropped { from: index, .. } => {
                let touched = self.latest.touched.unwrap_or(*index);
                self.latest.touched = Some(touched.min(*index));
                None
            }
            What::Said {
                message: Message::Append { term, commit, .. },
                ..
            } => Some((*commit, *term)),
            _ => None,
        };
        self.latest.facts.push(Fact { disk, what });
        commits.map_or(Ok(()), |(index, term)| self.note(seat, index, term))
    }

    fn note(&mut self, seat: Seat, until: Index, term: Term) -> Result<(), String> {
        let disk = &self.disks[seat.0 as usize];
        self.committed
            .note(seat, disk, (until, term), &mut self.latest.fresh)
    }
}

impl claims::Observer for Observer {
    fn see(&mut self, seen: &Seen<'_>) {
        self.latest = Step::default();
        if let Some(seat) = self.seat(seen.peer)
            && let Err(trouble) = self.look(seat, seen)
        {
            self.latest.trouble = Some(format!("{}: {trouble}", seen.peer));
        }
    }

    /// What it saved is known; what it takes as committed need not be.
    fn see_twisted(&mut self, seen: &Seen<'_>) {
        self.latest = Step::default();
        if let Some(seat) = self.seat(seen.peer) {
            let disk = &mut self.disks[seat.0 as usize];
            for deed in seen.deeds() {
                disk.apply(&deed);
            }
        }
    }

    fn see_death(&mut self, death: &Death<'_>) {
        let (Some(remains), Some(seat)) = (death.remains, self.seat(death.peer)) else {
            return;
        };
        let mut disk = Disk::default();
        for (name, value) in remains.own {
            if let Some(name) = kept(name) {
                disk.apply(&Deed::Put { name, value });
            }
        }
        self.disks[seat.0 as usize] = disk;
    }
}
