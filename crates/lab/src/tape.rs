//! What happened in a run, event by event, with the cause of each; and beside it the marks, what people
//! want to see.

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::Event;
use sim::{Happening, Number};

/// How many events a chunk has; fewer in unit tests, which are about its ends.
const CHUNK: usize = if cfg!(test) { 8 } else { 4_096 };
/// The most chunks. Of a run of more than four million events, the oldest are forgotten; such a chunk
/// takes 128 KiB and its marks.
const CHUNKS: usize = if cfg!(test) { 5 } else { 1_024 };
/// The most marks that a chunk keeps; what is told beyond that is not marked.
const MARKS: usize = 2 * CHUNK;

/// Something that people want to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A node told something.
    Told {
        /// Its seat.
        seat: u32,
        /// What.
        event: Event,
    },
    /// A claim fell.
    Fell {
        /// Its name.
        claim: &'static str,
        /// What was seen.
        what: String,
    },
    /// A fault of the scenario began.
    Fault {
        /// Its place in the scenario's list.
        index: u32,
    },
    /// Somebody did something.
    Act {
        /// Its place in the scenario's list.
        index: u32,
    },
}

/// A mark and its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The event.
    pub number: Number,
    /// What there is to see.
    pub mark: Mark,
}

/// Events that follow each other.
#[derive(Clone, Debug, Default)]
struct Chunk {
    happenings: Vec<Happening>,
    marks: Vec<Marked>,
}

/// The events of a run. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// All but the last are full.
    chunks: VecDeque<Rc<Chunk>>,
    /// How many events were forgotten.
    forgotten: u64,
}

impl Tape {
    /// How many events there were, those that are forgotten included: the number of the last.
    #[must_use]
    pub fn len(&self) -> u64 {
        let last = self.chunks.back().map_or(0, |last| last.happenings.len());
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        self.forgotten + (full + last) as u64
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of the oldest events are forgotten.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// An event; `None` if it has not happened or is forgotten.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Happening> {
        let (chunk, place) = self.place(number.get().checked_sub(1)?)?;
        self.chunks.get(chunk)?.happenings.get(place)
    }

    /// The events from one on, up to the last.
    pub fn from(&self, first: Number) -> impl Iterator<Item = (Number, &Happening)> {
        let first = first.get().max(self.forgotten + 1);
        let numbers = (first..=self.len()).filter_map(Number::new);
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Why an event happened: first itself, then the event that it follows from, and so on back to what
    /// follows from nothing, or is forgotten.
    pub fn causes(&self, number: Number) -> impl Iterator<Item = (Number, &Happening)> {
        let with = |number: Number| Some((number, self.get(number)?));
        std::iter::successors(with(number), move |(_, happening)| {
            happening.cause.and_then(with)
        })
    }

    /// What follows from an event at once.
    pub fn effects(&self, number: Number) -> impl Iterator<Item = (Number, &Happening)> {
        let later = self.from(number);
        later.filter(move |(_, happening)| happening.cause == Some(number))
    }

    /// The marks of all events after the first so many, up to and including those of another.
    pub fn marks_within(&self, after: u64, last: u64) -> impl DoubleEndedIterator<Item = &Marked> {
        let chunk = |event: u64| match event.checked_sub(self.forgotten) {
            Some(kept) => usize::try_from(kept / CHUNK as u64).unwrap_or(usize::MAX),
            None => 0,
        };
        let end = chunk(last).saturating_add(1).min(self.chunks.len());
        let chunks = self.chunks.range(chunk(after).min(end)..end);
        let marks = chunks.flat_map(|chunk| &chunk.marks);
        marks.filter(move |marked| {
            let number = marked.number.get();
            after < number && number <= last
        })
    }

    /// Goes on by an event.
    pub(crate) fn push(&mut self, happening: Happening, marks: impl Iterator<Item = Mark>) {
        let is_full = |last: &Rc<Chunk>| last.happenings.len() == CHUNK;
        if self.chunks.back().is_none_or(is_full) {
            self.chunks.push_back(Rc::default());
        }
        if self.chunks.len() > CHUNKS {
            self.chunks.pop_front();
            self.forgotten += CHUNK as u64;
        }
        let number = Number::new(self.len() + 1);
        let (Some(last), Some(number)) = (self.chunks.back_mut(), number) else {
            return;
        };
        let last = Rc::make_mut(last);
        last.happenings.push(happening);
        let room = MARKS - last.marks.len();
        let marks = marks.map(|mark| Marked { number, mark });
        last.marks.extend(marks.take(room));
    }

    /// Forgets all but the first so many events.
    pub(crate) fn truncate(&mut self, events: u64) {
        if events < self.forgotten {
            self.chunks.clear();
            self.forgotten = events;
        }
        let Some((chunk, place)) = self.place(events) else {
            return;
        };
        self.chunks.truncate(chunk + 1);
        if let Some(last) = self.chunks.back_mut() {
            let last = Rc::make_mut(last);
            last.happenings.truncate(place);
            last.marks.retain(|marked| marked.number.get() <= events);
        }
    }

    /// The event in which two tapes first differ, if they do: the first that only one of them has, or that
    /// is not the same in both. What both have forgotten is taken as the same.
    #[must_use]
    pub fn parts_from(&self, other: &Self) -> Option<Number> {
        let mut next = self.forgotten.max(other.forgotten);
        let most = self.len().max(other.len());
        while next < most {
            let same_chunk = self.shares(other, next);
            if let Some(end) = same_chunk {
                next = end;
                continue;
            }
            let number = Number::new(next + 1)?;
            if self.get(number) != other.get(number) {
                return Some(number);
            }
            next += 1;
        }
        None
    }

    /// The end of the chunk that an event is in, if both share that chunk.
    fn shares(&self, other: &Self, index: u64) -> Option<u64> {
        let [ours, theirs] = [self, other].map(|tape| {
            let (chunk, place) = tape.place(index)?;
            Some((tape.chunks.get(chunk)?, place))
        });
        let ((ours, place), (theirs, _)) = (ours?, theirs?);
        let left = ours.happenings.len().checked_sub(place)?;
        (Rc::ptr_eq(ours, theirs) && left > 0).then_some(index + left as u64)
    }

    /// The chunk of an event, and its place there, if that chunk is there; from 0.
    fn place(&self, index: u64) -> Option<(usize, usize)> {
        let kept = usize::try_from(index.checked_sub(self.forgotten)?).ok()?;
        let (chunk, place) = (kept / CHUNK, kept % CHUNK);
        (chunk < self.chunks.len()).then_some((chunk, place))
    }
}

#[cfg(test)]
mod tests {
    use chain::Time;
    use sim::What;

