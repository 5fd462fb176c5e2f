//! Reads that do not go through the log (read index, dissertation section 6.4): a leader that has
//! committed an entry of its own term notes how far its log is committed, hears from a majority that it
//! still leads, and answers from the state once all that is executed. Nobody else can have committed
//! anything that the answer lacks before the read was asked for.

use alloc::{sync::Arc, vec::Vec};

use chain::{PeerId, Seat};
use protocol::Cx;
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use super::lead::{believes_in_itself, say};
use super::message::{Index, Message, Term};
use super::state::{Replica, Role, Votes};
use crate::asks::MAX_TX;

/// The most reads that wait. A client that is not heard asks again.
const MAX_WAITING: usize = 1024;

/// What clients want to know: one read of each, the latest.
type Wanted = Map<PeerId, Read>;

/// A read.
#[derive(Clone)]
struct Read {
    number: u64,
    tx: Arc<[u8]>,
}

/// The reads of a leader.
#[derive(Clone, Default)]
pub(super) struct Reads {
    /// They came after the round under way had begun, and wait for the next one.
    waiting: Wanted,
    round: Option<Round>,
    /// Counts the rounds of this reign.
    rounds: u64,
}

/// A leader asks for all reads together whether it still leads.
#[derive(Clone)]
struct Round {
    wanted: Wanted,
    /// How far the log was committed when the round began.
    index: Index,
    /// Who has said so, the leader itself included.
    votes: Votes,
}

impl Replica {
    /// A client wants to read, and this replica leads.
    pub fn on_read(&mut self, cx: &mut Cx<'_>, client: PeerId, number: u64, tx: Arc<[u8]>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let Reads { waiting, round, .. } = &mut leader.reads;
        let asked = round.as_ref().and_then(|round| round.wanted.get(&client));
        let known = asked.into_iter().chain(waiting.get(&client));
        let is_new = known.map(|read| read.number).max() < Some(number);
        let is_full = waiting.size() >= MAX_WAITING && !waiting.contains_key(&client);
        if is_new && !is_full && tx.len() <= MAX_TX {
            waiting.insert_mut(client, Read { number, tx });
        }
        self.serve_reads(cx);
    }

    /// Answers the reads of a round that is over, and begins the next one if any wait. A new leader does
    /// not know yet what is committed: it begins none before an entry of its own term is.
    pub fn serve_reads(&mut self, cx: &mut Cx<'_>) {
        loop {
            let is_over = self.is_round_over();
            let Role::Leader(leader) = &mut self.role else {
                return;
            };
            match &leader.reads.round {
                Some(round) => {
                    if !is_over || self.executed < round.index {
                        return;
                    }
                    answer(cx, &round.wanted);
                    leader.reads.round = None;
                }
                None if leader.reads.waiting.is_empty()
                    || self.log.term_at(self.commit) != Some(self.promise.term) =>
                {
                    return;
                }
                None => {
                    leader.reads.rounds += 1;
                    leader.reads.round = Some(Round {
                        wanted: core::mem::take(&mut leader.reads.waiting),
                        index: self.commit,
                        votes: Set::new_sync().insert(self.setup.me),
                    });
                    self.ask_again(cx);
                }
            }
        }
    }

    /// Whether a quorum has said that it follows, since the round under way began.
    fn is_round_over(&self) -> bool {
        let Role::Leader(leader) = &self.role else {
            return false;
        };
        let round = leader.reads.round.as_ref();
        round.is_some_and(|round| self.is_quorum(|seat| round.votes.contains(&seat)))
            || believes_in_itself()
    }

    /// Asks all who have not said yet that they follow.
    pub fn ask_again(&mut self, cx: &mut Cx<'_>) {
        let term = self.term();
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let (Some(Round { votes, .. }), round) = (&leader.reads.round, leader.reads.rounds) else {
            return;
        };
        let mut silent: Vec<Seat> = self.electors();
        silent.retain(|seat| !votes.contains(seat));
        for seat in silent {
            self.send(cx, seat, &Message::Confirm { term, round });
        }
    }

    /// A leader asks whether this replica follows it.
    pub fn on_confirm(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term, round: u64) {
        if self.heed(cx, from, term) {
            self.send(cx, from, &Message::Confirmed { term, round });
        }
    }

    /// A follower says that it does. What it says of an earlier round says nothing about this one.
    pub fn on_confirmed(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term, round: u64) {
        if self.answer_of(cx, from, term).is_none() {
            return;
        }
        if let Role::Leader(leader) = &mut self.role
            && leader.reads.rounds == round
            && let Some(Round { votes, .. }) = &mut leader.reads.round
        {
            votes.insert_mut(from);
            self.serve_reads(cx);
        }
    }
}

/// Answers from the state as it is.
fn answer(cx: &mut Cx<'_>, wanted: &Wanted) {
    for (client, Read { number, tx }) in wanted {
        if let Some(receipt) = cx.chain.query(tx) {
            let number = *number;
            say(cx, *client, &Message::Reply { number, receipt });
        }
    }
}
