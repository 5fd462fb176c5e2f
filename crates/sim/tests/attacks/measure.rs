//! Runs of attacks on proof of work, and what came of them. Links take no time unless that is what is
//! measured, so that nothing but the attack makes blocks stale.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chain::{BitcoinHeader, BlockId};
use consensus::pow;
use protocol::{Claim, Entry, Event, Input, Kin, Output, Seen, Space, Write};
use scenario::{Fault, FaultKind, LinksSpec, NodesSpec, Scenario};
use sim::Sim;

/// No run has as many blocks as the window, so that difficulty stays as it is.
const BASE: &str = r#"
    title = "An attack"
    seed = 0
    seconds = 1
    chain = { name = "attacks", protocol = "pow", ledger = "utxo", params = { spacing = 1, bits = 0x201fffff, window = 2016 } }
    nodes = { count = 1 }
    links = { delay_min_ms = 0, delay_max_ms = 0 }
"#;

/// Hashes that a block takes at these bits.
const HASHES: f64 = 8.0;

/// Proof of work, watched by one who remembers every block.
static WATCHED: [Entry; 1] = [Entry {
    claims: |_| vec![Box::new(Watch)],
    ..pow::ENTRY
}];

/// A block, and who found it.
#[derive(Clone, Copy)]
struct Mined {
    parent: BlockId,
    height: u32,
    seat: u32,
}

type Blocks = BTreeMap<BlockId, Mined>;

thread_local! {
    /// All blocks of the run of this thread: a registry builds its claims itself, so they cannot be handed
    /// a place to write to.
    static BLOCKS: RefCell<Blocks> = const { RefCell::new(Blocks::new()) };
}

/// Remembers every block when it is found, and asks nothing of anybody.
struct Watch;

impl Watch {
    fn see(seen: &Seen<'_>) {
        if !matches!(seen.input, Input::Found { .. }) {
            return;
        }
        let saves = seen.out.iter().filter_map(|output| match output {
            Output::Save(batch) => Some(&batch.0),
            _ => None,
        });
        for write in saves.flatten() {
            if let Write::Put { key, value } = write
                && key.space == Space::Shared
                && let Some(head) = value.first_chunk()
            {
                BLOCKS.with_borrow_mut(|blocks| remember(blocks, head, seen.seat));
            }
        }
    }
}

fn remember(blocks: &mut Blocks, head: &[u8; BitcoinHeader::LEN], seat: u32) {
    let header = BitcoinHeader::decode(head);
    let parent = header.prev;
    let below = blocks.get(&parent).map_or(0, |parent| parent.height);
    let height = below + 1;
    let mined = Mined {
        parent,
        height,
        seat,
    };
    blocks.insert(header.id(), mined);
}

impl Claim for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        Self::see(seen);
        Ok(())
    }

    fn after_twisted(&mut self, seen: &Seen<'_>) {
        Self::see(seen);
    }

    fn fork(&self, _kin: &mut Kin) -> Box<dyn Claim> {
        Box::new(Self)
    }
}

/// A run of nodes with these hash rates.
fn scenario(seed: u64, seconds: u32, rates: &[u32], faults: Vec<FaultKind>) -> Scenario {
    let faults = faults.into_iter().map(|kind| Fault::at_ms(0, kind));
    Scenario {
        seed,
        seconds,
        nodes: NodesSpec {
            count: u32::try_from(rates.len()).expect("few"),
            hashes_per_second: rates.to_vec(),
        },
        faults: faults.collect(),
        ..toml::from_str(BASE).expect("a scenario")
    }
}

fn turn_evil(twist: &str) -> FaultKind {
    FaultKind::TurnEvil {
        node: 0,
        twist: twist.into(),
        to: vec![],
        by_ms: 0,
    }
}

fn start(scenario: &Scenario) -> Sim {
    BLOCKS.with_borrow_mut(Blocks::clear);
    Sim::among(&WATCHED, scenario).expect("within limits")
}

