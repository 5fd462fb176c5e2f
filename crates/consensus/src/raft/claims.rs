//! What Raft promises (paper figure 3), judged from outside: from what replicas say, save and look
//! like. Of their code, only the codec is shared. Each claim remembers the latest few thousand lines
//! and terms.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec, vec::Vec};

use chain::PeerId;
use protocol::{Claim, Glance, Seen, Terms};
use rpds::RedBlackTreeMapSync as Map;

use super::LEADER;
use super::message::{Index, Message, Term};
use crate::claims::{Rule, Shared, trim};

mod committed;
mod observer;
mod promises;
#[cfg(test)]
mod tests;

use committed::{
    CommittedIsDurable, LeaderCompleteness, SnapshotsAreCommitted, StateMachineSafety,
};
use observer::{Before, Fact, Line, Observer, What};
use promises::PromisesAreDurable;

/// All claims about a run on these terms. They share one observer.
pub(super) fn all(terms: &Terms) -> Vec<Box<dyn Claim>> {
    let first = super::first_config(terms);
    let observer = Shared::new(Observer::new(&terms.members, first));
    vec![
        observer.claim(ElectionSafety::default()),
        observer.claim(LeaderAppendOnly::default()),
        observer.claim(LogMatching::default()),
        observer.claim(LeaderCompleteness::default()),
        observer.claim(StateMachineSafety::default()),
        observer.claim(CommittedIsDurable),
        observer.claim(SnapshotsAreCommitted),
        observer.claim(PromisesAreDurable),
    ]
}

/// The term in which a machine leads at present, if it does.
fn reign(glance: Option<Glance>) -> Option<Term> {
    let glance = glance?;
    (glance.role == LEADER).then_some(Term(glance.epoch))
}

/// At most one leader is elected in a term.
#[derive(Clone, Default)]
struct ElectionSafety {
    leaders: Leaders,
}

/// Who led in which term.
#[derive(Clone, Default)]
struct Leaders(Map<Term, PeerId>);

impl Leaders {
    fn leads(&mut self, peer: PeerId, term: Term) -> Result<(), String> {
        match self.0.get(&term) {
            Some(other) if *other != peer => {
                Err(format!("{other} and {peer} both lead in term {}", term.0))
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert_mut(term, peer);
                trim(&mut self.0);
                Ok(())
            }
        }
    }
}

impl Rule for ElectionSafety {
    type Observer = Observer;

    const NAME: &'static str = "raft/election-safety";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        for fact in &observer.latest.facts {
            // Whoever sends entries says that it leads, even if it crashes in the same step.
            if let What::Said {
                message:
                    Message::Append { term, .. }
                    | Message::Install { term, .. }
                    | Message::Confirm { term, .. }
                    | Message::TimeoutNow { term },
                ..
            } = &fact.what
            {
                self.leaders.leads(seen.peer, *term)?;
            }
        }
        let is_member = observer.seat(seen.peer).is_some();
        match reign(seen.glance).filter(|_| is_member) {
            Some(term) => self.leaders.leads(seen.peer, term),
            None => Ok(()),
        }
    }
}

/// A leader never overwrites or deletes entries in its log, but for those that a snapshot stands for.
#[derive(Clone, Default)]
struct LeaderAppendOnly {
    reigns: Map<PeerId, Term>,
}

/// Whether something changes what was in a log before, behind where that is cut off.
fn rewrites(Fact { disk, what }: &Fact) -> bool {
    match what {
        What::Wrote { index, .. } => *index <= disk.last,
        What::Dropped { from, until } => *from <= disk.last && *until > disk.cut.base.index.next(),
        _ => false,
    }
}

impl Rule for LeaderAppendOnly {
    type Observer = Observer;

    const NAME: &'static str = "raft/leader-append-only";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        let now = reign(seen.glance);
        let goes_on = now.is_some() && self.reigns.get(&seen.peer) == now.as_ref();
        if goes_on && observer.latest.facts.iter().any(rewrites) {
            return Err(format!("{} leads and changes what it has", seen.peer));
        }
        match now {
            Some(_) if goes_on => {}
            Some(term) => self.reigns.insert_mut(seen.peer, term),
            None => drop(self.reigns.remove_mut(&seen.peer)),
        }
        Ok(())
    }
}

/// Entries of the same index and term are the same, and so is all before them. If the term of the
/// entry before is part of what is compared, the second half follows by induction.
#[derive(Clone, Default)]
struct LogMatching {
    named: Named,
}

/// What index and term determine.
#[derive(Clone, Default)]
struct Named(Map<(Index, Term), Known>);

#[derive(Clone, PartialEq, Eq)]
struct Known {
    value: Arc<[u8]>,
    /// The term of the entry before.
    before: Term,
}

impl Named {
    fn wrote(&mut self, index: Index, line: &Line, before: Before) -> Result<(), String> {
        let before = match before {
            Before::Term(term) => term,
            Before::Forgotten => return Ok(()),
            Before::Missing => return Err(format!("has {} but not the one before", index.0)),
        };
        let (name, value) = ((index, line.term), line.value.clone());
        let entry = Known { value, before };
        match self.0.get(&name) {
            Some(other) if *other != entry => {
                let (index, term) = (index.0, line.term.0);
                Err(format!("has another entry {index} of term {term}"))
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert_mut(name, entry);
                trim(&mut self.0);
                Ok(())
            }
        }
    }
}

impl Rule for LogMatching {
    type Observer = Observer;

    const NAME: &'static str = "raft/log-matching";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        for fact in &observer.latest.facts {
            if let What::Wrote {
                index,
                line,
                before,
            } = &fact.what
            {
                let wrote = self.named.wrote(*index, line, *before);
                wrote.map_err(|what| format!("{} {what}", seen.peer))?;
            }
        }
        Ok(())
    }
}
