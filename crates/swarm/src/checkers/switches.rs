//! Tabs and nodes are cut off or joined only when a person asks, once for each ask, never because
//! of what a hostile page says or repeats.

use std::collections::BTreeMap;

use chain::PeerId;
use tab::{Glance, Input, Stage};
use wire::{Ask, Subject, ToEngine};

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// How long an ask may be under way from one tab to another, in microseconds.
const UNDER_WAY: u64 = 12_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Switches {
    /// Asks that have changed nothing yet, by what they are about and whether to join: when they
    /// were made.
    asked: BTreeMap<(About, bool), Vec<u64>>,
}

/// What an ask is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// The tab or node of this name.
    Named(PeerId),
    /// The tab of this engine.
    Tab(Life),
}

impl Checker for Switches {
    fn name(&self) -> &'static str {
        "switches"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        if let Seen::Slept { by } = seen {
            let all = self.asked.values_mut().flatten();
            all.for_each(|at| *at += by);
        }
        let Seen::Step {
            life,
            input,
            before,
            ..
        } = seen
        else {
            return Ok(());
        };
        self.listen(*life, input, scene.now);
        let Some(view) = scene.views.get(life) else {
            return Ok(());
        };
        self.tab(*life, before, &view.glance, scene.now)?;
        self.nodes(*life, before, &view.glance, scene.now)
    }
}

impl Switches {
    fn listen(&mut self, life: Life, input: &Input, now: u64) {
        if let Input::Page(ToEngine::Ask { ask, .. }) = input
            && let Ask::SetOnline(ask) = ask
        {
            let about = match ask.subject {
                Subject::Here => About::Tab(life),
                Subject::Tab(id) | Subject::Node(id) => About::Named(id),
            };
            self.asked.entry((about, ask.online)).or_default().push(now);
        }
    }

    /// Whether somebody asked for that lately; each ask allows one change.
    fn take(&mut self, about: About, online: bool, now: u64) -> bool {
        let Some(asked) = self.asked.get_mut(&(about, online)) else {
            return false;
        };
        asked.retain(|at| now - at <= UNDER_WAY);
        let asks = !asked.is_empty();
        asked.drain(..usize::from(asks));
        asks
    }

    fn tab(&mut self, life: Life, before: &Glance, after: &Glance, now: u64) -> Result<(), String> {
        let began = before.stage == Stage::Opening;
        if began || before.online == after.online {
            return Ok(());
        }
        let online = after.online;
        let names = [before.me, after.me].into_iter().flatten();
        let mut abouts = names.map(About::Named).chain([About::Tab(life)]);
        if abouts.any(|about| self.take(about, online, now)) {
            return Ok(());
        }
        Err(format!("{life:?} has online = {online}, but nobody asked"))
    }

    fn nodes(
        &mut self,
        life: Life,
        before: &Glance,
        after: &Glance,
        now: u64,
    ) -> Result<(), String> {
        for node in &after.nodes {
            let was = before.nodes.iter().find(|old| old.id == node.id);
            let changed = was.is_some_and(|old| old.online != node.online);
            if changed && !self.take(About::Named(node.id), node.online, now) {
                return Err(format!(
                    "{life:?} has online = {} for seat {}, but nobody asked",
                    node.online, node.seat
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use wire::ask::SetOnline;

    #[test]
    fn a_tab_that_is_cut_off_although_nobody_asked_is_found() {
        let cut = Glance {
            online: false,
            ..taking_part(1)
        };
        let mut theatre = Theatre::<Switches>::new();
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("fine");
        let ask = Ask::SetOnline(SetOnline {
            subject: Subject::Here,
            online: false,
        });
        let mut asked = Theatre::<Switches>::new();
        asked
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("fine");
        let input = Input::Page(ToEngine::Ask { id: 1, ask });
        assert_eq!(asked.step(1, input, &[], cut.clone()), Ok(()));
        let joined = taking_part(1);
        assert!(asked.step(1, Input::Turn, &[], joined).is_err());
        assert!(
            asked.step(1, Input::Turn, &[], cut.clone()).is_err(),
            "one ask, two changes"
        );
        assert!(theatre.step(1, Input::Turn, &[], cut).is_err());
    }

    #[test]
    fn a_node_that_is_cut_off_although_nobody_asked_is_found() {
        let mut cut = taking_part(1);
        cut.nodes[0].online = false;
        let mut theatre = Theatre::<Switches>::new();
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("fine");
        assert!(theatre.step(1, Input::Turn, &[], cut).is_err());
    }
}
