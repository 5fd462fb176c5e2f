//! Claims about what is committed.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use chain::{BlockId, PeerId, Seat};
use protocol::{Config, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::observer::{Disk, Fact, Line, Observer, What};
use super::reign;
use crate::claims::{Rule, trim};
use crate::raft::message::{Configured, Index, Term};
use crate::raft::saved::entry_config;

/// What is known to be committed: what replicas executed, and what leaders say is.
#[derive(Clone)]
pub(super) struct Committed {
    /// Each line with the term in which it was first known to be committed.
    pub lines: Map<Index, (Line, Term)>,
    /// The configurations among them, and the first one.
    configs: Map<Index, Arc<Config>>,
    /// How far each replica is known to take its log as committed.
    known: Map<Seat, Index>,
    /// All lines up to here have been forgotten.
    pub forgotten: Index,
}

impl From<Config> for Committed {
    /// Nothing is committed; this configuration holds.
    fn from(first: Config) -> Self {
        Self {
            lines: Map::new_sync(),
            configs: Map::new_sync().insert(Index(0), Arc::new(first)),
            known: Map::new_sync(),
            forgotten: Index(0),
        }
    }
}

impl Committed {
    /// The last configuration that is committed, and where it stands.
    pub fn config(&self) -> (Index, Arc<Config>) {
        self.config_at(Index(u64::MAX))
    }

    /// The configuration that holds at an index.
    fn config_at(&self, index: Index) -> (Index, Arc<Config>) {
        let latest = self.configs.range(..=index).next_back();
        let (since, config) = latest.expect("one holds from the beginning");
        (*since, config.clone())
    }

    /// A replica forgets how far its log is committed.
    pub fn restarts(&mut self, seat: Seat) {
        self.known.remove_mut(&seat);
    }

    /// How far a replica is known to take its log as committed.
    pub fn known(&self, seat: Seat) -> Index {
        self.known.get(&seat).copied().unwrap_or_default()
    }

    /// Learns that a replica takes its log as committed up to an index, in some term.
    pub fn note(
        &mut self,
        seat: Seat,
        disk: &Disk,
        (until, term): (Index, Term),
        fresh: &mut Vec<Index>,
    ) -> Result<(), String> {
        let known = self.known(seat);
        let mut next = known.max(disk.forgotten).max(self.forgotten).next();
        while next <= until {
            let Some(line) = disk.log.get(&next) else {
                return Err(format!("commits {} without having it", next.0));
            };
            match self.lines.get(&next) {
                Some((other, _)) if other != line => {
                    return Err(format!("decides slot {} differently from others", next.0));
                }
                Some(_) => {}
                None => {
                    if let Some(config) = entry_config(&line.value) {
                        self.configs.insert_mut(next, Arc::new(config));
                    }
                    self.lines.insert_mut(next, (line.clone(), term));
                    fresh.push(next);
                }
            }
            next = next.next();
        }
        if until > known {
            self.known.insert_mut(seat, until);
        }
        while let Some(oldest) = trim(&mut self.lines) {
            self.forgotten = oldest;
        }
        Ok(())
    }
}

/// Falls if something cannot be committed as it is.
fn untroubled(observer: &Observer) -> Result<(), String> {
    observer.latest.trouble.clone().map_or(Ok(()), Err)
}

/// What is committed in a term is in the logs of the leaders of all later terms.
#[derive(Clone, Default)]
pub(super) struct LeaderCompleteness {
    reigns: Map<PeerId, Term>,
}

fn begins(observer: &Observer, peer: PeerId, term: Term) -> Result<(), String> {
    let Some(disk) = observer.disk(peer) else {
        return Ok(());
    };
    // Late votes can make a leader of an older term, which need not have what later ones committed.
    let lines = observer.committed.lines.iter();
    let mut earlier = lines.filter(|(_, (_, when))| *when < term);
    match earlier.find(|(index, (line, _))| !disk.holds(**index, line)) {
        None => Ok(()),
        Some((index, _)) => Err(format!(
            "{peer} leads in term {} without committed entry {}",
            term.0, index.0
        )),
    }
}

impl Rule for LeaderCompleteness {
    type Observer = Observer;

    const NAME: &'static str = "raft/leader-completeness";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        untroubled(observer)?;
        match reign(seen.glance) {
            Some(term) if self.reigns.get(&seen.peer) != Some(&term) => {
                self.reigns.insert_mut(seen.peer, term);
                begins(observer, seen.peer, term)
            }
            _ => Ok(()),
        }
    }
}

