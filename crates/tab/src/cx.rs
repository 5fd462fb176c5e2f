//! What every part of a tab works with during a step: the time, a source of numbers, the way out.

use chain::{Entropy, PeerId, SecretKey};
use wire::{Answer, Failure, FromEngine};

use crate::between::tagged::Links;
use crate::clock::Reading;
use crate::door::{Effect, LockId, QueryId, Ticket};

/// The surroundings of one step.
pub struct Cx<'a> {
    /// Both clocks.
    pub now: Reading,
    /// What [`Self::ms`] leaves out, in microseconds.
    pub absent: u64,
    /// Numbers that are never used twice, and some that nobody can guess.
    pub source: &'a mut Source,
    /// What the host has to do.
    pub out: &'a mut Vec<Effect>,
}

/// Numbers that are never used twice, and randomness for keys.
pub struct Source {
    next: u64,
    random: Entropy,
}

impl Source {
    /// Draws from what the host drew for this tab.
    pub fn new(random: Entropy) -> Self {
        Self { next: 0, random }
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        self.random.number()
    }

    /// A new key.
    pub fn key(&mut self) -> SecretKey {
        self.random.key()
    }

    /// The same numbers for the same byte.
    #[cfg(test)]
    pub fn toy(byte: u8) -> Self {
        #[allow(clippy::disallowed_methods, reason = "tests play the host")]
        Self::new(Entropy::from_host([byte; 32]))
    }

    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Cx<'_> {
    /// Milliseconds of the steady clock in which this tab could have run: while the machine sleeps,
    /// or the browser gives it no time, nobody's patience ends.
    pub fn ms(&self) -> u64 {
        self.now.steady.saturating_sub(self.absent) / 1_000
    }

    /// Unix milliseconds.
    pub fn wall_ms(&self) -> u64 {
        self.now.wall / 1_000
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        self.source.number()
    }

    /// A number for a read or a write.
    pub fn ticket(&mut self) -> Ticket {
        Ticket(self.source.next())
    }

    /// A number for a question about locks.
    pub fn query(&mut self) -> QueryId {
        QueryId(self.source.next())
    }

    /// Has the host do something.
    pub fn act(&mut self, effect: Effect) {
        self.out.push(effect);
    }

    /// Asks for a lock.
    pub fn lock(&mut self, name: String, wait: bool) -> LockId {
        let id = LockId(self.source.next());
        self.act(Effect::Lock { id, name, wait });
        id
    }

    /// Lets locks go.
    pub fn unlock(&mut self, ids: impl IntoIterator<Item = LockId>) {
        self.out.extend(ids.into_iter().map(Effect::Unlock));
    }

    /// Answers an ask.
    pub fn answer(&mut self, id: u32, result: Result<Answer, Failure>) {
        self.act(Effect::Post(FromEngine::Answer { id, result }));
    }
}

/// Why an ask failed.
pub fn failure(code: &str, message: &str) -> Failure {
    Failure {
        code: code.into(),
        message: message.into(),
    }
}

/// The name that a tab goes by while it is in a room.
pub struct Me {
    /// Signs what the tab says.
    pub secret: SecretKey,
    /// The key's hash.
    pub id: PeerId,
    /// The secrets it shares with other tabs while it goes by this name.
    pub links: Links,
}

impl Me {
    /// A new name.
    pub fn new(source: &mut Source) -> Self {
        let secret = source.key();
        let id = secret.public_key().peer_id();
        let links = Links::default();
        Self { secret, id, links }
    }
}
