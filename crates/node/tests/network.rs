//! Nodes that talk to each other converge, whatever the links do.

mod kit;

use chain::Height;
use kit::net::Net;
use kit::{real_node, toy_node};
use node::Memo;
use protocol::{Event, Machine, Value};

fn toys(count: u8, seed: u64) -> Net {
    let memo = Memo::new();
    Net::new((0..count).map(|seat| toy_node(seat, &memo)).collect(), seed)
}

#[test]
fn a_block_reaches_everybody_within_two_round_trips() {
    let mut net = toys(5, 1);
    net.run(10);
    net.found(0);
    net.run(200);
    assert_eq!(net.tips().len(), 1);
    assert_eq!(net.seats[4].node.tip().1, Height(1));
    assert_eq!(
        net.seats[4].node.maker_of(&net.seats[4].node.tip().0),
        Some(kit::config(0).me)
    );
}

#[test]
fn lossy_doubling_reordering_links_delay_agreement_but_do_not_prevent_it() {
    for seed in 0..8 {
        let mut net = toys(5, seed);
        (net.loss, net.double, net.delay) = (300_000, 200_000, 800_000);
        for round in 0..40 {
            net.found(round % 5);
            net.run(700);
        }
        net.run(40_000);
        net.loss = 0;
        net.run(20_000);
        // Branches of equal weight may tie; one more block decides.
        net.found(0);
        net.run(20_000);
        assert_eq!(net.tips().len(), 1, "seed {seed}");
        assert!(net.seats[0].node.tip().1 >= Height(8), "seed {seed}");
    }
}

#[test]
fn a_partition_heals_to_the_heavier_side_without_a_new_block() {
    let mut net = toys(4, 3);
    net.found(0);
    net.run(1000);
    net.regroup(vec![0, 0, 1, 1]);
    for _ in 0..3 {
        net.found(0);
        net.run(1000);
    }
    for _ in 0..5 {
        net.found(2);
        net.run(1000);
    }
    assert_eq!(net.tips().len(), 2);
    let winner = net.seats[2].node.tip();
    net.regroup(vec![0; 4]);
    net.run(5000);
    assert_eq!(net.tips().into_iter().collect::<Vec<_>>(), [winner.0]);
    let is_reorg = |event: &Event| {
        matches!(
            event,
            Event::Reorganised {
                disconnected: 3,
                connected: 5,
                ..
            }
        )
    };
    assert!(
        net.seats[1].events.iter().any(is_reorg),
        "{:?}",
        net.seats[1].events
    );
    // The winners see the losers' blocks, too.
    assert_eq!(net.seats[3].node.tree().len(), 1 + 1 + 3 + 5);
}

#[test]
fn a_late_node_syncs_thousands_of_blocks_headers_first() {
    let mut net = toys(3, 4);
    net.regroup(vec![0, 0, 1]);
    for _ in 0..4500 {
        net.found(0);
        net.run(20);
    }
    net.run(30_000);
    assert_eq!(net.seats[1].node.tip(), net.seats[0].node.tip());
    net.delay = 5_000;
    net.regroup(vec![0; 3]);
    net.run(20_000);
    assert_eq!(net.seats[2].node.tip(), net.seats[0].node.tip());
    let syncs = |started: bool| {
        let is_it = |event: &&Event| match event {
            Event::SyncStarted { .. } => started,
            Event::SyncDone { .. } => !started,
            _ => false,
        };
        net.seats[2].events.iter().filter(is_it).count()
    };
    assert!(syncs(true) >= 1);
    assert_eq!(syncs(true), syncs(false));
    // Blocks are reported all the way up to the tip.
    let height = |event: &Event| match event {
        Event::Extended { height, .. } => Some(*height),
        _ => None,
    };
    assert_eq!(
        net.seats[2].events.iter().filter_map(height).max(),
        Some(Height(4500))
    );
}

/// Far below the tip, a locator has gaps longer than one answer: the first headers are all known.
#[test]
fn a_fork_of_thousands_of_blocks_heals() {
    let mut net = toys(2, 6);
    net.delay = 1_000;
    let mine = |net: &mut Net, seat: usize, count: usize| {
        for _ in 0..count {
            net.found(seat);
            net.run(2);
        }
    };
    mine(&mut net, 0, 2100);
    net.run(5_000);
    assert_eq!(net.tips().len(), 1);
    net.regroup(vec![0, 1]);
    mine(&mut net, 0, 2080);
    mine(&mut net, 1, 2090);
    let heavier = net.seats[1].node.tip();
    net.regroup(vec![0, 0]);
    net.run(60_000);
    assert_eq!(net.seats[0].node.tip(), heavier);
}

#[test]
fn sync_survives_losses() {
    let mut net = toys(3, 5);
    net.regroup(vec![0, 0, 1]);
    for _ in 0..600 {
        net.found(0);
        net.run(20);
    }
    net.run(30_000);
    net.loss = 200_000;
    net.regroup(vec![0; 3]);
    net.run(120_000);
    assert_eq!(net.seats[2].node.tip(), net.seats[0].node.tip());
}

