//! All claims of a run, and what became of them.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use chain::{PeerId, Time};
use protocol::{Claim, Death, Kin, Seen, Shape};
use scenario::{Place, Scenario, Setting};

use crate::checkers::{self, Branches, Fall, SETTLES};
use crate::queue::SeatIx;
use crate::report::{self, Verdict};

/// The claims of a run.
pub(crate) struct Judges {
    branches: Option<Branches>,
    claims: Vec<Box<dyn Claim>>,
    broken: BTreeMap<&'static str, (Time, String)>,
    /// Who lies on purpose: nothing is asked of them.
    twisted: BTreeSet<SeatIx>,
    /// Since when no node is in trouble any more ...
    calm: Time,
    /// ... and whether the network is well.
    is_well: bool,
    falls: Vec<Fall>,
    /// The claims that fell in the present event.
    fallen: Vec<&'static str>,
}

impl Judges {
    /// The claims that the rules of a scenario make.
    pub(crate) fn new(scenario: &Scenario, setting: &Setting, member: &Place) -> Self {
        let (branches, mut claims) = match setting.entry.shape {
            Shape::Forks => (Some(Branches::new(&setting.chain, scenario.depth)), vec![]),
            Shape::Slots => (None, checkers::of_slots(setting.ledger)),
        };
        claims.extend(setting.claims(member));
        Self {
            branches,
            claims,
            broken: BTreeMap::new(),
            twisted: BTreeSet::new(),
            calm: Time::ZERO,
            is_well: true,
            falls: Vec::new(),
            fallen: Vec::new(),
        }
    }

    /// From now on a node lies on purpose.
    pub(crate) fn twisted(&mut self, seat: SeatIx) {
        self.twisted.insert(seat);
    }

    /// Whether a node lies on purpose.
    pub(crate) fn is_twisted(&self, seat: SeatIx) -> bool {
        self.twisted.contains(&seat)
    }

    /// Whether progress may depend on a node.
    pub(crate) fn needs(&self, peer: PeerId) -> bool {
        self.claims.iter().all(|claim| claim.needs(peer))
    }

    /// Judges of the same, who go their own way from here.
    pub(crate) fn fork(&self) -> Self {
        let mut kin = Kin::default();
        Self {
            branches: self.branches.as_ref().map(Branches::fork),
            claims: self.claims.iter().map(|one| one.fork(&mut kin)).collect(),
            broken: self.broken.clone(),
            twisted: self.twisted.clone(),
            falls: Vec::new(),
            fallen: self.fallen.clone(),
            ..*self
        }
    }

    /// Shows a step to all.
    pub(crate) fn after(&mut self, seen: &Seen<'_>) {
        if self.is_twisted(seen.seat) {
            let claims = self.claims.iter_mut();
            return claims.for_each(|claim| claim.after_twisted(seen));
        }
        if let Some(branches) = &mut self.branches {
            branches.after(seen, &mut self.falls);
        }
        for claim in &mut self.claims {
            if let Err(what) = claim.after(seen) {
                self.falls.push((claim.name(), what));
            }
        }
        self.take_down(seen.at);
    }

    /// What is broken for the first time has fallen.
    fn take_down(&mut self, at: Time) {
        for (name, what) in self.falls.drain(..) {
            if let Entry::Vacant(place) = self.broken.entry(name) {
                place.insert((at, what));
                self.fallen.push(name);
            }
        }
    }

    /// Another event begins, in which nothing has fallen yet.
    pub(crate) fn begin(&mut self) {
        self.fallen.clear();
    }

    /// The claims that fell in this event, and what was seen.
    pub(crate) fn fallen(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fallen.iter().filter_map(|name| {
            let (_, what) = self.broken.get(name)?;
            Some((*name, what.as_str()))
        })
    }

    /// Shows a death to all.
    pub(crate) fn died(&mut self, at: Time, death: &Death<'_>) {
        if self.is_twisted(death.seat) {
            return;
        }
        if let Some(branches) = &mut self.branches {
            branches.died(death);
        }
        for claim in &mut self.claims {
            if let Err(what) = claim.died(death) {
                self.falls.push((claim.name(), what));
            }
        }
        self.take_down(at);
    }

    /// A node is in trouble until this time.
    pub(crate) fn trouble(&mut self, until: Time) {
        self.calm = self.calm.max(until);
    }

    /// From now on the network is well, or is not.
    pub(crate) fn network(&mut self, now: Time, is_well: bool) {
        self.is_well = is_well;
        self.trouble(now);
    }

    /// What has become of all claims by now.
    pub(crate) fn verdicts(&self, now: Time, is_away: bool) -> Vec<report::Claim> {
        let branches = self.branches.iter().flat_map(Branches::names);
        let branches = branches.map(|name| (name, self.broken_or_held(name)));
        let claims = self.claims.iter().map(|claim| {
            let name = claim.name();
            let verdict = match (self.broken_or_held(name), claim.at_end(now)) {
                (Verdict::Held, Err(what)) => self.owed(now, is_away, what),
                (verdict, _) => verdict,
            };
            (name, verdict)
        });
        let all = branches.chain(claims);
        all.map(|(name, verdict)| report::Claim { name, verdict })
            .collect()
    }

    fn broken_or_held(&self, name: &str) -> Verdict {
        match self.broken.get(name) {
            None => Verdict::Held,
            Some((at, what)) => Verdict::Broken {
                at: *at,
                what: what.clone(),
            },
        }
    }

    /// What is missing at the end counts only if nothing has gone wrong for a while.
    fn owed(&self, now: Time, is_away: bool, what: String) -> Verdict {
        let why = if !self.is_well {
            "the network has not healed"
        } else if is_away {
            "a node is away"
        } else if self.calm > now {
            "a node is down or stands still"
        } else if self.calm.saturating_add(SETTLES) > now {
            "the run ends too soon after the last fault"
        } else {
            return Verdict::Broken { at: now, what };
        };
        Verdict::Excused { what, why }
    }
}
