//! Wherever people go and whatever they do: the run at the present moment is the one that the recording's
//! scenario leads to from the beginning.

#![cfg(not(target_arch = "wasm32"))] // many runs

use chain::Time;
use lab::{Mark, Recording};
use proptest::prelude::*;
use protocol::Event;
use scenario::{FaultKind, Scenario};
use sim::{Number, Sim, What};

const RAFT: &str = r#"
    title = "Three servers and a client"
    seed = 7
    seconds = 12
    chain = { name = "lab", protocol = "raft", ledger = "kv" }
    nodes = { count = 3 }
    clients = { count = 1, every_ms = 300 }
    disks = { sync_min_ms = 1, sync_max_ms = 20 }
    links = { delay_min_ms = 1, delay_max_ms = 30, loss_ppm = 20000 }
    [[fault]]
    at_ms = 3000
    kind = "pause"
    node = 1
    for_ms = 1500
"#;

const MINING: &str = r#"
    title = "Three miners"
    seed = 7
    seconds = 60
    chain = { name = "lab", protocol = "pow", ledger = "utxo", params = { spacing = 4, bits = 0x2000ffff } }
    nodes = { count = 3, hashes_per_second = [20] }
"#;

fn scenario(text: &str) -> Scenario {
    toml::from_str(text).expect("a scenario")
}

/// The run that a scenario leads to, after so many events.
fn afresh(scenario: &Scenario, events: u64) -> Sim {
    let mut sim = Sim::new(scenario).expect("within limits");
    while sim.happened() < events && sim.advance() {}
    sim
}

#[derive(Clone, Debug)]
enum Move {
    Forward(u64),
    Back(u64),
    Seek(u64),
    SeekTime(u64),
    NextMark,
    PreviousMark,
    Act(FaultKind),
    /// Goes on in a copy, after the original went another way.
    Branch,
}

fn crash(node: u32, for_ms: u32) -> FaultKind {
    FaultKind::Crash { node, for_ms }
}

fn fault() -> impl Strategy<Value = FaultKind> {
    let hit = || (0..3u32, 0..3_000u32);
    prop_oneof![
        hit().prop_map(|(node, for_ms)| crash(node, for_ms)),
        hit().prop_map(|(node, for_ms)| FaultKind::PowerLoss { node, for_ms }),
        hit().prop_map(|(node, for_ms)| FaultKind::Pause { node, for_ms }),
        hit().prop_map(|(node, _)| FaultKind::Cut {
            groups: vec![vec![node]]
        }),
        Just(FaultKind::Heal {}),
        (0..4_000u64).prop_map(|packet| FaultKind::LosePacket { packet }),
        (0..4_000u64, 0..99u32)
            .prop_map(|(packet, by_ms)| FaultKind::DelayPacket { packet, by_ms }),
        (0..4_000u64, 0..99u32)
            .prop_map(|(packet, by_ms)| FaultKind::RepeatPacket { packet, by_ms }),
        hit().prop_map(|(node, _)| FaultKind::Leave { node }),
        hit().prop_map(|(node, _)| FaultKind::Join { node }),
        hit().prop_map(|(node, by_ms)| FaultKind::TurnEvil {
            node,
            twist: "delay".into(),
            to: vec![],
            by_ms: by_ms + 1,
        }),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0..700u64).prop_map(Move::Forward),
        1 => (0..3u64).prop_map(Move::Forward),
        2 => (0..500u64).prop_map(Move::Back),
        1 => (0..3u64).prop_map(Move::Back),
        2 => (0..2_000u64).prop_map(Move::Seek),
        2 => (0..12_000_000u64).prop_map(Move::SeekTime),
        1 => Just(Move::NextMark),
        1 => Just(Move::PreviousMark),
        3 => fault().prop_map(Move::Act),
        1 => Just(Move::Branch),
    ];
    prop::collection::vec(one, 1..14)
}

