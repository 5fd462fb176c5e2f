//! Random schedules.

use alloc::{format, vec::Vec};

use chain::Seat;
use protocol::Order;

use super::assert_settled;
use super::net::Net;
use crate::testing::assert_same;

/// Loss, doubles, reordering, crashes between any two wishes, restarts and partitions; then a quiet
/// time in which all must be answered and all logs must agree.
#[test]
fn random_schedules_keep_all_claims_and_settle() {
    let (mut blown, mut dropped, mut terms, mut installed) = (0, 0, 0, 0);
    for seed in 0..50 {
        let net = chaos(seed);
        blown += net.blown;
        dropped += net.dropped;
        installed += net.installed;
        terms += net.glance(0).expect("up").epoch;
    }
    // Schedules in which nothing happens would show nothing.
    assert!(
        blown > 100 && dropped > 50 && terms > 300 && installed > 50,
        "{blown} {dropped} {terms} {installed}"
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_same(|| chaos(7));
}

fn chaos(seed: u64) -> Net {
    let members = [3, 5, 4][seed as usize % 3];
    let clients = 8;
    // Impatient clients: there is always something that only some replicas have.
    // Some runs take no snapshots; in others nearly everything is in one, or pieces are small.
    let (snapshot, piece) = [(0, 1), (3, 100), (20, 7), (1, 1000)][seed as usize % 4];
    let values = [50, 150, 64, 50, snapshot, piece].into();
    let mut net = Net::with(values, members, clients, seed);
    net.boot_all();
    (net.loss, net.double, net.late) = (50_000, 50_000, 50_000);
    net.delay = (500, 40_000);
    for round in 0..100 {
        net.run_ms(100);
        disturb(&mut net, clients);
        for _ in 0..if round < 80 { 4 } else { 0 } {
            let client = members + net.rng.below(clients as u64) as usize;
            net.submit(client, format!("{client}/{round}"));
        }
    }
    net.calm();
    net.finish();
    net.run_ms(2000); // the latest packet arrives within one second
    assert_settled(&net);
    net
}

fn disturb(net: &mut Net, clients: usize) {
    let members = net.members().end;
    let any = net.rng.below(members as u64) as usize;
    let hurts = net.rng.chance(500_000);
    let leads = net.leader().filter(|_| hurts);
    let place = leads.unwrap_or(any);
    let other = (place + 1) % members;
    match net.rng.below(11) {
        0 => net.nodes[place].fuse = Some(net.rng.below(20) as u32),
        1 => net.crash(place),
        2 | 3 => net.boot_all(),
        4 => net.isolate(&[place, other]),
        5 => {
            // Clients still reach who may believe that it leads.
            let side: Vec<_> = (members..members + clients).chain([place]).collect();
            net.isolate(&side);
        }
        6 => {
            net.cut.insert((place.min(other), place.max(other)));
        }
        7 => {
            let to = Seat(other as u32);
            net.order(&Order::TransferLeadership { to });
        }
        8 if net.rng.chance(200_000) => {
            let client = members + place % clients;
            net.crash(client);
            net.boot(client);
        }
        _ => net.cut.clear(),
    }
}
