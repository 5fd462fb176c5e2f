//! Random scenarios within what a protocol tolerates: bad links, slow disks, cuts that heal, processes
//! that die or stand still, losses of power, and as many liars as it tolerates; then a quiet phase, in which everything that was asked for
//! must be done.

use std::collections::BTreeMap;

use adversary::TWISTS;
use chain::Stream;
use protocol::{Entry, Shape};
use scenario::{
    ChainSpec, ClientsSpec, DisksSpec, Expect, Fault, FaultKind, LinksSpec, NodesSpec, Scenario,
};

/// For how many simulated seconds things go wrong, where messages and not blocks decide ...
const TROUBLE: u32 = 40;
/// ... and how many are left to settle.
const SETTLES: u32 = 30;
/// Blocks come seconds apart: where they are mined, everything takes so much longer.
const SLOWER: u32 = 10;
/// Parameters whose defaults are too large for so short a run, with what is drawn instead: from 1 up to
/// this.
const SHORTER: [(&str, u32); 2] = [("snapshot", 15), ("piece", 500)];
/// Parameters that are on in one scenario and off in another.
const SWITCHES: [&str; 2] = ["macs", "reads"];
/// Most orders of operators.
const MOST_ORDERS: u32 = 5;
/// How often at most somebody is alone with a client, where that is what reads have to fear.
const MOST_ALONE: u32 = 8;
/// Most faults of one scenario, but that several may come at once.
const MOST_FAULTS: u32 = 20;

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
    // Slower disks than this make elections take longer than anybody's patience.
    let sync_max_ms = draw(30 * slower);
    let disks = DisksSpec {
        sync_min_ms: draw(sync_max_ms + 1),
        sync_max_ms,
    };
    let faults = (0..draw(MOST_FAULTS)).flat_map(|_| fault(&mut draw, count + clients, slower));
    let mut faults: Vec<Fault> = faults.collect();
    let bits = ("bits".to_owned(), 0x2000_ffff);
    let has = |name: &str| entry.params.iter().any(|param| param.name == name);
    let shorter = SHORTER.into_iter().filter(|(name, _)| has(name));
    let shorter = shorter.map(|(name, most)| (name.to_owned(), u64::from(1 + draw(most))));
    let mut params: BTreeMap<String, u64> = shorter.collect();
    let switches = SWITCHES.into_iter().filter(|name| has(name));
    params.extend(switches.map(|name| (name.to_owned(), u64::from(draw(2)))));
    params.extend(mines.then_some(bits));
    let most = (entry.liars)(count);
    let liars = if most == 0 { 0 } else { draw(most + 1) };
    faults.extend((0..liars).map(|_| liar(&mut draw, count, end)));
    let has_leader = entry.card.roles.contains(&"leader");
    let orders = 0..if has_leader { draw(MOST_ORDERS) } else { 0 };
    faults.extend(orders.flat_map(|_| orders_at_odds(&mut draw, count)));
    let reads_beside = params.get("reads") == Some(&1);
    let times = if reads_beside { draw(MOST_ALONE) } else { 0 };
    faults.extend((0..times).flat_map(|_| alone(&mut draw, count, clients)));
    if has("joint") && draw(2) == 0 {
        params.insert("joint".to_owned(), draw(2).into());
        params.insert("voters".to_owned(), draw(count + 1).into());
        let orders = 0..1 + draw(MOST_ORDERS);
        faults.extend(orders.map(|_| reconfigures(&mut draw, count)));
    }
    faults.push(Fault::at_ms(end * 1_000, FaultKind::Heal {}));
    Scenario {
        title: format!("Random faults of seed {seed}"),
        seed,
        seconds: end + SETTLES * slower,
        depth: 100, // deeper than any cut of such a run
        chain: ChainSpec {
            name: "random".into(),
            protocol: entry.card.id.into(),
            ledger: if mines { "utxo" } else { "kv" }.into(),
            params,
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
        regions: Vec::new(),
        peers: None,
        disks,
        faults,
        acts: Vec::new(),
        expect: Expect::default(),
    }
}

