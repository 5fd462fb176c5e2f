//! Shrinks a failing scenario: drops faults in ever smaller groups (delta debugging, Zeller and
//! Hildebrandt 2002), then seats, time and bad links, until nothing more can go.

use chain::Time;
use scenario::{FaultKind, Scenario};

use crate::{Sim, Verdict};

/// The smallest scenario found within this many tries that still fails according to `fails`. Only
/// scenarios within their limits are tried.
pub fn shrink(
    scenario: &Scenario,
    tries: u32,
    mut fails: impl FnMut(&Scenario) -> bool,
) -> Scenario {
    let mut search = Search {
        best: scenario.clone(),
        tries,
        fails: &mut fails,
    };
    loop {
        let before = search.best.clone();
        search.drop_faults();
        search.drop_acts();
        search.drop_seats();
        search.drop_time();
        search.calm_links();
        if search.best == before || search.tries == 0 {
            return search.best;
        }
    }
}

/// Whether a claim is broken in the run of a scenario.
#[must_use]
pub fn breaks(scenario: &Scenario, claim: &str) -> bool {
    let Ok(mut sim) = Sim::new(scenario) else {
        return false;
    };
    let broken = |other: &crate::Claim| {
        other.name == claim && matches!(other.verdict, Verdict::Broken { .. })
    };
    sim.run().claims.iter().any(broken)
}

struct Search<'a> {
    best: Scenario,
    tries: u32,
    fails: &'a mut dyn FnMut(&Scenario) -> bool,
}

impl Search<'_> {
    fn accept(&mut self, candidate: Scenario) -> bool {
        if self.tries == 0 || candidate == self.best || candidate.check().is_err() {
            return false;
        }
        self.tries -= 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    fn change(&mut self, change: impl FnOnce(&mut Scenario)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        self.accept(candidate)
    }

    fn drop_faults(&mut self) {
        let mut size = self.best.faults.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.best.faults.len() {
                let end = (at + size).min(self.best.faults.len());
                if !self.change(|scenario| drop(scenario.faults.drain(at..end))) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn drop_acts(&mut self) {
        for at in (0..self.best.acts.len()).rev() {
            self.change(|scenario| drop(scenario.acts.remove(at)));
        }
    }

    /// Clients and nodes, the last ones first.
    fn drop_seats(&mut self) {
        let clients = |scenario: &mut Scenario| {
            scenario.clients.count = scenario.clients.count.saturating_sub(1);
            without(scenario, scenario.nodes.count + scenario.clients.count);
        };
        while self.best.clients.count > 0 && self.change(clients) {}
        let nodes = |scenario: &mut Scenario| {
            scenario.nodes.count -= 1;
            without(scenario, scenario.nodes.count);
        };
        while self.best.nodes.count > 1 && self.change(nodes) {}
    }

    /// Ends the run earlier; faults after its end go.
    fn drop_time(&mut self) {
        for eighths in [1, 2, 4, 6, 7] {
            let seconds = (self.best.seconds * eighths / 8).max(1);
            let end = seconds * 1_000;
            let shorter = |scenario: &mut Scenario| {
                scenario.seconds = seconds;
                let until = Time(u64::from(end) * 1_000);
                for list in [&mut scenario.faults, &mut scenario.acts] {
                    list.retain(|fault| fault.at <= until);
                    for lasts in list.iter_mut().filter_map(|fault| lasts(&mut fault.kind)) {
                        *lasts = (*lasts).min(end);
                    }
                }
            };
            if self.change(shorter) {
                break;
            }
        }
    }

    fn calm_links(&mut self) {
        self.change(|scenario| scenario.regions.clear());
        self.change(|scenario| scenario.links.loss_ppm = 0);
        self.change(|scenario| scenario.links.duplicate_ppm = 0);
        self.change(|scenario| scenario.links.delay_max_ms = scenario.links.delay_min_ms);
        self.change(|scenario| scenario.disks = scenario::DisksSpec::default());
    }
}

/// For how long a fault of a node lasts.
fn lasts(kind: &mut FaultKind) -> Option<&mut u32> {
    match kind {
        FaultKind::Crash { for_ms, .. }
        | FaultKind::CrashInWrite { for_ms, .. }
        | FaultKind::PowerLoss { for_ms, .. }
        | FaultKind::Rot { for_ms, .. }
        | FaultKind::Pause { for_ms, .. } => Some(for_ms),
        _ => None,
    }
}

/// Takes a seat out of all that goes wrong, and counts those after it down.
fn without(scenario: &mut Scenario, seat: u32) {
    for list in [&mut scenario.faults, &mut scenario.acts] {
        list.retain_mut(|fault| goes_on_without(&mut fault.kind, seat));
    }
}

fn goes_on_without(kind: &mut FaultKind, seat: u32) -> bool {
    let rest = |list: &mut Vec<u32>| {
        list.retain(|other| *other != seat);
        list.iter_mut()
            .filter(|other| **other > seat)
            .for_each(|other| *other -= 1);
    };
    match kind {
        FaultKind::Crash { node, .. }
        | FaultKind::CrashInWrite { node, .. }
        | FaultKind::PowerLoss { node, .. }
        | FaultKind::Pause { node, .. }
        | FaultKind::Slow { node, .. }
        | FaultKind::Rot { node, .. }
        | FaultKind::Clock { node, .. }
        | FaultKind::Leave { node }
        | FaultKind::Join { node }
        | FaultKind::Submit { node, .. }
        | FaultKind::TurnHonest { node }
        | FaultKind::TransferLeadership { to: node } => {
            let stays = *node != seat;
            *node -= u32::from(*node > seat);
            stays
        }
        FaultKind::TurnEvil { node, to, .. } => {
            let stays = *node != seat;
            *node -= u32::from(*node > seat);
            rest(to);
            stays
        }
        FaultKind::Cut { groups } => {
            groups.iter_mut().for_each(rest);
            true
        }
        FaultKind::Reconfigure { voters, learners } => {
            rest(learners);
            rest(voters);
            !voters.is_empty()
        }
        FaultKind::CutOneWay { from, to } => {
            [from, to].into_iter().for_each(rest);
            true
        }
        FaultKind::Heal {}
        | FaultKind::LosePacket { .. }
        | FaultKind::DelayPacket { .. }
        | FaultKind::RepeatPacket { .. } => true,
    }
}
