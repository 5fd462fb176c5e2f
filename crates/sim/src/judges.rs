//! All claims of a run, and what became of them.

use std::collections::BTreeMap;

use chain::Time;
use protocol::{Claim, Seen, Shape};
use scenario::{Place, Scenario, Setting};

use crate::checkers::{self, Branches, Fall, SETTLES};
use crate::report::{self, Verdict};

/// The claims of a run.
pub(crate) struct Judges {
    branches: Option<Branches>,
    claims: Vec<Box<dyn Claim>>,
    broken: BTreeMap<&'static str, (Time, String)>,
    /// Since when nothing goes wrong any more.
    calm: Time,
    falls: Vec<Fall>,
}

impl Judges {
    /// The claims that the rules of a scenario make.
    pub(crate) fn new(scenario: &Scenario, setting: &Setting, member: &Place) -> Self {
        let (branches, mut claims) = match setting.entry.shape {
            Shape::Forks => (Some(Branches::new(&setting.chain, scenario.depth)), vec![]),
            Shape::Slots => (None, checkers::of_slots()),
        };
        claims.extend(setting.claims(member));
        Self {
            branches,
            claims,
            broken: BTreeMap::new(),
            calm: Time::ZERO,
            falls: Vec::new(),
        }
    }

    /// Shows a step to all.
    pub(crate) fn after(&mut self, seen: &Seen<'_>) {
        if let Some(branches) = &mut self.branches {
            branches.after(seen, &mut self.falls);
        }
        for claim in &mut self.claims {
            if let Err(what) = claim.after(seen) {
                self.falls.push((claim.name(), what));
            }
        }
        for (name, what) in self.falls.drain(..) {
            self.broken.entry(name).or_insert((seen.at, what));
        }
    }

    /// Something goes wrong until this time.
    pub(crate) fn trouble(&mut self, until: Time) {
        self.calm = self.calm.max(until);
    }

    /// What would have gone on for ever has ended.
    pub(crate) fn heal(&mut self, now: Time) {
        self.calm = now;
    }

    /// What has become of all claims by now.
    pub(crate) fn verdicts(&self, now: Time) -> Vec<report::Claim> {
        let branches = self.branches.iter().flat_map(Branches::names);
        let branches = branches.map(|name| (name, self.broken_or_held(name)));
        let claims = self.claims.iter().map(|claim| {
            let name = claim.name();
            let verdict = match (self.broken_or_held(name), claim.at_end(now)) {
                (Verdict::Held, Err(what)) => self.owed(now, what),
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
    fn owed(&self, now: Time, what: String) -> Verdict {
        if self.calm.saturating_add(SETTLES) <= now {
            return Verdict::Broken { at: now, what };
        }
        let why = match self.calm {
            Time(u64::MAX) => "a cut has not healed",
            _ => "the run ends too soon after the last fault",
        };
        Verdict::Excused { what, why }
    }
}