/// So many of so many blocks.
#[derive(Clone, Copy, Default)]
pub struct Part {
    pub is: u64,
    pub of: u64,
}

/// What came of a run of selfish mining.
pub struct Selfish {
    /// The pool's part of each batch of the chain that an honest node ends on.
    pub revenue: Vec<Part>,
    /// Of all ties after which somebody honest found the next block, those in which that was on the pool's.
    pub ties: Part,
}

/// A run is taken apart into batches of so many heights, so that a few runs tell how much chance there is:
/// whatever an attack does, it does within a few blocks.
const BATCH: u32 = 50;

/// Who is how fast: the pool, and two honest miners that are equally fast.
pub type Rates = [u32; 3];

/// A pool of one node is selfish for so many seconds. In a tie the honest stay with the block that they
/// have heard first: their own if they hear each other no later than the pool (`gamma` is 0 then), the
/// pool's for the one who did not find theirs if they hear each other through the pool alone (1/2).
pub fn selfish(seed: u64, seconds: u32, rates: Rates, between: bool) -> Selfish {
    let mut faults = vec![turn_evil("selfish")];
    if between {
        faults.extend([(1, 2), (2, 1)].map(|(from, to)| FaultKind::CutOneWay {
            from: vec![from],
            to: vec![to],
        }));
    }
    let report = start(&scenario(seed, seconds, &rates, faults)).run();
    let (tip, _) = report.nodes[1].tip.expect("it is up");
    BLOCKS.with_borrow(|blocks| {
        let chain = above_genesis(blocks, tip);
        Selfish {
            revenue: batches(chain, tip_height(blocks, tip), |block| block.seat == 0),
            ties: ties(blocks),
        }
    })
}

fn tip_height(blocks: &Blocks, tip: BlockId) -> u32 {
    blocks.get(&tip).map_or(0, |tip| tip.height)
}

/// How many of the blocks in each full batch below a height are of a kind.
fn batches<'a>(
    blocks: impl Iterator<Item = &'a Mined>,
    top: u32,
    kind: impl Fn(&Mined) -> bool,
) -> Vec<Part> {
    let mut parts = vec![Part::default(); (top / BATCH) as usize];
    for block in blocks {
        if let Some(part) = parts.get_mut(((block.height - 1) / BATCH) as usize) {
            part.is += u64::from(kind(block));
            part.of += 1;
        }
    }
    parts
}

/// The blocks from a tip down to the first above genesis.
fn above_genesis(blocks: &Blocks, tip: BlockId) -> impl Iterator<Item = &Mined> {
    let first = blocks.get(&tip);
    std::iter::successors(first, |block| blocks.get(&block.parent))
}

/// How often somebody honest found a block on top of one that had a rival of the other party at its
/// height, and how often that one was the pool's.
fn ties(blocks: &Blocks) -> Part {
    let mut parties: BTreeMap<u32, [bool; 2]> = BTreeMap::new();
    for block in blocks.values() {
        parties.entry(block.height).or_default()[usize::from(block.seat == 0)] = true;
    }
    let honest = blocks.values().filter(|block| block.seat != 0);
    let parents = honest.filter_map(|block| blocks.get(&block.parent));
    let tied: Vec<&Mined> = parents
        .filter(|parent| parties[&parent.height] == [true; 2])
        .collect();
    let on_pools = tied.iter().filter(|parent| parent.seat == 0);
    Part {
        is: on_pools.count() as u64,
        of: tied.len() as u64,
    }
}

/// How far behind an attacker is taken to have lost: with three tenths of the hash rate, fewer than one in a
/// million attacks would still succeed.
const LOST: u32 = 16;

