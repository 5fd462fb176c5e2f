//! Meetings: a few steps close together, some of which concern the same tab. Steps drawn one by one
//! hardly ever form them. Verbs that a seed leaves out are left out of these, too.

use chain::Stream;

use super::below;
use crate::script::{Step, Verb};
use Verb::{
    AddNode, Blink, Clock, Cut, Discard, Duplicate, Export, Freeze, HoldLock, LoseDatabase, Mine,
    Move, Open, Panic, Power, Reload, RemoveNode, Replay, Reset, Sleep, SlowDatabase, Stall,
    StealLock, SwitchNode, SwitchTab, Tape, Thaw, Undo,
};

/// Which tab a step of a meeting concerns.
#[derive(Clone, Copy)]
enum Who {
    /// The tab that the meeting is about.
    One,
    /// Any tab.
    Any,
}
use Who::{Any, One};

/// One of these verbs, within this many milliseconds of the previous step.
type Part = (u32, Who, &'static [Verb]);

const MEETINGS: &[&[Part]] = &[
    // Somebody presses twice, or in two tabs at once.
    &[
        (50, One, &[Reset, Undo, AddNode, RemoveNode, Mine]),
        (50, Any, &[Reset, Undo, AddNode, RemoveNode, Mine]),
        (50, Any, &[Reset, Undo, SwitchTab, SwitchNode, Cut, Power]),
    ],
    // A slow start, and people who do not wait for it.
    &[
        (10, One, &[SlowDatabase]),
        (50, One, &[Reload, Duplicate, Open, Panic, Blink]),
        (200, One, &[Reset, Undo, AddNode, Mine, Export]),
        (200, Any, &[Reset, Undo, AddNode, SwitchTab, Blink]),
    ],
    // Nodes start again while another chain is about to count.
    &[
        (10, One, &[SlowDatabase]),
        (100, One, &[Reset, Mine]),
        (1_500, One, &[Undo, Reset, Undo]),
        (300, One, &[Clock, Sleep]),
        (300, Any, &[Undo, Reset, AddNode]),
    ],
    // A tab with a lot to write leaves, and another takes its place.
    &[
        (10, One, &[Mine]),
        (1_500, One, &[SlowDatabase]),
        (2_500, One, &[Freeze, Blink, Move, StealLock, RemoveNode]),
        (300, Any, &[AddNode, Open, Duplicate, AddNode]),
    ],
    // Nodes start again while a lot is being written.
    &[
        (10, One, &[Mine]),
        (500, One, &[SlowDatabase]),
        (3_000, One, &[Clock, Sleep, Blink, LoseDatabase]),
        (100, One, &[Reset, AddNode, Blink]),
    ],
    // A tab leaves slowly, while another page repeats in its name what it said before.
    &[
        (10, One, &[SwitchTab, SwitchNode]),
        (100, One, &[SwitchTab, SwitchNode]),
        (100, One, &[SwitchTab, SwitchNode]),
        (300, One, &[SlowDatabase]),
        (300, One, &[Freeze, Blink, Blink]),
        (60, Any, &[Tape, Replay]),
        (400, Any, &[Tape]),
    ],
    // A tab is away for a moment.
    &[
        (10, One, &[Freeze, Blink, Stall, Reload]),
        (400, One, &[Thaw, Discard, Blink]),
        (100, Any, &[Reset, AddNode, Freeze, HoldLock]),
    ],
];

/// Adds a meeting to a script. Returns when its last step is.
pub(super) fn meet(rng: &mut Stream, verbs: &[Verb], at: u32, steps: &mut Vec<Step>) -> u32 {
    let which = below(rng, u32::try_from(MEETINGS.len()).unwrap_or(1));
    let meeting = MEETINGS[usize::try_from(which).unwrap_or(0)];
    let (one, mut at) = (rng.next_u32() >> 16, at);
    for (within, whom, choice) in meeting {
        let there: Vec<Verb> = choice
            .iter()
            .copied()
            .filter(|verb| verbs.contains(verb))
            .collect();
        at += below(rng, *within);
        let pick = below(rng, u32::try_from(there.len()).unwrap_or(0).max(1));
        let any = rng.next_u32() >> 16;
        let how = rng.next_u32() >> 8;
        if let Some(verb) = there.get(usize::try_from(pick).unwrap_or(0)) {
            let who = match whom {
                One => one,
                Any => any,
            };
            let verb = *verb;
            steps.push(Step { at, verb, who, how });
        }
    }
    at
}
