//! Random scenarios within what a protocol tolerates: bad links, cuts that heal, crashes in the middle
//! of writes; then a quiet phase, in which everything that was asked for must be done.

use std::collections::BTreeMap;

use chain::Stream;
use protocol::{Entry, Shape};
use scenario::{ChainSpec, ClientsSpec, Fault, FaultKind, LinksSpec, NodesSpec, Scenario};

/// For how many simulated seconds things go wrong, where messages and not blocks decide ...
const TROUBLE: u32 = 40;
/// ... and how many are left to settle.
const SETTLES: u32 = 30;
/// Blocks come seconds apart: where they are mined, everything takes so much longer.
const SLOWER: u32 = 10;
/// Most faults of one scenario.
const MOST_FAULTS: u32 = 12;

/// The scenario of a seed. Blocks are mined for coins; clients want something that needs none.
#[must_use]
pub fn scenario(entry: &Entry, seed: u64) -> Scenario {
    let mut rng = Stream::new(seed, 0, "random scenario");
    let mut draw = |most: u32| u32::try_from(rng.below(most.into())).expect("below a u32");
    let mines = entry.shape == Shape::Forks;
    let slower = if mines { SLOWER } else { 1 };
    let (count, clients) = match entry.shape {
        Shape::Forks => (entry.least + draw(4), 0),
        Shape::Slots => (entry.least + draw(3), 1 + draw(3)),
    };
    let links = LinksSpec {
        delay_min_ms: 1,
        delay_max_ms: 1 + draw(60 * slower),
        loss_ppm: draw(100_000),
        duplicate_ppm: draw(100_000),
    };
    let rates = (0..count).map(|_| 1 + draw(8)).filter(|_| mines).collect();
    let every_ms = 300 + draw(2_000);
    let end = TROUBLE * slower;
    let faults = (0..draw(MOST_FAULTS)).map(|_| fault(&mut draw, count + clients, end));
    let mut faults: Vec<Fault> = faults.collect();
    faults.push(Fault {
        at: end,
        kind: FaultKind::Heal {},
    });
    let bits = ("bits".to_owned(), 0x2000_ffff);
    Scenario {
        title: format!("Random faults of seed {seed}"),
        seed,
        seconds: end + SETTLES * slower,
        depth: 100, // deeper than any cut of such a run
        chain: ChainSpec {
            name: "random".into(),
            protocol: entry.card.id.into(),
            ledger: if mines { "utxo" } else { "kv" }.into(),
            params: if mines {
                BTreeMap::from([bits])
            } else {
                BTreeMap::new()
            },
        },
        nodes: NodesSpec {
            count,
            hashes_per_second: rates,
        },
        clients: ClientsSpec {
            count: clients,
            every_ms,
        },
        links,
        faults,
    }
}

/// Something that goes wrong before the end of trouble.
fn fault(draw: &mut impl FnMut(u32) -> u32, seats: u32, end: u32) -> Fault {
    let at = 2 + draw(end - end / 4);
    let kind = match draw(3) {
        0 => {
            let mut groups = vec![Vec::new(); 3];
            for seat in 0..seats {
                let group = usize::try_from(draw(3)).expect("below 3");
                groups[group].push(seat);
            }
            FaultKind::Cut { groups }
        }
        1 => FaultKind::Heal {},
        _ => FaultKind::Crash {
            node: draw(seats),
            seconds: draw(end / 5),
        },
    };
    Fault { at, kind }
}
