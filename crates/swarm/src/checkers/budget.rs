//! All mining tabs together keep to the budget, except for about as long as an announcement takes;
//! and none uses more workers than the machine has cores.

use std::collections::BTreeMap;

use tab::{Effect, Input, Stage};
use wire::{Ask, FromEngine, Part, Power, ToEngine};

use super::{Checker, Scene, Seen};
use crate::browser::{CORES, FUTURE_DUTY, Life, State};

/// In microseconds: an announcement comes every second and may take one and a half to arrive.
const GRACE: u64 = 3_500_000;
/// A tab that stood still was forgotten meanwhile; its next announcement says that it is back.
const AWAKE: u64 = 2_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Budget {
    /// The budget according to each engine's last frame, or more if its page has asked for more.
    shown: BTreeMap<Life, u32>,
    /// What was granted last, even if whoever asked for it is gone by now.
    asked: u32,
    /// Asks not yet answered, and what they want.
    waiting: BTreeMap<(Life, u32), u32>,
    /// Since when the sum has been too large.
    over: Option<u64>,
}

impl Checker for Budget {
    fn name(&self) -> &'static str {
        "budget"
    }

    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String> {
        match seen {
            Seen::Died { life } => drop(self.shown.remove(life)),
            Seen::ForgedPower => {
                // Settings of hostile pages count, within the cores; a busy page has yet to see it.
                let most = 100 * u32::from(CORES);
                self.shown.values_mut().for_each(|shown| *shown = most);
            }
            Seen::Slept { .. } => self.over = None,
            Seen::Step {
                life,
                input,
                effects,
                ..
            } => {
                self.wished(*life, input);
                self.learn(*life, effects)?;
                self.judge(scene)?;
                let share = scene.views.get(life).and_then(|view| view.glance.share);
                let frozen = scene.views.get(life).map(|view| view.glance.stage);
                if share.is_some() && frozen == Some(Stage::Frozen) {
                    return Err(format!("{life:?} is frozen but keeps its share"));
                }
                if let Some(share) = share.filter(|share| share.workers > CORES) {
                    return Err(format!(
                        "{life:?} mines with {} workers on {CORES} cores",
                        share.workers
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Budget {
    /// A busy page is shown nothing, so what it asks for counts at once.
    fn wished(&mut self, life: Life, input: &Input) {
        let Input::Page(ToEngine::Ask { id, ask }) = input else {
            return;
        };
        let power = match ask {
            Ask::SetPower(ask) => Some(ask.0),
            Ask::StartMining(ask) => ask.power,
            _ => None,
        };
        if let Some(power) = power {
            let shown = self.shown.entry(life).or_default();
            let wanted = percent(power.clamped(CORES));
            *shown = wanted.max(*shown);
            self.waiting.insert((life, *id), wanted);
        }
    }

    fn learn(&mut self, life: Life, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            if let Effect::Post(FromEngine::Answer { id, result }) = effect
                && let Some(granted) = self.waiting.remove(&(life, *id))
                && result.is_ok()
            {
                self.asked = granted;
            }
            if let Effect::Post(FromEngine::Frame(frame)) = effect {
                for part in &frame.parts {
                    if let Part::Mining(mining) = part {
                        if mining.power.duty == FUTURE_DUTY {
                            return Err(format!("{life:?} accepts a setting from the future"));
                        }
                        self.shown.insert(life, percent(mining.power));
                    }
                }
            }
        }
        Ok(())
    }

    fn judge(&mut self, scene: &Scene<'_>) -> Result<(), String> {
        let awake = scene
            .views
            .values()
            .filter(|view| view.state == State::Runs && scene.now - view.since >= AWAKE);
        let used: u32 = awake
            .filter_map(|view| view.glance.share)
            .map(percent)
            .sum();
        let budget = self
            .shown
            .values()
            .max()
            .map(|shown| self.asked.max(*shown));
        if budget.is_none_or(|budget| used <= budget) {
            self.over = None;
            return Ok(());
        }
        let since = *self.over.get_or_insert(scene.now);
        if scene.now - since > GRACE {
            return Err(format!(
                "all tabs together have used {used} percent instead of {} for {} ms",
                budget.unwrap_or(0),
                (scene.now - since) / 1_000
            ));
        }
        Ok(())
    }
}

fn percent(power: Power) -> u32 {
    u32::from(power.workers) * u32::from(power.duty)
}

#[cfg(test)]
mod tests {
    use super::super::scaffold::{Theatre, taking_part};
    use super::*;
    use tab::Glance;
    use wire::ask::SetPower;
    use wire::{Answer, Failure, Frame, MiningView};

    fn frame() -> Effect {
        let mining = MiningView {
            on: true,
            power: Power::GENTLE,
            share: Power::GENTLE,
            tabs: 1,
            rate: 0,
            history: vec![],
            found: 0,
            restarts: 0,
        };
        Effect::Post(FromEngine::Frame(Box::new(Frame {
            number: 1,
            parts: vec![Part::Mining(mining)],
            log: vec![],
        })))
    }

    fn mines(byte: u8, workers: u8) -> Glance {
        Glance {
            share: Some(Power { workers, duty: 50 }),
            ..taking_part(byte)
        }
    }

    #[test]
    fn a_budget_that_was_refused_counts_for_nobody() {
        let ask = |id, workers| {
            let ask = Ask::SetPower(SetPower(Power { workers, duty: 50 }));
            Input::Page(ToEngine::Ask { id, ask })
        };
        let answer = |id, result| Effect::Post(FromEngine::Answer { id, result });
        let refused = Failure {
            code: "not-ready".into(),
            message: String::new(),
        };
        let mut theatre = Theatre::<Budget>::new();
        let granted = |id| answer(id, Ok(Answer::Done(())));
        let mut page = |input, effects: &[Effect]| theatre.step(1, input, effects, taking_part(1));
        page(ask(1, 2), &[granted(1)]).expect("granted");
        page(ask(2, 1), &[answer(2, Err(refused))]).expect("refused");
        theatre.see(&Seen::Died { life: Life(1) }).expect("gone");
        let mut mine = |input, effects: &[Effect]| {
            theatre.now += GRACE + 1;
            theatre.step(2, input, effects, mines(2, 2))
        };
        assert_eq!(mine(Input::Turn, &[frame()]), Ok(()));
        assert_eq!(mine(Input::Turn, &[]), Ok(()));
        assert_eq!(mine(ask(1, 1), &[granted(1), frame()]), Ok(()));
        assert!(mine(Input::Turn, &[]).is_err());
    }

    #[test]
    fn two_tabs_that_both_take_the_whole_budget_are_found() {
        let mut theatre = Theatre::<Budget>::new();
        theatre
            .step(1, Input::Turn, &[frame()], mines(1, 1))
            .expect("alone");
        assert_eq!(theatre.step(2, Input::Turn, &[], mines(2, 1)), Ok(()));
        theatre.now += GRACE + 1;
        assert!(theatre.step(2, Input::Turn, &[], mines(2, 1)).is_err());
        theatre
            .step(2, Input::Turn, &[], taking_part(2))
            .expect("stopped");
        let many = mines(1, CORES + 1);
        assert!(theatre.step(1, Input::Turn, &[], many).is_err());
    }
}