    use super::*;

    fn happening(at: u64) -> Happening {
        Happening {
            at: Time(at),
            cause: Number::new(at / 2),
            seat: Some(0),
            what: What::Boot,
        }
    }

    /// A tape whose events have their numbers as times, and of which every third has a mark.
    fn tape(events: u64) -> Tape {
        let mut tape = Tape::default();
        (1..=events).for_each(|at| push(&mut tape, at));
        tape
    }

    fn push(tape: &mut Tape, at: u64) {
        let mark = Mark::Fault { index: 0 };
        tape.push(
            happening(at),
            at.is_multiple_of(3).then_some(mark).into_iter(),
        );
    }

    fn number(number: u64) -> Number {
        Number::new(number).expect("not 0")
    }

    #[test]
    fn it_has_its_latest_events_and_their_marks_and_forgets_whole_chunks() {
        for events in 0..100 {
            let tape = tape(events);
            assert_eq!(tape.len(), events);
            let most = (CHUNK * CHUNKS) as u64;
            let forgotten = events.saturating_sub(most).div_ceil(CHUNK as u64) * CHUNK as u64;
            assert_eq!(tape.forgotten(), forgotten, "of {events}");
            for at in 1..events + 20 {
                let kept = (forgotten < at && at <= events).then(|| happening(at));
                assert_eq!(tape.get(number(at)).copied(), kept, "{at} of {events}");
            }
            for (after, last) in [(0, 99), (7, 8), (8, 16), (9, 30), (50, 40), (41, 90)] {
                let marks = tape.marks_within(after, last);
                let marks: Vec<u64> = marks.map(|marked| marked.number.get()).collect();
                let first = after.max(forgotten) + 1;
                let wanted = (first..=last.min(events)).filter(|at| at.is_multiple_of(3));
                assert_eq!(
                    marks,
                    wanted.collect::<Vec<_>>(),
                    "{after}..{last} of {events}"
                );
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_as_if_it_had_not_happened_and_a_copy_keeps_it() {
        for events in [1, 7, 8, 9, 16, 33, 40] {
            for kept in 0..=events {
                let (mut cut, whole) = (tape(events), tape(events));
                let copy = cut.clone();
                cut.truncate(kept);
                assert_eq!(cut.len(), kept);
                assert_eq!(cut.parts_from(&tape(kept)), None);
                let parted = Number::new(kept + 1).filter(|_| kept < events);
                assert_eq!(cut.parts_from(&copy), parted, "{kept} of {events}");
                assert_eq!(copy.parts_from(&whole), None);
                (kept + 1..=events).for_each(|at| push(&mut cut, at));
                assert_eq!(cut.parts_from(&whole), None);
                let marks = |tape: &Tape| tape.marks_within(0, events).cloned().collect::<Vec<_>>();
                assert_eq!(marks(&cut), marks(&whole));
            }
        }
    }

    #[test]
    fn a_tape_cut_off_in_what_it_has_forgotten_goes_on_from_there() {
        let mut tape = tape(60); // 24 of them are forgotten
        tape.truncate(10);
        assert_eq!((tape.len(), tape.forgotten()), (10, 10));
        (11..=40).for_each(|at| push(&mut tape, at));
        assert_eq!((tape.len(), tape.forgotten()), (40, 10));
        assert_eq!(tape.get(number(10)), None);
        assert_eq!(tape.get(number(11)), Some(&happening(11)));
    }

    #[test]
    fn causes_end_where_events_are_forgotten() {
        let tape = tape(60); // 24 of them are forgotten
        let causes = |at| tape.causes(number(at)).map(|(at, _)| at.get());
        assert_eq!(causes(60).collect::<Vec<_>>(), [60, 30]);
        assert_eq!(causes(20).count(), 0);
        let effects = tape.effects(number(26)).map(|(at, _)| at.get());
        assert_eq!(effects.collect::<Vec<_>>(), [52, 53]);
    }
}
