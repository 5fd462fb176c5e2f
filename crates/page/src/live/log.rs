//! The lines of the event log, newest first. An event that happens to several nodes at about the
//! same time is one line.

mod kind;
mod panel;
mod reasons;
mod sentence;
pub mod words;

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::Event;
use wire::{Happening, LogEntry};

pub use self::panel::LogPanel;

/// How many lines the log keeps.
const MOST: usize = 500;
/// Within what time the same event of several nodes is one line, in milliseconds.
const TOGETHER_MS: u64 = 3_000;
/// How many of the newest lines can take in a further node.
const TOGETHER_LINES: usize = 32;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Serial number of the line, which stays the same when further nodes are added.
    pub key: u64,
    /// The engine's entry.
    pub entry: LogEntry,
    /// Further nodes to which the same thing happened at about the same time.
    pub others: Vec<u32>,
}

impl Line {
    /// The nodes that it happened to; none if it happened to the tab.
    pub fn seats(&self) -> impl Iterator<Item = u32> {
        let first = self.entry.what.seat();
        first.into_iter().chain(self.others.iter().copied())
    }

    /// Whether an entry says the same of a node that this line does not contain yet.
    fn takes(&self, entry: &LogEntry) -> bool {
        let (Happening::InNode { event: ours, .. }, Happening::InNode { seat, event, .. }) =
            (&self.entry.what, &entry.what)
        else {
            return false;
        };
        self.seats().all(|known| known != *seat)
            && is_same(ours, event)
            && entry.at.saturating_sub(self.entry.at) < TOGETHER_MS
    }
}

/// Whether two nodes report the same event, whoever they heard it from and whatever their tips were
/// before.
fn is_same(one: &Event, other: &Event) -> bool {
    use Event::{Extended, Rejected, Reorganised, SyncStarted};
    match (one, other) {
        (Extended { block: a, .. }, Extended { block: b, .. }) => a == b,
        (
            Rejected {
                block: a,
                reason: x,
                ..
            },
            Rejected {
                block: b,
                reason: y,
                ..
            },
        ) => (a, x) == (b, y),
        (SyncStarted { goal: a, .. }, SyncStarted { goal: b, .. }) => a == b,
        (
            Reorganised {
                to: a,
                disconnected: m,
                connected: x,
                ..
            },
            Reorganised {
                to: b,
                disconnected: n,
                connected: y,
                ..
            },
        ) => (a, m, x) == (b, n, y),
        _ => one == other,
    }
}

/// The log of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Newest first.
    pub lines: VecDeque<Rc<Line>>,
    /// How many lines have ever been written.
    written: u64,
}

impl Log {
    /// Writes the engine's entries, oldest first, and returns the new lines.
    pub fn write(&mut self, entries: &[LogEntry]) -> Vec<Rc<Line>> {
        let mut fresh = Vec::new();
        for entry in entries {
            let mut newest = self.lines.iter_mut().take(TOGETHER_LINES);
            if let Some(line) = newest.find(|line| line.takes(entry)) {
                Rc::make_mut(line).others.extend(entry.what.seat());
                continue;
            }
            self.written += 1;
            let line = Rc::new(Line {
                key: self.written,
                entry: entry.clone(),
                others: Vec::new(),
            });
            fresh.push(line.clone());
            self.lines.push_front(line);
        }
        self.lines.truncate(MOST);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain::{BlockId, Height, PeerId};

    fn entry(at: u64, what: Happening) -> LogEntry {
        let number = 0;
        LogEntry { number, at, what }
    }

    fn in_node(seat: u32, at: u64, event: Event) -> LogEntry {
        let miner = None;
        entry(at, Happening::InNode { seat, event, miner })
    }

    fn accepted(seat: u32, at: u64, height: u32) -> LogEntry {
        let event = Event::Extended {
            block: BlockId::from_bytes([height as u8; 32]),
            height: Height(height),
            from: Some(PeerId::from_bytes([seat as u8; 32])), // each from a different peer
        };
        in_node(seat, at, event)
    }

    #[test]
    fn what_happens_to_several_nodes_at_once_is_one_line() {
        let mut log = Log::default();
        log.write(&[accepted(1, 0, 7), accepted(2, 1, 7), accepted(1, 2, 8)]);
        log.write(&[accepted(3, 5, 7), accepted(2, 5, 8), accepted(1, 9, 8)]);
        log.write(&[accepted(4, TOGETHER_MS, 7)]);
        let seats: Vec<Vec<u32>> = log
            .lines
            .iter()
            .map(|line| line.seats().collect())
            .collect();
        let again = vec![1]; // the same node again is news
        assert_eq!(seats, [vec![4], again, vec![1, 2], vec![1, 2, 3]]);
    }

    #[test]
    fn what_happens_to_the_tab_is_said_each_time() {
        let mut log = Log::default();
        let reset = entry(0, Happening::Reset);
        log.write(&[reset.clone(), accepted(1, 0, 7), reset]);
        assert_eq!(log.lines.len(), 3);
    }

    #[test]
    fn nodes_that_switch_from_different_tips_to_the_same_one_are_one_line() {
        let switched = |seat: u32, connected: u32| {
            let event = Event::Reorganised {
                from: BlockId::from_bytes([seat as u8; 32]),
                to: BlockId::from_bytes([9; 32]),
                height: Height(9),
                disconnected: 1,
                connected,
            };
            in_node(seat, 0, event)
        };
        let mut log = Log::default();
        log.write(&[switched(1, 2), switched(2, 2), switched(3, 4)]);
        assert_eq!(log.lines.len(), 2, "the third applied more blocks");
    }

    #[test]
    fn old_lines_are_dropped() {
        let mut log = Log::default();
        for height in 0..2 * MOST as u32 {
            log.write(&[accepted(1, 0, height)]);
        }
        assert_eq!(log.lines.len(), MOST);
    }
}
