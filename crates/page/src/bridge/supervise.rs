//! What happens when an engine dies: a new one from saved state, at once at first, then ever later,
//! and no more when it dies too often.

use std::collections::VecDeque;

use gloo_timers::callback::{Interval, Timeout};

use super::{Bridge, News, Phase};
use wire::ToEngine;

/// How long an engine gets to leave its room before it is ended, in milliseconds.
pub const LEAVE_MS: u32 = 200;
/// How many engines may die within [`WINDOW_MS`]; the next one is not replaced.
const MOST: usize = 5;
const WINDOW_MS: f64 = 60_000.0;
/// How often the engine must give a sign, and how many signs it may miss. A worker that the browser
/// kills sends no event: silence is all that there is.
const HEARTBEAT_MS: u32 = 2_000;
const MISSED: u32 = 5;

/// When engines died, within the last minute.
#[derive(Default)]
pub struct Crashes {
    times: VecDeque<f64>,
}

impl Crashes {
    /// Notes a crash at `now` (milliseconds) and says how long to wait before the next engine;
    /// `None` is for ever.
    pub fn note(&mut self, now: f64) -> Option<u32> {
        self.times.retain(|time| now - time < WINDOW_MS);
        self.times.push_back(now);
        let before = self.times.len() - 1;
        (before < MOST).then(|| 100 << before)
    }

    /// Starts over.
    pub fn forgive(&mut self) {
        self.times.clear();
    }
}

impl Bridge {
    /// The present engine is lost: says so and gets another.
    pub(super) fn crashed(&self, report: String) {
        self.end();
        self.lose_calls("the engine crashed");
        let now = js_sys::Date::now();
        self.0.left.set(now);
        let wait = self.0.crashes.borrow_mut().note(now);
        let again = wait.is_some();
        let phase = Phase::Crashed { report, again };
        match wait {
            Some(wait) => {
                self.tell(&News::Phase(phase));
                self.start_after(wait);
            }
            None => self.fall_silent(phase),
        }
    }

    /// Starts a new engine in a while, unless one is started before.
    pub(super) fn start_after(&self, milliseconds: u32) {
        self.0.silent.set(false); // calls wait for that one
        let (bridge, generation) = (self.clone(), self.0.generation.get());
        Timeout::new(milliseconds, move || {
            bridge.if_present(generation, Bridge::start)
        })
        .forget();
    }

    fn heartbeat(&self) {
        if !self.0.settled.get() {
            return;
        }
        let unheard = self.0.unheard.get();
        if unheard >= MISSED {
            self.crashed("the engine fell silent".to_owned());
            return;
        }
        self.0.unheard.set(unheard + 1);
        if unheard == 0 {
            self.send(&ToEngine::Ping);
        }
    }
}

/// Listens for the engine's heartbeat from now on.
pub fn watch(bridge: &Bridge) {
    let bridge = bridge.clone();
    Interval::new(HEARTBEAT_MS, move || bridge.heartbeat()).forget();
}

#[cfg(test)]
mod tests {
    use super::Crashes;

    #[test]
    fn the_first_new_engine_comes_within_a_second_and_the_sixth_never() {
        let mut crashes = Crashes::default();
        let waits: Vec<_> = (0..7)
            .map(|n| crashes.note(f64::from(n) * 5_000.0))
            .collect();
        let expected = [
            Some(100),
            Some(200),
            Some(400),
            Some(800),
            Some(1600),
            None,
            None,
        ];
        assert_eq!(waits, expected);
    }

    #[test]
    fn old_crashes_are_forgotten() {
        let mut crashes = Crashes::default();
        for n in 0..100 {
            assert_eq!(crashes.note(f64::from(n) * 61_000.0), Some(100));
        }
        for n in 0..6 {
            crashes.note(6_000_000.0 + f64::from(n));
        }
        assert_eq!(crashes.note(6_000_010.0), None);
        crashes.forgive();
        assert_eq!(crashes.note(6_000_020.0), Some(100));
    }
}