/// Whether one double spend succeeds: an attacker and all others, as fast as given.
pub fn double_spend(seed: u64, rates: [u32; 2], confirmations: u32) -> bool {
    let twist = format!("double-spend-{confirmations}");
    let seconds = 1_000;
    let mut sim = start(&scenario(seed, seconds, &rates, vec![turn_evil(&twist)]));
    let mut heights = [0; 2];
    while sim.advance() {
        for (seat, event) in sim.told() {
            match event {
                Event::Found { height, .. } => heights[*seat as usize] = height.0,
                Event::Reorganised { disconnected, .. } if *seat == 1 => {
                    assert!(*disconnected >= confirmations, "before it was confirmed");
                    return true;
                }
                Event::Rival { .. } | Event::Extended { from: Some(_), .. } if *seat == 1 => {
                    let [attacker, others] = heights;
                    let is_won = attacker > others && others >= confirmations;
                    assert!(is_won, "seed {seed}: others hear of what is withheld");
                }
                _ => {}
            }
        }
        let [attacker, others] = heights;
        if others >= confirmations && others >= attacker + LOST {
            return false;
        }
    }
    panic!("seed {seed}: undecided after {seconds} s");
}

/// What part of each batch of two equal miners' blocks is stale if a packet takes so long. A block takes three:
/// its announcement, the request for its body, the body.
pub fn stale(seed: u64, seconds: u32, delay_ms: u32) -> Vec<Part> {
    let links = LinksSpec {
        delay_min_ms: delay_ms,
        delay_max_ms: delay_ms,
        ..LinksSpec::default()
    };
    let scenario = Scenario {
        links,
        ..scenario(seed, seconds, &STALE_RATES, vec![])
    };
    let report = start(&scenario).run();
    let (tip, _) = report.nodes[0].tip.expect("it is up");
    BLOCKS.with_borrow(|blocks| {
        // All heights below the tip have one block in the best chain.
        let mut parts = batches(blocks.values(), tip_height(blocks, tip), |_| false);
        let best = u64::from(BATCH);
        parts.iter_mut().for_each(|part| part.is = part.of - best);
        parts
    })
}

const STALE_RATES: [u32; 2] = [5, 5];

/// How many blocks both find on average while one spreads.
pub fn load(delay_ms: u32) -> f64 {
    let rate: u32 = STALE_RATES.iter().sum();
    f64::from(rate) / HASHES * 3.0 * f64::from(delay_ms) / 1_000.0
}

/// A mean of what chance brought about.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Of how many blocks, ties or attacks.
    pub of: u64,
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

impl Mean {
    /// Of independent parts of different sizes: the ratio of the sums, and its error as in any textbook on
    /// samples (a ratio estimator).
    pub fn of_parts(parts: &[Part]) -> Self {
        let count = parts.len() as f64;
        let of: u64 = parts.iter().map(|part| part.of).sum();
        let is: u64 = parts.iter().map(|part| part.is).sum();
        let mean = is as f64 / of as f64;
        let rest = |part: &Part| part.is as f64 - mean * part.of as f64;
        let squares: f64 = parts.iter().map(|part| rest(part).powi(2)).sum();
        let error = (squares * count / (count - 1.0)).sqrt() / of as f64;
        Self { of, mean, error }
    }

    /// Of trials that succeed or do not, each with this probability: then the error is known, also where
    /// few succeed.
    pub fn of_chances(part: Part, probability: f64) -> Self {
        let of = part.of as f64;
        Self {
            of: part.of,
            mean: part.is as f64 / of,
            error: (probability * (1.0 - probability) / of).sqrt(),
        }
    }

    /// How many standard errors it is above what theory says.
    pub fn distance(&self, theory: f64) -> f64 {
        match self.mean - theory {
            0.0 => 0.0, // also where nothing else is possible, and the error is 0
            above => above / self.error,
        }
    }
}

/// Carries out so many runs on all cores, each with its own seed from `first` on; `tell` hears how many are
/// done. The outcomes are in the order of their seeds.
pub fn on_all_cores<T: Send>(
    first: u64,
    runs: u64,
    run: impl Fn(u64) -> T + Sync,
    tell: impl Fn(u64) + Sync,
) -> Vec<T> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= runs {
                return done;
            }
            done.push((place, run(first + place)));
            tell(place + 1);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(u64, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.expect("no run panics")).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}
