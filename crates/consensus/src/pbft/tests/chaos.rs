//! Random schedules.

use alloc::format;

use super::net::Net;
use crate::testing::assert_same;

/// Loss, doubles, reordering, crashes between any two wishes, restarts and partitions; then a quiet time
/// in which all must be answered and all must have executed the same.
#[test]
fn random_schedules_keep_all_claims_and_settle() {
    let (mut blown, mut views) = (0, 0);
    for seed in 0..18 {
        let net = chaos(seed);
        blown += net.blown;
        views += net.view(0);
    }
    // Schedules in which nothing happens would show nothing.
    assert!(blown > 30 && views > 40, "{blown} {views}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_same(|| chaos(7));
    assert_same(|| chaos(9));
}

fn chaos(seed: u64) -> Net {
    let members = [4, 5, 7][seed as usize % 3];
    let clients = 4;
    // Impatient replicas and clients, and small windows: there is always something under way.
    let batch = 1 + seed % 2 * 7;
    let mut net = Net::with(
        [100, 4, batch, 100, seed / 9 % 2].into(),
        members,
        clients,
        seed,
    );
    net.boot_all();
    (net.loss, net.double, net.late) = (50_000, 50_000, 20_000);
    net.delay = (500, 20_000);
    for round in 0..60 {
        net.run_ms(100);
        disturb(&mut net, clients);
        if round < 45 {
            let client = members + net.rng.below(clients as u64) as usize;
            net.submit(client, format!("{client}/{round}"));
        }
    }
    net.calm();
    net.finish();
    net.run_ms(2000); // the latest packet arrives within one second
    net.assert_settled();
    net
}

fn disturb(net: &mut Net, clients: usize) {
    let members = net.members().end;
    let place = net.rng.below(members as u64) as usize;
    let other = (place + 1) % members;
    match net.rng.below(10) {
        0 | 1 => net.nodes[place].fuse = Some(net.rng.below(40) as u32),
        2 => net.crash(place),
        3 | 4 => net.boot_all(),
        5 => net.isolate(&[place, other]),
        6 => {
            net.cut.insert((place.min(other), place.max(other)));
        }
        7 if net.rng.chance(200_000) => {
            let client = members + place % clients;
            net.crash(client);
            net.boot(client);
        }
        _ => net.cut.clear(),
    }
}

/// A replica that crashes between any two wishes of a run comes back with its promises: the claims look
/// at each message, and all work gets done.
#[test]
fn a_crash_between_any_two_wishes_breaks_no_promise() {
    for fuse in (0..90).step_by(6) {
        for place in 0..2 {
            let macs = u64::from(fuse / 6 % 2);
            let mut net = Net::with([200, 2, 1, 100, macs].into(), 4, 1, 12);
            net.nodes[place].fuse = Some(fuse + 3 * place as u32);
            net.boot_all();
            (0..4).for_each(|round| net.want(4, round));
            for _ in 0..20 {
                net.run_ms(50);
                net.boot(place);
            }
            net.nodes[place].fuse = None;
            net.finish();
            net.run_ms(1000);
            net.assert_settled();
        }
    }
}
