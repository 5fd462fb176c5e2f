//! Who is cut off or joined changes only by a person's ask, never by what a hostile page says.

use std::collections::BTreeMap;

use chain::PeerId;
use tab::{Glance, Input, Stage};
use wire::{Ask, Subject, ToEngine};

use super::{Checker, Scene, Seen};
use crate::browser::Life;

/// So long may an ask be under way from one tab to another.
const UNDER_WAY: u64 = 12_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Switches {
    /// Asks by what they are about, and when they were made.
    asked: BTreeMap<(PeerId, bool), u64>,
    here: BTreeMap<(Life, bool), u64>,
}

impl Checker for Switches {
    fn name(&self) -> &'static str {
        "switches"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        if let Seen::Slept { by } = seen {
            let all = self.asked.values_mut().chain(self.here.values_mut());
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
            match ask.subject {
                Subject::Here => drop(self.here.insert((life, ask.online), now)),
                Subject::Tab(id) | Subject::Node(id) => {
                    self.asked.insert((id, ask.online), now);
                }
            }
        }
    }

    fn lately(at: Option<&u64>, now: u64) -> bool {
        at.is_some_and(|at| now - at <= UNDER_WAY)
    }

    fn tab(&self, life: Life, before: &Glance, after: &Glance, now: u64) -> Result<(), String> {
        let began = before.stage == Stage::Opening;
        if began || before.online == after.online {
            return Ok(());
        }
        let online = after.online;
        let names = [before.me, after.me].into_iter().flatten();
        let mut wishes = names.map(|me| self.asked.get(&(me, online)));
        let wished = Self::lately(self.here.get(&(life, online)), now)
            || wishes.any(|at| Self::lately(at, now));
        if wished {
            return Ok(());
        }
        Err(format!("{life:?} has online = {online}, and nobody asked"))
    }

    fn nodes(&self, life: Life, before: &Glance, after: &Glance, now: u64) -> Result<(), String> {
        for node in &after.nodes {
            let was = before.nodes.iter().find(|old| old.id == node.id);
            let changed = was.is_some_and(|old| old.online != node.online);
            let asked = self.asked.get(&(node.id, node.online));
            if changed && !Self::lately(asked, now) {
                return Err(format!(
                    "{life:?} has online = {} for seat {}, and nobody asked",
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
    fn a_tab_that_is_cut_by_nobodys_wish_is_found() {
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
        assert!(theatre.step(1, Input::Turn, &[], cut).is_err());
    }

    #[test]
    fn a_node_that_is_cut_by_nobodys_wish_is_found() {
        let mut cut = taking_part(1);
        cut.nodes[0].online = false;
        let mut theatre = Theatre::<Switches>::new();
        theatre
            .step(1, Input::Turn, &[], taking_part(1))
            .expect("fine");
        assert!(theatre.step(1, Input::Turn, &[], cut).is_err());
    }
}
