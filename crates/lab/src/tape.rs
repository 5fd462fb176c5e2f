//! What happened in a run, event by event, with the cause of each; and beside it the marks, what people
//! want to see.

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::Event;
use sim::{Happening, Number};

/// How many events a chunk has.
const CHUNK: usize = 4_096;
/// The most chunks. Of a run of more than four million events, the oldest are forgotten; such a chunk
/// takes 128 KiB and its marks.
const CHUNKS: usize = 1_024;
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