/// No two replicas execute different things in a slot.
#[derive(Clone, Default)]
pub(super) struct StateMachineSafety {
    /// The best block after each slot.
    tips: Map<u64, BlockId>,
}

impl Rule for StateMachineSafety {
    type Observer = Observer;

    const NAME: &'static str = "raft/state-machine-safety";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        untroubled(observer)?;
        let (Some(glance), Some(_)) = (seen.glance, observer.disk(seen.peer)) else {
            return Ok(());
        };
        match self.tips.get(&glance.executed) {
            Some(tip) if *tip != glance.tip => {
                let (peer, slot) = (seen.peer, glance.executed);
                return Err(format!(
                    "after slot {slot}, {peer} is at another block than others"
                ));
            }
            Some(_) => {}
            None => {
                self.tips.insert_mut(glance.executed, glance.tip);
                trim(&mut self.tips);
            }
        }
        Ok(())
    }
}

/// What is committed is on the disks of a majority, then and ever after: as an entry, or in a snapshot.
#[derive(Clone, Default)]
pub(super) struct CommittedIsDurable;

impl Rule for CommittedIsDurable {
    type Observer = Observer;

    const NAME: &'static str = "raft/committed-is-durable";

    fn after(&mut self, observer: &Observer, _seen: &Seen<'_>) -> Result<(), String> {
        untroubled(observer)?;
        let (fresh, touched) = (&observer.latest.fresh, observer.latest.touched);
        let Some(first) = fresh.first().copied().into_iter().chain(touched).min() else {
            return Ok(());
        };
        are_durable(observer, first)
    }

    fn after_loss(&mut self, observer: &Observer, _peer: PeerId) -> Result<(), String> {
        are_durable(observer, Index(0))
    }

    /// Clients, and members that vote.
    fn needs(&self, observer: &Observer, peer: PeerId) -> bool {
        let votes = |seat| {
            let all = observer.electorates();
            all.iter().any(|config| config.is_voter(seat))
        };
        observer.seat(peer).is_none_or(votes)
    }
}

/// Whether all that is committed from an index on is on a majority's disks.
fn are_durable(observer: &Observer, first: Index) -> Result<(), String> {
    let mut lines = observer.committed.lines.range(first..);
    let electorates = observer.electorates();
    match lines.find(|(index, (line, _))| !observer.is_durable(&electorates, **index, line)) {
        None => Ok(()),
        Some((index, _)) => Err(format!(
            "{} is committed and not on a majority's disks",
            index.0
        )),
    }
}

/// A snapshot stands for what is committed and for nothing else, never for less than before, and says
/// who takes part; no replica drops what it knows to be committed before a snapshot stands for it.
#[derive(Clone, Default)]
pub(super) struct SnapshotsAreCommitted;

/// Whether a fact is in order.
fn is_covered(committed: &Committed, Fact { disk, what }: &Fact) -> bool {
    match what {
        What::Cut(cut) => {
            let goes_on = cut.snapshot.index >= disk.cut.snapshot.index
                && cut.base.index >= disk.cut.base.index
                && cut.base.index <= cut.snapshot.index;
            let same = match committed.lines.get(&cut.snapshot.index) {
                Some((line, _)) => line.term == cut.snapshot.term,
                None => cut.snapshot.index <= committed.forgotten,
            };
            goes_on && same
        }
        What::Dropped { from, until } => {
            let first = disk.cut.base.index.next().max(*from);
            let end = disk.last.min(disk.committed).next().min(*until);
            first >= end
        }
        _ => true,
    }
}

/// Whether the configuration that goes with a snapshot is the one that held there.
fn is_configured(committed: &Committed, disk: &Disk) -> bool {
    let (since, config) = committed.config_at(disk.snapshot());
    let right = (since > Index(0)).then_some(Configured { since, config });
    disk.configured == right
}

impl Rule for SnapshotsAreCommitted {
    type Observer = Observer;

    const NAME: &'static str = "raft/snapshots-are-committed";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        let mut facts = observer.latest.facts.iter();
        let is_cut = facts.any(|fact| matches!(fact.what, What::Cut(_)));
        if let Some(disk) = observer.disk(seen.peer).filter(|_| is_cut)
            && !is_configured(&observer.committed, disk)
        {
            let peer = seen.peer;
            return Err(format!(
                "{peer} keeps the wrong configuration beside its snapshot"
            ));
        }
        let mut facts = observer.latest.facts.iter();
        match facts.find(|fact| !is_covered(&observer.committed, fact)) {
            None => Ok(()),
            Some(Fact { what, .. }) => Err(format!(
                "{} cuts its log off where it may not: {what:?}",
                seen.peer
            )),
        }
    }
}
