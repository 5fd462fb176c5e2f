//! What the claims of all protocols share: an observer that looks at each step once for all of them, and
//! bounded memory.

use alloc::{boxed::Box, rc::Rc, string::String};
use core::cell::RefCell;

use chain::PeerId;
use protocol::{Claim, Death, Kin, Seen};
use rpds::RedBlackTreeMapSync as Map;

/// How many lines, slots, views or requests are remembered: the latest.
pub(crate) const KEPT: usize = 4096;

/// Drops the lowest key of a map that has too many, and says which.
pub(crate) fn trim<K: Ord + Copy, V>(map: &mut Map<K, V>) -> Option<K> {
    let lowest = map.first().map(|(key, _)| *key)?;
    (map.size() > KEPT && map.remove_mut(&lowest)).then_some(lowest)
}

/// What all claims of a run know.
pub(crate) trait Observer: Clone + 'static {
    /// Looks at a step.
    fn see(&mut self, seen: &Seen<'_>);

    /// Looks at a step of a machine that lies on purpose: nothing follows from what it takes for true.
    fn see_twisted(&mut self, seen: &Seen<'_>) {
        self.see(seen);
    }

    /// Looks at a death: what a disk lost in it is no longer there.
    fn see_death(&mut self, death: &Death<'_>);
}

/// What a claim makes of what the observer saw.
pub(crate) trait Rule: Clone + 'static {
    type Observer: Observer;

    /// Its claim's name.
    const NAME: &'static str;

    /// Looks at a step, which the observer has just seen.
    fn after(&mut self, observer: &Self::Observer, seen: &Seen<'_>) -> Result<(), String>;

    /// Looks at a step of a machine that lies on purpose, which the observer has just seen.
    fn after_twisted(&mut self, _observer: &Self::Observer, _seen: &Seen<'_>) {}

    /// A machine died, and its disk lost something.
    fn after_loss(&mut self, _observer: &Self::Observer, _peer: PeerId) -> Result<(), String> {
        Ok(())
    }

    /// Whether progress may depend on a machine.
    fn needs(&self, _observer: &Self::Observer, _peer: PeerId) -> bool {
        true
    }
}

/// An observer, and how many steps and deaths it was shown.
#[derive(Clone)]
struct Watch<O> {
    observer: O,
    shown: u64,
}

/// The observer of a run, for its claims to share.
pub(crate) struct Shared<O>(Rc<RefCell<Watch<O>>>);

impl<O: Observer> Shared<O> {
    pub fn new(observer: O) -> Self {
        Self(Rc::new(RefCell::new(Watch { observer, shown: 0 })))
    }

    /// The claim that holds to a rule.
    pub fn claim<R: Rule<Observer = O>>(&self, rule: R) -> Box<dyn Claim> {
        Box::new(Watched {
            rule,
            watch: self.0.clone(),
            shown: 0,
        })
    }

    #[cfg(test)]
    pub fn look<T>(&self, look: impl FnOnce(&O) -> T) -> T {
        look(&self.0.borrow().observer)
    }
}

/// A claim: a rule, and the observer that all claims of a run share. The first claim that is shown a
/// step or a death lets it look.
struct Watched<R: Rule> {
    rule: R,
    watch: Rc<RefCell<Watch<R::Observer>>>,
    /// How much this claim was shown.
    shown: u64,
}

impl<R: Rule> Watched<R> {
    /// Lets the observer look at something, unless another claim did so.
    fn look(&mut self, look: impl FnOnce(&mut R::Observer)) {
        self.shown += 1;
        let mut watch = self.watch.borrow_mut();
        if watch.shown < self.shown {
            watch.shown = self.shown;
            look(&mut watch.observer);
        }
    }
}

impl<R: Rule> Claim for Watched<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.look(|observer| observer.see(seen));
        self.rule.after(&self.watch.borrow().observer, seen)
    }

    fn after_twisted(&mut self, seen: &Seen<'_>) {
        self.look(|observer| observer.see_twisted(seen));
        self.rule.after_twisted(&self.watch.borrow().observer, seen);
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.look(|observer| observer.see_death(death));
        match death.remains {
            Some(_) => {
                let watch = self.watch.borrow();
                self.rule.after_loss(&watch.observer, death.peer)
            }
            None => Ok(()),
        }
    }

    fn needs(&self, peer: PeerId) -> bool {
        self.rule.needs(&self.watch.borrow().observer, peer)
    }

    fn fork(&self, kin: &mut Kin) -> Box<dyn Claim> {
        Box::new(Self {
            rule: self.rule.clone(),
            watch: kin.copy(&self.watch),
            shown: self.shown,
        })
    }
}
