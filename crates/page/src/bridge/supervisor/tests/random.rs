//! Random inputs in random order.

use proptest::prelude::*;

use super::*;

/// What may happen next.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    Ask,
    Answer(u32),
    Ready(bool),
    Frame { whole: bool, mines: bool },
    OtherVersion,
    Pong,
    Panic,
    Fail,
    Ghost(u32),
    Open(u8),
    Follow(u8),
    StartAgain,
    Taken(u32),
    Freeze,
    Resume,
    Seen,
    EarlyTick,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (0..5_000u64).prop_map(Move::Wait),
        1 => (0..200_000u64).prop_map(Move::Wait),
        3 => Just(Move::Ask),
        3 => (0..40u32).prop_map(Move::Answer),
        4 => (0..8u8).prop_map(|n| Move::Ready(n > 0)),
        4 => (0..8u8, any::<bool>()).prop_map(|(n, mines)| Move::Frame { whole: n > 0, mines }),
        1 => Just(Move::OtherVersion),
        2 => Just(Move::Pong),
        1 => Just(Move::Panic),
        1 => Just(Move::Fail),
        2 => any::<u32>().prop_map(Move::Ghost),
        1 => (0..4u8).prop_map(Move::Open),
        1 => (0..4u8).prop_map(Move::Follow),
        1 => Just(Move::StartAgain),
        1 => (0..4u32).prop_map(Move::Taken),
        1 => Just(Move::Freeze),
        1 => Just(Move::Resume),
        1 => Just(Move::Seen),
        1 => Just(Move::EarlyTick),
    ]
}

fn wanted(choice: u8) -> Wanted {
    match choice {
        0 => Ok(None),
        1 => Ok(Some(room())),
        2 => Room::parse(&LINK.replace("maple", "oak")).map(Some),
        _ => Room::parse("/live?room=A").map(Some),
    }
}

fn make(browser: &mut Browser, step: Move) {
    let present = browser.present();
    match step {
        Move::Wait(ms) => browser.wait(ms),
        Move::Ask => drop(browser.ask()),
        Move::Answer(id) => browser.say(FromEngine::Answer {
            id,
            result: Ok(Answer::Done(())),
        }),
        Move::Ready(same) => browser.ready(if same { BUILD } else { "another" }),
        Move::Frame { whole, mines } => {
            let some = if whole {
                parts("maple", mines)
            } else {
                Vec::new()
            };
            browser.frame(3, some);
        }
        Move::OtherVersion => browser.say(FromEngine::OtherVersion(9)),
        Move::Pong => browser.say(FromEngine::Pong),
        Move::Panic => browser.say(FromEngine::Panicked {
            report: String::new(),
        }),
        Move::Fail => browser.crash(),
        Move::Ghost(pick) => ghost(browser, pick, present),
        Move::Open(choice) => browser.step(Input::Open(wanted(choice))),
        Move::Follow(choice) => browser.step(Input::Follow(wanted(choice))),
        Move::StartAgain => browser.step(Input::StartAgain),
        Move::Taken(frame) => browser.step(Input::Taken(frame)),
        Move::Freeze => browser.step(Input::Freeze),
        Move::Resume => browser.step(Input::Resume),
        Move::Seen => browser.step(Input::Seen),
        Move::EarlyTick => browser.step(Input::Tick),
    }
}

/// An old engine speaks up; the supervisor must ignore it.
fn ghost(browser: &mut Browser, pick: u32, present: u32) {
    let former = browser.started.iter().filter(|engine| **engine != present);
    let former: Vec<u32> = former.copied().collect();
    let Some(engine) = former.get(pick as usize % former.len().max(1)) else {
        return;
    };
    let frame = Frame {
        number: 9,
        parts: parts("maple", true),
        log: Vec::new(),
    };
    for said in [
        FromEngine::Frame(Box::new(frame)),
        FromEngine::Answer {
            id: pick % 8,
            result: Ok(Answer::Done(())),
        },
        FromEngine::Panicked {
            report: String::new(),
        },
    ] {
        let mut out = Vec::new();
        let input = Input::Heard(*engine, Box::new(said));
        browser.supervisor.step(browser.now, input, &mut out);
        assert!(out.is_empty(), "a former engine was heard: {out:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Whatever the inputs and their order: the browser's checks hold at every step, no ask is
    /// answered twice or left waiting without an engine to come, and in the end every ask has an
    /// answer.
    #[test]
    fn every_ask_is_answered_exactly_once(steps in proptest::collection::vec(moves(), 0..120)) {
        let mut browser = Browser::new();
        browser.step(Input::Open(Ok(None)));
        for step in steps {
            make(&mut browser, step);
            let open = browser.answers.values().filter(|answers| answers.is_empty()).count();
            prop_assert!(browser.answers.values().all(|answers| answers.len() <= 1));
            let hope = browser.running.is_some() || browser.supervisor.due().is_some();
            prop_assert!(open == 0 || hope, "{open} asks wait for nothing");
        }
        let bad = wanted(3);
        browser.step(Input::Open(bad));
        prop_assert!(browser.answers.values().all(|answers| answers.len() == 1));
        browser.wait(LEAVE_MS);
        prop_assert_eq!(browser.running, None);
    }

    /// The same inputs at the same times give the same outputs.
    #[test]
    fn the_supervisor_is_deterministic(steps in proptest::collection::vec(moves(), 0..60)) {
        let run = || {
            let mut browser = Browser::new();
            browser.step(Input::Open(Ok(None)));
            for step in &steps {
                make(&mut browser, step.clone());
            }
            format!("{browser:?}")
        };
        prop_assert_eq!(run(), run());
    }
}
