//! One run: a script, a world and its judge.

use crate::browser::World;
use crate::checkers::Judge;
use crate::coverage::Coverage;
use crate::draw::draw;
use crate::script::Script;

pub use crate::checkers::Violation;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How many events there were.
    pub events: u64,
    /// What happened how often.
    pub coverage: Coverage,
    /// Tells one run from another.
    pub fingerprint: u64,
    /// The first violation.
    pub violation: Option<Violation>,
}

/// The run of a seed.
#[must_use]
pub fn run_seed(seed: u64) -> Outcome {
    run(&draw(seed))
}

/// The run of a script.
#[must_use]
pub fn run(script: &Script) -> Outcome {
    judged(script, Judge::all())
}

/// The run of a script, telling of each step.
#[must_use]
pub fn run_telling(script: &Script, tell: impl FnMut(String) + 'static) -> Outcome {
    judged(script, Judge::telling(tell))
}

fn judged(script: &Script, judge: Judge) -> Outcome {
    let mut world = World::new(script, judge);
    while world.advance() {}
    Outcome {
        events: world.events(),
        coverage: world.coverage().clone(),
        fingerprint: world.fingerprint(),
        violation: world.judge().violation().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_seeds_hold_and_the_same_seed_is_the_same_run() {
        for seed in 0..4 {
            let (one, two) = (run_seed(seed), run_seed(seed));
            assert_eq!(one.violation, None, "seed {seed}");
            assert!(one.events >= 300, "seed {seed}: {}", one.events);
            assert_eq!(one.fingerprint, two.fingerprint, "seed {seed}");
            assert_eq!(one.events, two.events);
        }
        assert_ne!(run_seed(1).fingerprint, run_seed(2).fingerprint);
    }
}
