//! Web Locks of one origin: first come, first served; a page may steal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chain::PeerId;
use protocol::envelope::RoomId;
use tab::door::{LockAnswer, LockId};

use super::Life;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// An engine, and its id for the lock.
    Engine(Life, LockId),
    /// A hostile page's claim with this number.
    Hostile(u64),
}

/// What to tell engines.
pub type Answers = Vec<(Life, LockId, LockAnswer)>;

/// All locks.
#[derive(Debug, Default)]
pub struct Locks {
    refused: bool,
    held: BTreeMap<String, Owner>,
    waiting: BTreeMap<String, VecDeque<Owner>>,
    names: BTreeMap<Owner, String>,
    seen: Vec<String>,
    known: BTreeSet<String>,
}

impl Locks {
    /// Locks of a browser, which may refuse all.
    #[must_use]
    pub fn new(refused: bool) -> Self {
        Self {
            refused,
            ..Self::default()
        }
    }

    /// Somebody wants a lock.
    pub fn ask(&mut self, owner: Owner, name: &str, wait: bool) -> Answers {
        if let Owner::Engine(life, id) = owner {
            self.note(name);
            if self.refused {
                return vec![(life, id, LockAnswer::Refused)];
            }
        }
        if !self.held.contains_key(name) {
            self.names.insert(owner, name.into());
            return self.grant(name, owner);
        }
        if !wait {
            return tell(owner, LockAnswer::Taken);
        }
        self.names.insert(owner, name.into());
        self.waiting
            .entry(name.into())
            .or_default()
            .push_back(owner);
        Vec::new()
    }

    /// Somebody lets a lock go, or stops waiting for it.
    pub fn release(&mut self, owner: Owner) -> Answers {
        let Some(name) = self.names.remove(&owner) else {
            return Vec::new();
        };
        if self.held.get(&name) == Some(&owner) {
            self.held.remove(&name);
            return self.next(&name);
        }
        if let Some(waiting) = self.waiting.get_mut(&name) {
            waiting.retain(|other| *other != owner);
        }
        Vec::new()
    }

    /// An engine is gone, and with it all its locks and requests.
    pub fn forget(&mut self, life: Life) -> Answers {
        let of_life = |owner: &&Owner| matches!(owner, Owner::Engine(other, _) if *other == life);
        let owners: Vec<Owner> = self.names.keys().filter(of_life).copied().collect();
        // Requests go first, or a dead engine would be granted a lock that it let go.
        let (held, waiting): (Vec<Owner>, Vec<Owner>) = owners
            .into_iter()
            .partition(|owner| self.held.get(&self.names[owner]) == Some(owner));
        for owner in waiting {
            self.release(owner);
        }
        held.into_iter()
            .flat_map(|owner| self.release(owner))
            .collect()
    }

    /// A hostile page steals a lock from whoever holds it.
    pub fn steal(&mut self, name: &str, claim: u64) -> Answers {
        let owner = Owner::Hostile(claim);
        let robbed = self.held.insert(name.into(), owner);
        self.names.insert(owner, name.into());
        let Some(robbed) = robbed else {
            return Vec::new();
        };
        self.names.remove(&robbed);
        tell(robbed, LockAnswer::Stolen)
    }

    /// Whether a hostile page holds a room's lock, which tabs need to change which chain counts.
    #[must_use]
    pub fn hostage(&self, room: RoomId) -> bool {
        let name = format!(":generation:{}", hex(room));
        let mut held = self.held.iter();
        held.any(|(held, owner)| matches!(owner, Owner::Hostile(_)) && held.ends_with(&name))
    }

    /// The names of all locks that are held; `None`: the browser refuses.
    #[must_use]
    pub fn held(&self) -> Option<Vec<String>> {
        (!self.refused).then(|| self.held.keys().cloned().collect())
    }

    /// A name that engines have asked for; `which` is taken modulo how many there are.
    #[must_use]
    pub fn name(&self, which: u32) -> Option<String> {
        let count = u32::try_from(self.seen.len()).ok()?;
        let which = which.checked_rem(count)?;
        self.seen.get(usize::try_from(which).ok()?).cloned()
    }

    /// The name of a tab's lock in a room; known once any tab there has asked for its own.
    #[must_use]
    pub fn like_a_tabs(&self, room: RoomId, tab: &PeerId) -> Option<String> {
        let of_room = format!(":tab:{}:", hex(room));
        let one = self.seen.iter().find(|name| name.contains(&of_room))?;
        let (prefix, _) = one.rsplit_once(':')?;
        Some(format!("{prefix}:{tab:x}"))
    }

    /// Who holds the lock of this name.
    #[must_use]
    pub fn holder(&self, name: &str) -> Option<Owner> {
        self.held.get(name).copied()
    }

    fn note(&mut self, name: &str) {
        if self.known.insert(name.into()) {
            self.seen.push(name.into());
        }
    }

    fn next(&mut self, name: &str) -> Answers {
        let next = self.waiting.get_mut(name).and_then(VecDeque::pop_front);
        next.map(|owner| self.grant(name, owner))
            .unwrap_or_default()
    }

    fn grant(&mut self, name: &str, owner: Owner) -> Answers {
        self.held.insert(name.into(), owner);
        tell(owner, LockAnswer::Granted)
    }
}

fn hex(room: RoomId) -> String {
    room.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tell(owner: Owner, answer: LockAnswer) -> Answers {
    match owner {
        Owner::Engine(life, id) => vec![(life, id, answer)],
        Owner::Hostile(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(life: u32) -> Owner {
        Owner::Engine(Life(life), LockId(7))
    }

    fn granted(life: u32) -> Answers {
        vec![(Life(life), LockId(7), LockAnswer::Granted)]
    }

    #[test]
    fn first_come_first_served_and_the_dead_get_nothing() {
        let mut locks = Locks::default();
        assert_eq!(locks.ask(engine(1), "a", true), granted(1));
        assert_eq!(locks.ask(engine(2), "a", true), []);
        assert_eq!(locks.ask(engine(3), "a", true), []);
        let taken = vec![(Life(4), LockId(7), LockAnswer::Taken)];
        assert_eq!(locks.ask(engine(4), "a", false), taken);
        assert_eq!(locks.forget(Life(2)), []);
        assert_eq!(locks.release(engine(1)), granted(3));
        assert_eq!(locks.held(), Some(vec!["a".into()]));
    }

    #[test]
    fn a_stolen_lock_is_reported_and_whoever_waits_for_it_keeps_waiting() {
        let mut locks = Locks::default();
        locks.ask(engine(1), "a", true);
        locks.ask(engine(2), "a", true);
        let stolen = vec![(Life(1), LockId(7), LockAnswer::Stolen)];
        assert_eq!(locks.steal("a", 9), stolen);
        assert_eq!(locks.release(engine(1)), []);
        assert_eq!(locks.release(Owner::Hostile(9)), granted(2));
    }

    #[test]
    fn a_browser_that_refuses_says_so() {
        let mut locks = Locks::new(true);
        let refused = vec![(Life(1), LockId(7), LockAnswer::Refused)];
        assert_eq!(locks.ask(engine(1), "a", true), refused);
        assert_eq!(locks.held(), None);
    }
}
