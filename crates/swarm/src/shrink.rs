//! Shrinks a failing script: drops ever smaller groups of steps, then time (delta debugging, Zeller
//! and Hildebrandt 2002).

use crate::script::{Script, Step};

/// The smallest script found within this many tries that still fails according to `fails`.
pub fn shrink(script: &Script, tries: u32, mut fails: impl FnMut(&Script) -> bool) -> Script {
    let mut search = Search {
        best: script.clone(),
        tries,
        fails: &mut fails,
    };
    loop {
        let before = search.best.clone();
        search.drop_steps();
        search.drop_time();
        if search.best == before || search.tries == 0 {
            return search.best;
        }
    }
}

struct Search<'a> {
    best: Script,
    tries: u32,
    fails: &'a mut dyn FnMut(&Script) -> bool,
}

impl Search<'_> {
    fn accept(&mut self, steps: Vec<Step>, calm: u32) -> bool {
        let candidate = Script {
            steps,
            calm,
            ..self.best.clone()
        };
        if self.tries == 0 || candidate == self.best {
            return false;
        }
        self.tries -= 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    fn drop_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.best.steps.len() {
                let mut steps = self.best.steps.clone();
                let end = (at + size).min(steps.len());
                steps.drain(at..end);
                if !self.accept(steps, self.best.calm) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Lets less time pass at the end and before each step.
    fn drop_time(&mut self) {
        let last = self.best.steps.last().map_or(0, |step| step.at);
        for calm in [last + 100, last + 1_000, last + 5_000] {
            if calm < self.best.calm && self.accept(self.best.steps.clone(), calm) {
                break;
            }
        }
        for at in 0..self.best.steps.len() {
            let start = if at == 0 {
                0
            } else {
                self.best.steps[at - 1].at
            };
            let gap = self.best.steps[at].at - start;
            for less in [gap, gap / 2] {
                let mut steps = self.best.steps.clone();
                steps[at..].iter_mut().for_each(|step| step.at -= less);
                if less > 0 && self.accept(steps, self.best.calm - less) {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::draw;
    use crate::script::Verb;

    #[test]
    fn steps_and_time_that_do_not_matter_are_dropped() {
        let script = draw(3);
        let opens = |script: &Script| {
            let steps = script.steps.iter();
            steps.filter(|step| step.verb == Verb::Open).count()
        };
        assert!(opens(&script) >= 1);
        let small = shrink(&script, 10_000, |script| opens(script) >= 1);
        assert_eq!((small.steps.len(), small.steps[0].at), (1, 0));
        assert!(small.calm <= script.calm);
    }
}
