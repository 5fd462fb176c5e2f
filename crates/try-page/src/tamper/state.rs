//! The room's state: what was done to the copy, as a link says it.

use std::fmt::Write;

use super::model::{BLOCKS, Deed, EXPECTED, Field};
use crate::link::{Fault, Query, Writer};
use crate::room::State;
use crate::route::Room;

/// The most deeds that are kept.
pub const MOST_DEEDS: usize = 24;
/// The others' hash power is at most so many times this person's.
pub const MOST_OTHERS: u8 = 4;

/// The room's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tamper {
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// The block that is shown, from 1.
    pub chosen: u8,
    /// The others' hash power, in quarters of this person's.
    pub others: u8,
}

impl Default for Tamper {
    fn default() -> Self {
        Self {
            deeds: Vec::new(),
            chosen: 2,
            others: 6,
        }
    }
}

impl State for Tamper {
    const ROOM: Room = Room::Tamper;

    fn read(query: &Query) -> Result<Self, Fault> {
        let mut values = query.values()?;
        let usual = Self::default();
        let deeds = values.take("did", read_deeds)?;
        let chosen = values.number("block", 1, BLOCKS as u8)?;
        let others = values.number("others", 1, MOST_OTHERS * 4)?;
        values.end()?;
        Ok(Self {
            deeds: deeds.unwrap_or_default(),
            chosen: chosen.unwrap_or(usual.chosen),
            others: others.unwrap_or(usual.others),
        })
    }

    fn write(&self) -> String {
        let deeds: Vec<String> = self.deeds.iter().map(|deed| write_deed(*deed)).collect();
        let did = Some(deeds.join(".")).filter(|did| !did.is_empty());
        let writer = Writer::default().maybe("did", did);
        writer
            .plain("block", self.chosen)
            .plain("others", self.others)
            .done()
    }
}

impl Tamper {
    /// Adds a deed; the same flip or the same gift twice is undone, and no list grows beyond
    /// [`MOST_DEEDS`].
    pub fn add(&mut self, deed: Deed) {
        let is_same = |known: &Deed| match (known, deed) {
            (Deed::Amount(a, _), Deed::Amount(b, _)) | (Deed::Reward(a, _), Deed::Reward(b, _)) => {
                *a == b
            }
            (Deed::Mend(a, _), Deed::Mend(b, _)) => *a == b,
            (known, deed) => *known == deed,
        };
        let again = self.deeds.iter().position(is_same);
        let toggles = !matches!(deed, Deed::Mend(..));
        let undone = again.map(|at| self.deeds.remove(at));
        let is_undoing = toggles && undone == Some(deed);
        if !is_undoing && self.deeds.len() < MOST_DEEDS {
            self.deeds.push(deed);
        }
        if let Deed::Mend(..) = deed {
            return;
        }
        self.chosen = deed.block();
    }

    /// Whether this very deed was done.
    pub fn has(&self, deed: Deed) -> bool {
        self.deeds.contains(&deed)
    }

    /// Tries that mending took so far: each search begins at 0.
    pub fn tries(&self) -> u64 {
        let tries = |deed: &Deed| match deed {
            Deed::Mend(_, nonce) => u64::from(*nonce) + 1,
            _ => 0,
        };
        self.deeds.iter().map(tries).sum()
    }

    /// How many blocks the others find meanwhile on average, rounded down.
    pub fn found_meanwhile(&self, tries: u64) -> u64 {
        tries * u64::from(self.others) / 4 / EXPECTED
    }

    /// The chance ever to get one block ahead of a chain that is `behind` blocks longer, in thousandths:
    /// `(q/p)^(behind + 1)` (Bitcoin's paper, section 11: gambler's ruin).
    pub fn chance(&self, behind: u64) -> u32 {
        if self.others <= 4 {
            return 1000;
        }
        let ratio = 4.0 / f64::from(self.others);
        let exponent = i32::try_from(behind + 1).unwrap_or(i32::MAX);
        (ratio.powi(exponent) * 1000.0).round() as u32
    }
}

fn write_deed(deed: Deed) -> String {
    let mut out = deed.block().to_string();
    // Writing to a string never fails.
    let _ = match deed {
        Deed::Flip(_, field, bit) => write!(out, "f{}{bit}", field.letter()),
        Deed::Amount(_, value) => write!(out, "a{value}"),
        Deed::Payee(_) => write!(out, "y"),
        Deed::LeaveOut(_) => write!(out, "x"),
        Deed::Reward(_, value) => write!(out, "w{value}"),
        Deed::Twice(_) => write!(out, "d"),
        Deed::Mend(_, nonce) => write!(out, "m{nonce}"),
    };
    out
}

fn read_deeds(text: &str) -> Option<Vec<Deed>> {
    if text.is_empty() || text.split('.').count() > MOST_DEEDS {
        return None;
    }
    text.split('.').map(read_deed).collect()
}

fn read_deed(text: &str) -> Option<Deed> {
    let mut letters = text.chars();
    let block = letters.next()?.to_digit(10)? as u8;
    if !(1..=BLOCKS as u8).contains(&block) {
        return None;
    }
    let kind = letters.next()?;
    let rest = letters.as_str();
    let amount = || {
        rest.parse::<u64>()
            .ok()
            .and_then(|sat| i64::try_from(sat).ok())
    };
    match kind {
        'f' => {
            let letter = rest.chars().next()?;
            let field = Field::ALL
                .into_iter()
                .find(|field| field.letter() == letter)?;
            let bit: u16 = rest.get(1..)?.parse().ok()?;
            (usize::from(bit) < 8 * field.range().len()).then_some(Deed::Flip(block, field, bit))
        }
        'a' => Some(Deed::Amount(block, amount()?)),
        'w' => Some(Deed::Reward(block, amount()?)),
        'm' => Some(Deed::Mend(block, rest.parse().ok()?)),
        'y' | 'x' | 'd' if !rest.is_empty() => None,
        'y' => Some(Deed::Payee(block)),
        'x' => Some(Deed::LeaveOut(block)),
        'd' => Some(Deed::Twice(block)),
        _ => None,
    }
}