fn take(recording: &mut Recording, step: &Move) {
    match step {
        Move::Forward(events) => _ = recording.forward(*events),
        Move::Back(events) => recording.back(*events),
        Move::Seek(events) => recording.seek(*events),
        Move::SeekTime(micros) => recording.seek_time(Time(*micros)),
        Move::NextMark => _ = recording.next_mark(),
        Move::PreviousMark => _ = recording.previous_mark(),
        Move::Act(kind) => recording.act(kind.clone()).expect("within limits"),
        Move::Branch => {
            let copy = recording.branch();
            recording.act(crash(0, 9)).expect("within limits");
            recording.forward(50);
            *recording = copy;
        }
    }
}

fn check(recording: &Recording) {
    let fresh = afresh(recording.scenario(), recording.present());
    let sim = recording.sim();
    assert_eq!(sim.happened(), fresh.happened());
    assert_eq!(sim.report().fingerprint, fresh.report().fingerprint);
    assert_eq!(sim.report().counts, fresh.report().counts);
    let number = Number::new(recording.present());
    let taped = number.and_then(|number| recording.tape().get(number));
    assert_eq!(taped, fresh.latest());
    assert_eq!(recording.tape().len(), recording.head());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_present_is_what_the_scenario_leads_to(moves in moves(), mines in any::<bool>()) {
        let text = if mines { MINING } else { RAFT };
        let mut recording = Recording::new(scenario(text)).expect("within limits");
        for step in &moves {
            take(&mut recording, step);
            check(&recording);
        }
        recording.forward(u64::MAX);
        let report = Sim::new(recording.scenario()).expect("within limits").run();
        prop_assert_eq!(recording.sim().report(), report);
    }
}

/// A recording of the whole run.
fn whole() -> Recording {
    let mut recording = Recording::new(scenario(RAFT)).expect("within limits");
    recording.forward(u64::MAX);
    recording
}

#[test]
fn a_run_in_which_something_was_done_survives_its_file() {
    let mut recording = whole();
    recording.seek(recording.head() / 2);
    recording.act(crash(0, 500)).expect("within limits");
    recording.forward(u64::MAX);
    let text = toml::to_string(recording.scenario()).expect("a file");
    let report = Sim::new(&scenario(&text)).expect("within limits").run();
    assert_eq!(report, recording.sim().report());
}

#[test]
fn who_acts_earlier_undoes_what_was_done_later_and_nothing_else() {
    let acts = |recording: &Recording| recording.scenario().acts.len();
    let mut recording = whole();
    let (early, late) = (recording.head() / 3, recording.head() / 2);
    recording.seek(late);
    recording.act(crash(0, 500)).expect("within limits");
    recording
        .act(crash(1, 500))
        .expect("another at the same moment");
    assert_eq!(acts(&recording), 2);
    recording.forward(200);
    recording.back(200);
    assert_eq!(recording.present(), late);
    recording.act(crash(2, 500)).expect("another instead");
    assert_eq!(acts(&recording), 1);
    recording.forward(200);
    recording.act(crash(0, 500)).expect("and one more");
    assert_eq!(acts(&recording), 2);
    recording.seek(early);
    recording.act(crash(1, 500)).expect("before all");
    assert_eq!(acts(&recording), 1);
    assert!(recording.act(crash(99, 500)).is_err());
    assert_eq!(acts(&recording), 1);
    check(&recording);
}

#[test]
fn what_happened_is_walked_back_to_where_it_began() {
    let recording = whole();
    let tape = recording.tape();
    let leads = |mark: &Mark| {
        let Mark::Told { event, .. } = mark else {
            return false;
        };
        matches!(event, Event::Leads { .. })
    };
    let mut marks = tape.marks_within(0, u64::MAX);
    let elected = marks.find(|marked| leads(&marked.mark)).expect("a leader");
    let causes: Vec<_> = tape.causes(elected.number).collect();
    assert_eq!(causes[0].0, elected.number);
    // Elected by a vote, which was asked for, which began with a timer.
    let kinds: Vec<What> = causes.iter().map(|(_, one)| one.what).collect();
    let is_packet = |what: &What| matches!(what, What::Packet { .. });
    assert!(kinds[..2].iter().all(is_packet), "{kinds:?}");
    let is_timer = |what: &What| matches!(what, What::Timer { .. });
    assert!(kinds.iter().any(is_timer), "{kinds:?}");
    assert_eq!(causes[causes.len() - 1].1.cause, None);
    for pair in causes.windows(2) {
        let mut effects = tape.effects(pair[1].0);
        assert!(effects.any(|(number, _)| number == pair[0].0), "{pair:?}");
    }
}

