//! Which attacks are measured, and what comes of them beside theory.

use crate::measure::{self, Mean, Part, Rates, on_all_cores};
use crate::theory;

/// A line of the table.
pub struct Figure {
    pub what: String,
    pub measured: Mean,
    pub theory: f64,
}

/// How much is measured.
pub struct Effort {
    /// Runs of selfish mining and of two miners, and how many seconds each lasts: 1.25 or 1.5 blocks a second.
    pub runs: u64,
    pub seconds: u32,
    /// Double spends of each kind.
    pub attacks: u64,
}

/// Hash rates of a pool and of two honest miners, by the pool's part in words.
const POOLS: [(&str, Rates); 3] = [("0.2", [2, 4, 4]), ("1/3", [4, 4, 4]), ("0.4", [4, 3, 3])];

/// Measures everything, and hands out each figure; `tell` hears what is being measured, and how many of its
/// runs are done.
pub fn all(effort: &Effort, tell: impl Fn(&str, u64, u64) + Sync, mut each: impl FnMut(Figure)) {
    let mut seeds = (0..).map(|block: u64| block << 32);
    let mut seed = || seeds.next().expect("there is no end to them");
    for (part, rates) in POOLS {
        for between in [false, true] {
            let [revenue, gamma] = selfish(effort, seed(), part, rates, between, &tell);
            each(revenue);
            each(gamma);
        }
    }
    for rates in [[1, 9], [3, 7]] {
        for confirmations in [1, 2, 6] {
            each(double_spend(effort, seed(), rates, confirmations, &tell));
        }
    }
    for delay_ms in [8, 80, 400] {
        each(stale(effort, seed(), delay_ms, &tell));
    }
}

fn selfish(
    effort: &Effort,
    first: u64,
    part: &str,
    rates: Rates,
    between: bool,
    tell: &(impl Fn(&str, u64, u64) + Sync),
) -> [Figure; 2] {
    let gamma = if between { 0.5 } else { 0.0 };
    let what = format!("selfish, alpha {part}, gamma {gamma}");
    let runs = on_all_cores(
        first,
        effort.runs,
        |seed| measure::selfish(seed, effort.seconds, rates, between),
        |done| tell(&what, done, effort.runs),
    );
    let revenue: Vec<Part> = runs.iter().flat_map(|run| run.revenue.clone()).collect();
    let ties = Part {
        is: runs.iter().map(|run| run.ties.is).sum(),
        of: runs.iter().map(|run| run.ties.of).sum(),
    };
    let pool = f64::from(rates[0]) / f64::from(rates.iter().sum::<u32>());
    [
        Figure {
            measured: Mean::of_parts(&revenue),
            theory: theory::selfish_revenue(pool, gamma),
            what: format!("{what}: revenue"),
        },
        Figure {
            measured: Mean::of_chances(ties, gamma),
            theory: gamma,
            what: format!("{what}: gamma, over ties"),
        },
    ]
}

fn double_spend(
    effort: &Effort,
    first: u64,
    rates: [u32; 2],
    confirmations: u32,
    tell: &(impl Fn(&str, u64, u64) + Sync),
) -> Figure {
    let attacker = f64::from(rates[0]) / f64::from(rates[0] + rates[1]);
    let what = format!("double spend, q {attacker}, z {confirmations}: success");
    let runs = on_all_cores(
        first,
        effort.attacks,
        |seed| measure::double_spend(seed, rates, confirmations),
        |done| tell(&what, done, effort.attacks),
    );
    let successes = Part {
        is: runs.iter().filter(|success| **success).count() as u64,
        of: effort.attacks,
    };
    let theory = theory::double_spend(attacker, confirmations);
    Figure {
        measured: Mean::of_chances(successes, theory),
        theory,
        what,
    }
}

fn stale(
    effort: &Effort,
    first: u64,
    delay_ms: u32,
    tell: &(impl Fn(&str, u64, u64) + Sync),
) -> Figure {
    let load = measure::load(delay_ms);
    let what = format!("two miners, {load:.2} blocks while one spreads: stale");
    let runs = on_all_cores(
        first,
        effort.runs,
        |seed| measure::stale(seed, effort.seconds, delay_ms),
        |done| tell(&what, done, effort.runs),
    );
    Figure {
        measured: Mean::of_parts(&runs.concat()),
        theory: theory::stale_rate(load),
        what,
    }
}
