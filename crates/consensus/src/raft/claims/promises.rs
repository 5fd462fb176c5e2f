//! The claim that nothing is said before it is durable.

use alloc::{format, string::String};

use chain::{PeerId, Seat};
use protocol::Seen;

use super::observer::{Brief, Fact, Observer, What};
use crate::claims::Rule;
use crate::raft::message::{Message, Outcome, Stage};
use crate::raft::saved::Promise;

/// What a replica says is covered by its disk before it says it: one vote a term, its own term as a
/// candidate or leader, the entries that it sends or confirms, and the snapshot that it sends. Promises
/// are never taken back.
#[derive(Clone, Default)]
pub(super) struct PromisesAreDurable;

/// Whether what is said is durable.
fn is_covered(
    observer: &Observer,
    disk: &Brief,
    (from, to): (PeerId, PeerId),
    message: &Message,
) -> bool {
    let voted = |term, vote: Option<Seat>| disk.promise == Promise { term, vote };
    match message {
        Message::Voted {
            stage: Stage::Real | Stage::Transfer,
            term,
            granted: true,
        } => voted(*term, observer.seat(to)),
        Message::AskVote {
            stage: Stage::Real | Stage::Transfer,
            term,
            ..
        } => voted(*term, observer.seat(from)),
        Message::Append {
            term,
            prev,
            entries,
            ..
        } => {
            let end = prev.index.plus(entries.len() as u64);
            disk.promise.term == *term && end <= disk.last
        }
        Message::Appended { term, outcome } => {
            let has = match outcome {
                Outcome::Matched(index) => *index <= disk.last,
                Outcome::Conflict { .. } | Outcome::Stale => true,
            };
            disk.promise.term == *term && has
        }
        Message::Install { term, last, .. } => {
            disk.promise.term == *term && last.index <= disk.cut.snapshot.index
        }
        Message::Received { term, .. }
        | Message::Confirm { term, .. }
        | Message::Confirmed { term, .. }
        | Message::TimeoutNow { term } => disk.promise.term == *term,
        Message::Voted { .. }
        | Message::AskVote { .. }
        | Message::Request { .. }
        | Message::NotLeader { .. }
        | Message::Reply { .. } => true,
    }
}

/// Whether a promise is kept by another one.
fn is_kept(before: Promise, now: Promise) -> bool {
    let same_vote = before.vote.is_none() || before.vote == now.vote;
    now.term > before.term || now.term == before.term && same_vote
}

impl Rule for PromisesAreDurable {
    type Observer = Observer;

    const NAME: &'static str = "raft/promises-are-durable";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        let peer = seen.peer;
        for Fact { disk, what } in &observer.latest.facts {
            match what {
                What::Vowed(promise) if !is_kept(disk.promise, *promise) => {
                    return Err(format!("{peer} takes back a term or a vote"));
                }
                What::Said { to, message } if !is_covered(observer, disk, (peer, *to), message) => {
                    return Err(format!("{peer} says what it has not saved: {message:?}"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
