//! A chain whose hash power changes once, under each of the rules and with the same luck.

use chain::params::{ChainParams, bitcoin_2009};
use chain::rng::Stream;
use chain::target::{CompactTarget, block_proof};
use chain::units::{BlockTime, Micros};
use ruint::aliases::U256;

use super::rules::{Past, Rule};
use crate::link::{Fault, Query, Writer};
use crate::room::State;
use crate::route::Room;

/// Blocks before hash power changes; the first ones are exactly on time.
pub const BEFORE: usize = 100;
/// Blocks after that.
pub const AFTER: usize = 1_000;
/// Blocks that are exactly on time, so that all rules have something to look back at.
const CALM: usize = 61;
/// The windows that one may choose between; Bitcoin's is the last.
pub const WINDOWS: [u32; 3] = [72, 144, 2016];
/// Hash power changes by at most 2 to this.
pub const MOST_POWER: i8 = 4;
/// From this many spacings a block on, a chain stands still.
const STANDSTILL: u32 = 1_000_000;

const START: CompactTarget = CompactTarget(0x1b04_04cb);

/// The room's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difficulty {
    /// Hash power is multiplied by 2 to this.
    pub power: i8,
    /// The window of Bitcoin's rule, in blocks.
    pub window: u32,
    /// Which luck the miners have.
    pub luck: u32,
}

impl Default for Difficulty {
    fn default() -> Self {
        Self {
            power: -2,
            window: 144,
            luck: 1,
        }
    }
}

impl State for Difficulty {
    const ROOM: Room = Room::Difficulty;

    fn read(query: &Query) -> Result<Self, Fault> {
        let mut values = query.values()?;
        let usual = Self::default();
        let power = values.number("power", -MOST_POWER, MOST_POWER)?;
        let window = values.one_of("window", &WINDOWS)?;
        let luck = values.number("luck", 1, 9_999)?;
        values.end()?;
        Ok(Self {
            power: power.unwrap_or(usual.power),
            window: window.unwrap_or(usual.window),
            luck: luck.unwrap_or(usual.luck),
        })
    }

    fn write(&self) -> String {
        let writer = Writer::default().plain("power", self.power);
        writer
            .plain("window", self.window)
            .plain("luck", self.luck)
            .done()
    }
}

/// What became of a chain under one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The rule.
    pub rule: Rule,
    /// For each block the time that it takes on average at the hash power there is, in thousandths of
    /// the spacing. It ends early where the chain stands still.
    pub expected: Vec<u32>,
    /// The seconds that the blocks after the change took.
    pub seconds: u64,
}

impl Track {
    /// Runs a chain.
    pub fn run(rule: Rule, wish: &Difficulty) -> Self {
        let mut params = bitcoin_2009();
        params.window = wish.window;
        let mut luck = Stream::new(u64::from(wish.luck), 0, "difficulty");
        let mut past = vec![Past {
            time: BlockTime(1_300_000_000),
            bits: START,
        }];
        let (mut expected, mut seconds) = (vec![1000], 0);
        while past.len() < BEFORE + AFTER {
            let bits = rule.next(&past, &params);
            let power = if past.len() < BEFORE { 0 } else { wish.power };
            let mean = mean_time(bits, power);
            expected.push(mean);
            if mean >= STANDSTILL {
                break;
            }
            // Drawn also where it is not used, so that each block has the same luck under each rule.
            let drawn = luck.exp_micros(Micros(1_000_000));
            let took = if past.len() < CALM {
                params.spacing_secs
            } else {
                took(drawn, mean, &params)
            };
            if past.len() >= BEFORE {
                seconds += u64::from(took);
            }
            let time = past[past.len() - 1].time.saturating_add(took);
            past.push(Past { time, bits });
        }
        Self {
            rule,
            expected,
            seconds,
        }
    }

    /// The blocks after the change.
    fn after(&self) -> &[u32] {
        self.expected.get(BEFORE..).unwrap_or_default()
    }

