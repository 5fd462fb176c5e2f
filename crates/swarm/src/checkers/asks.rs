//! Every ask is answered exactly once, unless its engine dies.

use std::collections::{BTreeMap, BTreeSet};

use tab::{Effect, Input};
use wire::{Ask, FromEngine, ToEngine};

use super::{Checker, Scene, Seen};
use crate::browser::{Life, State};

/// See the module.
#[derive(Debug, Default)]
pub struct Asks {
    open: BTreeMap<Life, BTreeMap<u32, Ask>>,
    answered: BTreeSet<(Life, u32)>,
}

impl Checker for Asks {
    fn name(&self) -> &'static str {
        "asks"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Step {
                life,
                input,
                effects,
                ..
            } => {
                let open = self.open.entry(*life).or_default();
                if let Input::Page(ToEngine::Ask { id, ask }) = input {
                    open.insert(*id, ask.clone());
                }
                for effect in *effects {
                    if let Effect::Post(FromEngine::Answer { id, .. }) = effect {
                        let unasked = open.remove(id).is_none();
                        let again = !self.answered.insert((*life, *id));
                        if unasked || again {
                            let how = if again { "again" } else { "unasked" };
                            return Err(format!("{life:?} answers ask {id} {how}"));
                        }
                    }
                }
                let counted = scene.views.get(life).map_or(0, |view| view.glance.asks);
                // A renewal counts as an ask, even if it was asked for in another tab.
                if !(open.len()..=open.len() + 1).contains(&counted) {
                    return Err(format!(
                        "{life:?} counts {counted} open asks, but there are {}: {open:?}",
                        open.len()
                    ));
                }
                Ok(())
            }
            Seen::Died { life } => {
                self.open.remove(life);
                Ok(())
            }
            Seen::End => self.owed(scene),
            _ => Ok(()),
        }
    }
}

impl Asks {
    fn owed(&self, scene: &Scene<'_>) -> Result<(), String> {
        for (life, open) in &self.open {
            let runs = scene
                .views
                .get(life)
                .is_some_and(|view| view.state == State::Runs);
            if let Some((id, ask)) = open.first_key_value().filter(|_| runs) {
                return Err(format!("{life:?} never answered ask {id}: {ask:?}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use tab::Glance;
    use wire::Answer;
    use wire::ask::StopMining;

    fn ask() -> Input {
        let ask = Ask::StopMining(StopMining);
        Input::Page(ToEngine::Ask { id: 3, ask })
    }

    fn answer() -> Effect {
        let result = Ok(Answer::Done(()));
        Effect::Post(FromEngine::Answer { id: 3, result })
    }

    #[test]
    fn a_missing_answer_and_a_second_one_are_found() {
        let mut theatre = Theatre::<Asks>::new();
        let waits = Glance {
            asks: 1,
            ..taking_part(1)
        };
        assert_eq!(theatre.step(1, ask(), &[], waits), Ok(()));
        assert!(theatre.see(&Seen::End).is_err());
        let step =
            |theatre: &mut Theatre<Asks>| theatre.step(1, Input::Turn, &[answer()], taking_part(1));
        assert_eq!(step(&mut theatre), Ok(()));
        assert_eq!(theatre.see(&Seen::End), Ok(()));
        assert!(step(&mut theatre).is_err());
    }
}
