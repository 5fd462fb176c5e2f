//! Every event knows what it follows from.

#![cfg(not(target_arch = "wasm32"))] // reads files

use sim::{Happening, Sim, What};

mod cases;

/// All events of a run.
fn happenings(case: &str) -> Vec<Happening> {
    let scenario = cases::load(&cases::root().join(case));
    let mut sim = Sim::new(&scenario).expect("within limits");
    let mut all = Vec::new();
    while sim.advance() {
        assert!(
            sim.happened() - all.len() as u64 <= 1,
            "numbers have no gaps"
        );
        if sim.happened() > all.len() as u64 {
            all.extend(sim.latest().copied());
        }
    }
    all
}

/// Whether an event makes machines take steps other than at its own seat.
fn reaches_others(event: &Happening) -> bool {
    let tells_peers = [What::Boot, What::Resumed];
    tells_peers.contains(&event.what) || matches!(event.what, What::Fault { .. })
}

fn check(event: &Happening, before: &[Happening]) {
    let Some(cause) = event.cause else {
        let is_root = matches!(event.what, What::Boot | What::Asked | What::Fault { .. });
        return assert!(is_root, "{event:?}");
    };
    let place = usize::try_from(cause.get() - 1).expect("small");
    let cause = before.get(place).expect("causes come first");
    assert!(cause.at <= event.at, "{cause:?} {event:?}");
    let where_from = match event.what {
        What::Packet { from } => Some(from),
        _ => event.seat,
    };
    let is_there = cause.seat == where_from || reaches_others(cause);
    assert!(is_there, "{cause:?} {event:?}");
}

#[test]
fn what_happens_follows_from_what_happened_at_the_same_seat_or_the_senders() {
    for case in [
        "raft/09-power-fails",
        "raft/10-standing-still",
        "pow/02-partition",
    ] {
        let all = happenings(case);
        for (place, event) in all.iter().enumerate() {
            check(event, &all[..place]);
        }
        let some = |kind: fn(&What) -> bool| all.iter().any(|event| kind(&event.what));
        assert!(some(|what| matches!(what, What::Packet { .. })), "{case}");
        assert!(some(|what| matches!(what, What::Fault { .. })), "{case}");
    }
}

/// A packet's sender and times are known while it is on its way, and when it arrives.
#[test]
fn packets_on_their_way_are_those_that_arrive() {
    let scenario = cases::load(&cases::root().join("raft/01-first-election"));
    let mut sim = Sim::new(&scenario).expect("within limits");
    let mut arrivals = 0;
    loop {
        let flights = sim
            .flights()
            .map(|one| (one.from, one.to, one.left, one.arrives, one.said));
        let flights: Vec<_> = flights.collect();
        let before = sim.happened();
        if !sim.advance() {
            break;
        }
        let (Some(event), true) = (sim.latest(), sim.happened() > before) else {
            continue;
        };
        if let What::Packet { from } = event.what {
            let (sender, to, left, arrives, said) = flights[0];
            assert_eq!((Some(to), sender), (event.seat, from));
            assert_eq!((arrives, said), (event.at, event.cause));
            assert!(left < arrives);
            arrivals += 1;
        }
    }
    assert!(arrivals > 100, "{arrivals}");
}