    /// The longest that a block took on average after the change, in thousandths of the spacing.
    pub fn slowest(&self) -> u32 {
        self.after().iter().copied().max().unwrap_or(1000)
    }

    /// The shortest.
    pub fn fastest(&self) -> u32 {
        self.after().iter().copied().min().unwrap_or(1000)
    }

    /// After how many blocks the time was within a quarter of the spacing and stayed so for ten
    /// blocks; `None` if it never did.
    pub fn back_after(&self) -> Option<usize> {
        let near = |expected: &u32| (750..=1250).contains(expected);
        self.after()
            .windows(10)
            .position(|blocks| blocks.iter().all(near))
    }

    /// Whether it ended because the chain stood still.
    pub fn stands_still(&self) -> bool {
        self.expected.len() < BEFORE + AFTER || self.slowest() >= STANDSTILL
    }
}

/// The mean time of a block in thousandths of the spacing, if it is one spacing at the first bits.
fn mean_time(bits: CompactTarget, power: i8) -> u32 {
    // Sixteenths of the first hash power.
    let power = U256::from(16u32 << MOST_POWER >> (MOST_POWER - power));
    let work = block_proof(bits).0 * U256::from(16_000u32);
    let mean = work / block_proof(START).0 / power;
    u32::try_from(mean).unwrap_or(u32::MAX)
}

/// The seconds that a block took, at least one; `drawn` is the luck with a mean of a second.
fn took(drawn: Micros, mean: u32, params: &ChainParams) -> u32 {
    let spacing = u128::from(params.spacing_secs) * u128::from(mean);
    let seconds = u128::from(drawn.0) * spacing / 1_000_000_000;
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(rule: Rule, power: i8) -> Track {
        let wish = Difficulty {
            power,
            ..Difficulty::default()
        };
        Track::run(rule, &wish)
    }

    #[test]
    fn mean_times_follow_bits_and_power() {
        assert_eq!(mean_time(START, 0), 1000);
        assert_eq!(mean_time(START, -2), 4000);
        assert_eq!(mean_time(START, 4), 62);
        assert_eq!(mean_time(START, -4), 16_000);
    }

    #[test]
    fn three_rules_come_back_and_the_clamped_one_never_does() {
        for rule in [Rule::Weighted, Rule::Planned, Rule::Windows] {
            for power in [-2, 2] {
                let track = track(rule, power);
                assert!(!track.stands_still(), "{}", rule.name());
                assert!(track.back_after().is_some(), "{} at {power}", rule.name());
            }
        }
        let spiral = track(Rule::Clamped, -2);
        assert_eq!(spiral.back_after(), None);
        assert!(spiral.slowest() > 20_000, "{}", spiral.slowest());
        // Even with all its hash power: honest blocks are late half of the time.
        assert!(track(Rule::Clamped, 0).slowest() > 10_000);
    }

    #[test]
    fn bitcoins_windows_are_the_slowest_to_come_back() {
        let back = |rule| track(rule, -2).back_after().expect("comes back");
        assert!(back(Rule::Weighted) < back(Rule::Windows));
    }

    #[test]
    fn the_same_luck_gives_the_same_chain() {
        let wish = Difficulty::default();
        for rule in Rule::ALL {
            assert_eq!(Track::run(rule, &wish), Track::run(rule, &wish));
        }
        let other = Difficulty {
            luck: 2,
            ..wish.clone()
        };
        assert_ne!(
            Track::run(Rule::Weighted, &wish),
            Track::run(Rule::Weighted, &other)
        );
    }

    #[test]
    fn links_are_bounded() {
        let read = |query: &str| Difficulty::read(&Query::of(query));
        let wish = Difficulty {
            power: 4,
            window: 2016,
            luck: 9_999,
        };
        assert_eq!(read(&wish.write()), Ok(wish));
        for bad in [
            "power=5",
            "power=-5",
            "window=1",
            "luck=0",
            "luck=10000",
            "rule=x",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