/// A member that lies as any machine can, from the beginning or later.
fn liar(draw: &mut impl FnMut(u32) -> u32, members: u32, end: u32) -> Fault {
    let pick = draw(u32::try_from(TWISTS.len()).expect("few"));
    let twist = TWISTS[usize::try_from(pick).expect("few")];
    let by_ms = if twist.kind.takes_time() {
        1 + draw(3_000)
    } else {
        0
    };
    let at_ms = draw(2) * draw(end * 1_000);
    let node = draw(members);
    let to = (0..members).filter(|seat| *seat != node && draw(2) == 0);
    let kind = FaultKind::TurnEvil {
        node,
        twist: twist.id.into(),
        to: to.collect(),
        by_ms,
    };
    Fault::at_ms(at_ms, kind)
}

/// Two operators, who do not know of each other, make two members stand for election at once, and one of
/// those who vote dies over it and is soon back.
fn orders_at_odds(draw: &mut impl FnMut(u32) -> u32, nodes: u32) -> [Fault; 3] {
    let at_ms = 2_000 + draw((TROUBLE - 10) * 1_000);
    let crash = FaultKind::CrashInWrite {
        node: draw(nodes),
        for_ms: draw(100),
    };
    let [one, other] = [0, 1].map(|_| FaultKind::TransferLeadership { to: draw(nodes) });
    [crash, one, other].map(|kind| Fault::at_ms(at_ms, kind))
}

/// An operator wants others to vote than before, at least one, and some of the rest to learn.
fn reconfigures(draw: &mut impl FnMut(u32) -> u32, nodes: u32) -> Fault {
    let one = draw(nodes);
    let [mut voters, mut learners] = [Vec::new(), Vec::new()];
    for node in 0..nodes {
        match draw(3) {
            _ if node == one => voters.push(node),
            0 => learners.push(node),
            _ => voters.push(node),
        }
    }
    learners.retain(|_| draw(2) == 0);
    let at_ms = 2_000 + draw((TROUBLE - 10) * 1_000);
    Fault::at_ms(at_ms, FaultKind::Reconfigure { voters, learners })
}

/// Somebody is cut off from all others with a client, whom it may tell what is no longer true.
fn alone(draw: &mut impl FnMut(u32) -> u32, nodes: u32, clients: u32) -> [Fault; 2] {
    let pair = vec![draw(nodes), nodes + draw(clients)];
    let others = (0..nodes + clients).filter(|seat| !pair.contains(seat));
    let groups = vec![others.collect(), pair];
    let at_ms = 2_000 + draw((TROUBLE - 10) * 1_000);
    let cut = Fault::at_ms(at_ms, FaultKind::Cut { groups });
    let heal = Fault::at_ms(at_ms + 1_000 + draw(5_000), FaultKind::Heal {});
    [cut, heal]
}

/// Something that goes wrong before the end of trouble; power fails for several nodes at once.
fn fault(draw: &mut impl FnMut(u32) -> u32, seats: u32, slower: u32) -> Vec<Fault> {
    let whole = TROUBLE * slower * 1_000;
    let at_ms = 2_000 + draw(whole - whole / 4);
    // Short and long ones: some end before anybody notices, others long after.
    let for_ms = draw(whole / 5) / (1 + draw(20));
    let kind = match draw(9) {
        0 => {
            let mut groups = vec![Vec::new(); 3];
            for seat in 0..seats {
                let group = usize::try_from(draw(3)).expect("below 3");
                groups[group].push(seat);
            }
            FaultKind::Cut { groups }
        }
        1 => FaultKind::Heal {},
        2 => {
            let mut some = |_| (0..seats).filter(|_| draw(2) == 0).collect();
            let [from, to] = [0, 1].map(&mut some);
            FaultKind::CutOneWay { from, to }
        }
        3 => FaultKind::Slow {
            node: draw(seats),
            delay_ms: draw(300 * slower),
        },
        4 => FaultKind::Pause {
            node: draw(seats),
            for_ms,
        },
        5 => FaultKind::Crash {
            node: draw(seats),
            for_ms,
        },
        6 | 7 => {
            let hit: Vec<u32> = (0..seats).filter(|_| draw(2) == 0).collect();
            let fault = |node| Fault::at_ms(at_ms, FaultKind::PowerLoss { node, for_ms });
            return hit.into_iter().map(fault).collect();
        }
        _ => FaultKind::CrashInWrite {
            node: draw(seats),
            for_ms,
        },
    };
    vec![Fault::at_ms(at_ms, kind)]
}
