//! The room that a newcomer gets: randomly named, with a starting target that suits this machine's
//! speed.

use alloc::format;

use chain::{Target, U256};

use crate::room::{Draft, Room};

/// Seconds until the first block at the gentle power setting.
const FIRST_BLOCK_SECS: u64 = 2;
/// The gentle setting: half of one worker's time.
const GENTLE_SHARE: u64 = 2;

const TREES: [&str; 16] = [
    "maple", "birch", "cedar", "willow", "rowan", "aspen", "hazel", "alder", "linden", "spruce",
    "olive", "ginkgo", "poplar", "juniper", "laurel", "elm",
];
const PLACES: [&str; 16] = [
    "river", "harbour", "meadow", "bridge", "valley", "garden", "island", "summit", "lantern",
    "market", "orchard", "canyon", "lagoon", "prairie", "terrace", "village",
];

impl Room {
    /// A room in which the first block is expected after 2 s at the gentle setting, when one worker
    /// makes `hashes_per_second` at full speed. Retargeting then leads to the usual spacing, and
    /// people can watch it do so.
    #[must_use]
    pub fn fresh(random: u64, hashes_per_second: u64) -> Self {
        let [tree, place, tail @ ..] = random.to_le_bytes();
        let word = |list: &[&'static str; 16], byte: u8| list[usize::from(byte % 16)];
        let tail = u16::from_le_bytes([tail[0], tail[1]]) % 1000;
        let name = format!("{}-{}-{tail}", word(&TREES, tree), word(&PLACES, place));
        let tries = hashes_per_second.saturating_mul(FIRST_BLOCK_SECS) / GENTLE_SHARE;
        let easiest = chain::params::TABCHAIN_POW_LIMIT.expand().target;
        let target = Target(U256::MAX / U256::from(tries.max(2))).min(easiest);
        Self::new(&Draft {
            name: &name,
            values: &[("bits", u64::from(target.to_compact().0))],
            ..Draft::default()
        })
        .expect("defaults and a measured target are within the limits")
    }
}
