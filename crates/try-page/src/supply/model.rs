//! Bitcoin's schedule of subsidies, by the chain's own rule.

use chain::params::{ChainParams, bitcoin_2009};
use chain::rules::subsidy;
use chain::units::Height;

use crate::link::{Fault, Query, Writer};
use crate::room::State;
use crate::route::Room;

/// Blocks between two halvings.
pub const HALVING: u32 = 210_000;
/// Eras that pay something; from the next one on the subsidy is less than a satoshi: nothing.
pub const ERAS: u32 = 33;
/// The first height without a subsidy.
pub const END: u32 = ERAS * HALVING;

/// The room's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    /// The height up to which subsidies are added.
    pub height: u32,
}

impl Default for Supply {
    fn default() -> Self {
        Self { height: 840_000 }
    }
}

impl State for Supply {
    const ROOM: Room = Room::Supply;

    fn read(query: &Query) -> Result<Self, Fault> {
        let mut values = query.values()?;
        let height = values.number("height", 0, END)?;
        values.end()?;
        Ok(height.map_or_else(Self::default, |height| Self { height }))
    }

    fn write(&self) -> String {
        Writer::default().plain("height", self.height).done()
    }
}

/// The blocks between two halvings, which all have the same subsidy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Era {
    /// Its first height.
    pub first: u32,
    /// What each of its blocks may create, in satoshi.
    pub subsidy: u64,
    /// All subsidies up to its end, in satoshi.
    pub sum: u64,
}

/// The schedule.
pub struct Schedule {
    params: ChainParams,
    /// All eras that pay something.
    pub eras: Vec<Era>,
}

impl Schedule {
    /// Bitcoin's schedule.
    pub fn new() -> Self {
        let params = bitcoin_2009();
        let mut sum = 0;
        let eras = (0..ERAS).map(|era| {
            let first = era * HALVING;
            let subsidy = subsidy(Height(first), &params).to_sat();
            sum += subsidy * u64::from(HALVING);
            Era {
                first,
                subsidy,
                sum,
            }
        });
        let eras = eras.collect();
        Self { params, eras }
    }

    /// What the block at a height may create, in satoshi.
    pub fn subsidy(&self, height: u32) -> u64 {
        subsidy(Height(height), &self.params).to_sat()
    }

    /// All subsidies up to and including the one at a height, in satoshi.
    pub fn sum(&self, height: u32) -> u64 {
        let era = (height / HALVING) as usize;
        let Some(now) = self.eras.get(era) else {
            return self.total();
        };
        let before = era.checked_sub(1).map_or(0, |era| self.eras[era].sum);
        before + now.subsidy * u64::from(height - now.first + 1)
    }

    /// All subsidies there will ever be, in satoshi.
    pub fn total(&self) -> u64 {
        self.eras.last().map_or(0, |era| era.sum)
    }
}

/// Satoshi as coins with all eight decimals, such as `20,999,999.97690000`; `whole` formats the coins.
pub fn coins(satoshi: u64, whole: impl Fn(u64) -> String) -> String {
    let unit = chain::units::Amount::COIN.to_sat();
    format!("{}.{:08}", whole(satoshi / unit), satoshi % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_satoshi_is_the_known_one() {
        let schedule = Schedule::new();
        assert_eq!(schedule.total(), 2_099_999_997_690_000);
        assert_eq!(schedule.eras.last().map(|era| era.subsidy), Some(1));
        assert_eq!(schedule.subsidy(END - 1), 1);
        assert_eq!(schedule.subsidy(END), 0);
        assert_eq!(schedule.sum(END), schedule.total());
        assert_eq!(schedule.sum(END - 1), schedule.total());
        assert_eq!(schedule.sum(u32::MAX), schedule.total());
    }

    #[test]
    fn sums_are_what_adding_gives() {
        let schedule = Schedule::new();
        assert_eq!(schedule.sum(0), 5_000_000_000);
        let mut sum = 0;
        for height in 0..HALVING * 2 + 5 {
            sum += schedule.subsidy(height);
        }
        assert_eq!(schedule.sum(HALVING * 2 + 4), sum);
    }

    #[test]
    fn amounts_keep_all_decimals() {
        let say = |satoshi| coins(satoshi, |whole| whole.to_string());
        assert_eq!(say(2_099_999_997_690_000), "20999999.97690000");
        assert_eq!(say(1), "0.00000001");
    }

    #[test]
    fn links_are_bounded() {
        let read = |query: &str| Supply::read(&Query::of(query));
        assert_eq!(read("height=6930000").map(|s| s.height), Ok(END));
        assert!(read("height=6930001").is_err());
        assert!(read("height=-1").is_err());
        let supply = Supply { height: 17 };
        assert_eq!(read(&supply.write()), Ok(supply));
    }
}
