//! Judges outside the nodes: each claim is a small stateful checker that looks at the run after
//! every event and shares no code with what it judges. Each is itself tested with forged
//! violations. Here are those that all protocols of a shape have in common; their own are in their
//! folders.

mod agreement;
mod answers;
mod reads;
mod record;
mod slots;
mod supply;
mod work;

use chain::{ChainParams, Micros, U256};
use ledger::LedgerEntry;
use protocol::{Claim, Death, Glance, Seen};
use rpds::RedBlackTreeMapSync as Map;

use crate::queue::usize_of;

pub use agreement::Agreement;
pub use answers::Answers;
pub use reads::LinearizableReads;
pub use record::Record;
pub use slots::OneHistory;
pub use supply::Supply;
pub use work::MostWork;

/// A claim about blocks on branches, which needs to know all blocks of the run.
pub trait Checker {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Looks at a step. `saved` is the most work of a chain that ends in a block saved in this step.
    ///
    /// # Errors
    /// What was seen that breaks the claim.
    fn after(&mut self, seen: &Seen<'_>, record: &Record, saved: U256) -> Result<(), String>;

    /// Looks at a death.
    fn died(&mut self, _death: &Death<'_>, _record: &Record) {}

    /// An independent copy in O(1).
    fn fork(&self) -> Box<dyn Checker>;
}

/// Drops the lowest key of a map that has more than so many.
fn trim<K: Ord + Copy, V>(map: &mut Map<K, V>, most: usize) {
    if map.size() > most
        && let Some(lowest) = map.first().map(|(key, _)| *key)
    {
        map.remove_mut(&lowest);
    }
}

/// All claims about blocks on branches, and the record that they share; `depth` blocks make a block
/// final.
pub struct Branches {
    record: Record,
    checkers: Vec<Box<dyn Checker>>,
    /// How each node looked when all claims held of it last: as long as it looks the same and saves nothing,
    /// they hold.
    sound: Vec<Option<Glance>>,
}

/// A claim's name, and what breaks it.
pub type Fall = (&'static str, String);

impl Branches {
    /// The claims about a chain.
    #[must_use]
    pub fn new(params: &ChainParams, depth: u32) -> Self {
        Self {
            record: Record::new(params),
            checkers: vec![
                Box::new(MostWork::default()),
                Box::new(Supply::new(params)),
                Box::new(Agreement::new(depth)),
            ],
            sound: Vec::new(),
        }
    }

    /// The names of all claims.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.checkers.iter().map(|checker| checker.name())
    }

    /// Looks at a step; what falls is pushed to `falls`.
    pub fn after(&mut self, seen: &Seen<'_>, falls: &mut Vec<Fall>) {
        let saved = match self.record.learn(seen.out) {
            Ok(saved) => saved,
            // What is saved is accepted, so it must be a block on top of a block.
            Err(what) => return falls.push((self.checkers[0].name(), what)),
        };
        let seat = usize_of(seen.seat);
        if self.sound.len() <= seat {
            self.sound.resize(seat + 1, None);
        }
        if saved == U256::ZERO && seen.glance.is_some() && self.sound[seat] == seen.glance {
            return;
        }
        let before = falls.len();
        for checker in &mut self.checkers {
            if let Err(what) = checker.after(seen, &self.record, saved) {
                falls.push((checker.name(), what));
            }
        }
        self.sound[seat] = seen.glance.filter(|_| falls.len() == before);
    }

    /// An independent copy in O(1).
    pub(crate) fn fork(&self) -> Self {
        Self {
            record: self.record.clone(),
            checkers: self.checkers.iter().map(|one| one.fork()).collect(),
            sound: self.sound.clone(),
        }
    }

    /// Looks at a death.
    pub fn died(&mut self, death: &Death<'_>) {
        if let Some(sound) = self.sound.get_mut(usize_of(death.seat)) {
            *sound = None;
        }
        for checker in &mut self.checkers {
            checker.died(death, &self.record);
        }
    }
}

/// The claims about slots that all protocols have in common, with what this ledger's receipts tell.
#[must_use]
pub fn of_slots(ledger: &LedgerEntry) -> Vec<Box<dyn Claim>> {
    let mut claims: Vec<Box<dyn Claim>> = vec![
        Box::new(OneHistory::default()),
        Box::new(Answers::default()),
    ];
    if let Some(touched) = ledger.touched {
        claims.push(Box::new(LinearizableReads::new(touched)));
    }
    claims
}

/// How long after the last trouble everything that was asked for must have been answered.
pub const SETTLES: Micros = Micros::from_secs(20);