#[test]
fn proof_of_work_on_unspent_outputs_converges_and_pays() {
    let memo = Memo::new();
    let mut net = Net::new((0..5).map(|seat| real_node(seat, &memo)).collect(), 7);
    for round in 0..60 {
        net.run(9_000);
        net.mine(round % 5);
    }
    net.run(10_000);
    assert_eq!(net.tips().len(), 1);
    let node = &net.seats[3].node;
    assert_eq!(node.tip().1, Height(60));
    assert_eq!(node.supply().to_sat(), 60 * 50 * 100_000_000);
    assert!(
        net.seats[3]
            .events
            .iter()
            .any(|event| matches!(event, Event::Retargeted { .. }))
    );
}

#[test]
fn the_sheet_tells_what_readers_rely_on() {
    let memo = Memo::new();
    let mut net = Net::new(vec![real_node(0, &memo)], 9);
    net.run(10_000);
    net.mine(0);
    let node = &net.seats[0].node;
    let sheet = node.inspect();
    let rows: Vec<_> = sheet
        .rows
        .iter()
        .map(|row| (row.label, &row.value))
        .collect();
    let (tip, _) = node.tip();
    assert_eq!(rows[0], ("tip", &Value::Block(tip)));
    assert_eq!(rows[1], ("height", &Value::Number(1)));
    // Two blocks, each with a target that half of all hashes meet.
    assert_eq!(rows[2], ("work", &Value::Hex("4".into())));
    assert_eq!(rows[3], ("supply", &Value::Number(50 * 100_000_000)));
    assert_eq!(rows[4], ("progress", &Value::Word("ready")));
    assert!(
        rows.iter()
            .any(|(label, value)| matches!((*label, value), ("protocol", Value::Part(_))))
    );
}

/// Each greets each of the others once, and is answered once, however often hosts say who is there.
#[test]
fn a_start_costs_at_most_four_packets_a_pair() {
    for count in [4, 8, 16, 32] {
        let mut net = toys(count, 8);
        for _ in 0..count {
            net.regroup(net.groups.clone());
        }
        net.run(1_000);
        let pairs = u64::from(count) * (u64::from(count) - 1);
        assert!(net.packets <= 4 * pairs, "{count}: {}", net.packets);
    }
}

#[test]
fn nodes_that_keep_up_with_each_other_are_silent() {
    for (seed, rivals) in (0..20).map(|seed| (seed, 1 + seed as usize % 2)) {
        let mut net = toys(10, seed);
        (net.loss, net.double) = (200_000, 200_000);
        (0..rivals).for_each(|seat| net.found(seat));
        net.run(900_000);
        net.packets = 0;
        net.run(600_000);
        assert_eq!((net.tips().len(), net.packets), (rivals, 0), "seed {seed}");
        let all_know_all = |seat: &kit::net::Seat| seat.node.tree().len() == 1 + rivals;
        assert!(net.seats.iter().all(all_know_all), "seed {seed}");
    }
}

/// On links so slow that an answer comes after the next repetition, too.
#[test]
fn slow_links_do_not_keep_nodes_talking() {
    let mut net = toys(6, 2);
    (net.loss, net.double, net.delay) = (200_000, 200_000, 8_000_000);
    net.found(0);
    net.run(300_000);
    net.packets = 0;
    net.run(600_000);
    assert_eq!((net.tips().len(), net.packets), (1, 0));
}

/// All that is said about a block is lost for a while.
#[test]
fn silence_ends_as_soon_as_somebody_may_not_know() {
    let mut net = toys(10, 3);
    net.run(10_000);
    net.loss = 1_000_000;
    net.found(4);
    net.run(20_000);
    assert_eq!(net.tips().len(), 2);
    net.loss = 0;
    net.run(20_000);
    assert_eq!(net.tips().len(), 1);
}

#[test]
fn crashes_under_way_cost_nobody_a_block() {
    for seed in 0..4 {
        let memo = Memo::new();
        let mut net = toys(5, seed);
        (net.loss, net.double) = (100_000, 50_000);
        for round in 0..60 {
            let seat = net.dice.below(5);
            net.found(usize::try_from(seat).unwrap());
            let pause = net.dice.below(900);
            net.run(pause);
            if round % 6 == 5 {
                let seat = u8::try_from(net.dice.below(5)).unwrap();
                let before = net.seats[usize::from(seat)].node.tip();
                net.restart(usize::from(seat), toy_node(seat, &memo));
                assert_eq!(net.seats[usize::from(seat)].node.tip(), before);
            }
        }
        net.loss = 0;
        net.run(20_000);
        net.found(0);
        net.run(20_000);
        assert_eq!(net.tips().len(), 1, "seed {seed}");
    }
}