#[test]
fn marks_are_met_in_both_directions() {
    let mut recording = whole();
    let marks = recording.tape().marks_within(0, u64::MAX);
    let mut numbers: Vec<u64> = marks.map(|marked| marked.number.get()).collect();
    numbers.dedup();
    assert!(numbers.len() > 2);
    recording.seek(0);
    for number in &numbers {
        assert!(recording.next_mark());
        assert_eq!(recording.present(), *number);
    }
    assert!(!recording.next_mark());
    for number in numbers.iter().rev().skip(1) {
        assert!(recording.previous_mark());
        assert_eq!(recording.present(), *number);
    }
    assert!(!recording.previous_mark());
}

#[test]
fn a_branch_parts_where_something_else_was_done() {
    let mut recording = whole();
    let same = recording.branch();
    assert_eq!(recording.tape().parts_from(same.tape()), None);
    let middle = recording.head() / 2;
    recording.seek(middle);
    let mut branch = recording.branch();
    branch.act(crash(0, 100)).expect("within limits");
    branch.forward(u64::MAX);
    let parted = recording.tape().parts_from(branch.tape());
    assert_eq!(parted, Number::new(middle + 1));
    assert_eq!(recording.head(), same.head(), "the original is as it was");
}

/// One of the packets on their way in the middle of the run, and when those that were said with it arrive
/// where it goes: first without, then with something done to it.
fn arrivals(kind: impl Fn(u64) -> FaultKind) -> [Vec<Time>; 2] {
    let mut recording = whole();
    recording.seek(recording.head() / 2);
    let now = recording.sim().now();
    let flight = recording
        .sim()
        .flights()
        .find(|flight| flight.arrives > now);
    let flight = flight.expect("somebody says something");
    let (id, to, said) = (flight.id, flight.to, flight.said);
    let present = Number::new(recording.present() + 1).expect("not 0");
    let arrive = |recording: &Recording| {
        let later = recording.tape().from(present);
        let here = later.filter(|(_, one)| one.seat == Some(to) && one.cause == said);
        let here = here.filter(|(_, one)| matches!(one.what, What::Packet { .. }));
        here.map(|(_, one)| one.at).collect()
    };
    let before = arrive(&recording);
    recording.act(kind(id)).expect("within limits");
    recording.forward(u64::MAX);
    check(&recording);
    [before, arrive(&recording)]
}

#[test]
fn a_packet_on_its_way_is_lost_late_or_comes_twice() {
    let [before, after] = arrivals(|packet| FaultKind::LosePacket { packet });
    assert_eq!((before.len(), after.len()), (1, 0));
    let by_ms = 50;
    let late = Time(before[0].0 + 50_000);
    let [_, after] = arrivals(|packet| FaultKind::DelayPacket { packet, by_ms });
    assert_eq!(after, [late]);
    let [_, after] = arrivals(|packet| FaultKind::RepeatPacket { packet, by_ms });
    assert_eq!(after, [before[0], late]);
}

/// A time leads to the last of all events up to then.
#[test]
fn a_time_is_a_moment() {
    let mut recording = whole();
    let first = Number::new(1).expect("not 0");
    let times = recording.tape().from(first).map(|(_, one)| one.at);
    let times: Vec<Time> = times.collect();
    for until in (0..12_000_000).step_by(700_001) {
        recording.seek_time(Time(until));
        let before = times.iter().filter(|at| at.0 <= until).count();
        assert_eq!(recording.present(), before as u64);
    }
}
