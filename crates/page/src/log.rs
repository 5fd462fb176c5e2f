//! The lines of the event log, newest first. What happens to several nodes at once is one line.

use std::collections::VecDeque;
use std::rc::Rc;

use wire::LogEntry;

/// How many lines the log keeps.
const MOST: usize = 500;
/// What happens to several nodes within this time is one line, in milliseconds.
const TOGETHER_MS: u64 = 3_000;
/// How many of the newest lines another node may join.
const TOGETHER_LINES: usize = 32;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counts lines: a line keeps it when further nodes join.
    pub key: u64,
    /// What the engine said.
    pub entry: LogEntry,
    /// Further nodes to which the same happened at about the same time.
    pub others: Vec<u32>,
}

impl Line {
    /// The nodes that it happened to; none for what happened to the tab.
    pub fn seats(&self) -> impl Iterator<Item = u32> {
        self.entry
            .seat
            .into_iter()
            .chain(self.others.iter().copied())
    }

    /// Whether this says the same of another node.
    fn takes(&self, entry: &LogEntry) -> bool {
        let also = entry
            .seat
            .is_some_and(|seat| self.seats().all(|known| known != seat));
        also && self.entry.seat.is_some()
            && self.entry.what == entry.what
            && entry.at.saturating_sub(self.entry.at) < TOGETHER_MS
    }
}

/// The log of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Newest first.
    pub lines: VecDeque<Rc<Line>>,
    /// Lines ever written.
    written: u64,
}

impl Log {
    /// Writes what the engine said, oldest first; returns the lines that are new.
    pub fn write(&mut self, entries: &[LogEntry]) -> Vec<Rc<Line>> {
        let mut fresh = Vec::new();
        for entry in entries {
            let mut newest = self.lines.iter_mut().take(TOGETHER_LINES);
            if let Some(line) = newest.find(|line| line.takes(entry)) {
                Rc::make_mut(line).others.extend(entry.seat);
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
    use wire::Happening;

    fn accepted(seat: u32, at: u64, height: u32) -> LogEntry {
        let (hash, miner) = (height.to_string(), None);
        LogEntry {
            number: 0,
            at,
            seat: Some(seat),
            what: Happening::Extended {
                hash,
                height,
                miner,
            },
        }
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
        let entry = LogEntry {
            seat: None,
            ..accepted(1, 0, 7)
        };
        log.write(&[entry.clone(), accepted(1, 0, 7), entry]);
        assert_eq!(log.lines.len(), 3);
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
