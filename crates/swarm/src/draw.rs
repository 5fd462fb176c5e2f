//! Draws a script from a seed.
//!
//! Each seed leaves out whole families of verbs ("swarm testing", Groce et al. 2012): those that
//! remain are frequent, so that rare combinations become common in some seeds.

mod meetings;

use chain::Stream;

use crate::script::{Family, Script, Step, Verb};

/// Families that may be left out; tabs always open.
const OPTIONAL: [Family; 12] = [
    Family::Mining,
    Family::Switches,
    Family::Resets,
    Family::Freezes,
    Family::Deaths,
    Family::Locks,
    Family::Talk,
    Family::Databases,
    Family::Slow,
    Family::Posers,
    Family::Clocks,
    Family::Workers,
];

/// The script of a seed.
#[must_use]
pub fn draw(seed: u64) -> Script {
    let mut rng = Stream::new(seed, 0, "script");
    let calm = 8_000 + below(&mut rng, 16_000);
    let lockless = rng.chance(40_000);
    let verbs = choose(&mut rng);
    let total: u32 = verbs.iter().map(|verb| verb.weight()).sum();
    let mut steps = vec![open(&mut rng, 0)];
    for _ in 0..below(&mut rng, 3) {
        let at = below(&mut rng, 3_000);
        steps.push(open(&mut rng, at));
    }
    if verbs.contains(&Verb::Mine) {
        steps.push(Step {
            at: 500,
            verb: Verb::Mine,
            who: 0,
            how: 0,
        });
    }
    let gap = 150 + below(&mut rng, 700);
    let meetings = if rng.chance(600_000) { 150_000 } else { 0 };
    let mut at = 0;
    loop {
        at += 1 + below(&mut rng, 2 * gap);
        if at >= calm {
            break;
        }
        if rng.chance(meetings) {
            at = meetings::meet(&mut rng, &verbs, at, &mut steps);
            continue;
        }
        let verb = pick(&verbs, below(&mut rng, total));
        let (who, how) = (rng.next_u32() >> 16, rng.next_u32() >> 8);
        let step = Step { at, verb, who, how };
        steps.push(step);
        // People press twice, or in two tabs.
        if verb == Verb::Reset && rng.chance(400_000) {
            let (at, who) = (at + below(&mut rng, 400), rng.next_u32() >> 16);
            steps.push(Step { at, who, ..step });
        }
    }
    steps.retain(|step| step.at < calm);
    steps.sort_by_key(|step| step.at);
    Script {
        seed,
        lockless,
        calm,
        steps,
    }
}

fn choose(rng: &mut Stream) -> Vec<Verb> {
    let mut families = vec![Family::Tabs];
    for family in OPTIONAL {
        // Without blocks there is little to lose.
        let often = if family == Family::Mining {
            900_000
        } else {
            400_000
        };
        if rng.chance(often) {
            families.push(family);
        }
    }
    let of_these = |verb: &Verb| families.contains(&verb.family());
    Verb::ALL.iter().copied().filter(of_these).collect()
}

fn open(rng: &mut Stream, at: u32) -> Step {
    Step {
        at,
        verb: Verb::Open,
        who: 0,
        how: rng.next_u32() >> 8,
    }
}

fn pick(verbs: &[Verb], mut at: u32) -> Verb {
    for verb in verbs {
        match at.checked_sub(verb.weight()) {
            Some(rest) => at = rest,
            None => return *verb,
        }
    }
    Verb::Open
}

fn below(rng: &mut Stream, bound: u32) -> u32 {
    u32::try_from(rng.below(bound.into())).unwrap_or(0)
}
