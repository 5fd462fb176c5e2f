//! What a replica does with each message and each time-out: elections and following. What a leader
//! does is in `lead.rs`.

use alloc::vec::Vec;

use chain::{Micros, PeerId, Seat};
use protocol::planted::is_planted;
use protocol::{Cx, Event};
use rpds::RedBlackTreeSetSync as Set;

use super::message::{Entry, Index, Message, Outcome, Point, Stage, Term};
use super::saved::Promise;
use super::snapshots::Piece;
use super::state::{Contact, Replica, Role, Votes};
use super::twists::Evil;

/// A follower's and a candidate's patience; a leader's measure of whether it still leads.
pub(super) const ELECTION: u16 = 0;
/// A leader's next sign of life.
pub(super) const HEARTBEAT: u16 = 1;

impl Replica {
    /// Takes a message (paper figure 2). What is for clients, or from a peer that does not count, is ignored.
    pub fn hear(&mut self, cx: &mut Cx<'_>, from: PeerId, message: Message) {
        if let Message::Request { number, tx } = message {
            return self.on_request(cx, from, number, tx);
        }
        let Some(from) = self.setup.seat_of(from) else {
            return;
        };
        match message {
            Message::AskVote { stage, term, last } => self.on_ask_vote(cx, from, stage, term, last),
            Message::Voted {
                stage,
                term,
                granted,
            } => self.on_voted(cx, from, stage, term, granted),
            Message::Append {
                term,
                prev,
                commit,
                entries,
            } => self.on_append(cx, from, term, (prev, commit, entries)),
            Message::Appended { term, outcome } => self.on_appended(cx, from, term, outcome),
            Message::Install {
                term,
                last,
                configured,
                len,
                offset,
                piece: bytes,
            } => {
                let piece = Piece {
                    last,
                    configured,
                    len,
                    offset,
                    bytes,
                };
                self.on_install(cx, from, term, piece);
            }
            Message::Received { term, last, have } => {
                self.on_received(cx, from, term, (last, have));
            }
            Message::Confirm { term, round } => self.on_confirm(cx, from, term, round),
            Message::Confirmed { term, round } => self.on_confirmed(cx, from, term, round),
            Message::TimeoutNow { term } => self.on_timeout_now(cx, from, term),
            Message::Request { .. } | Message::NotLeader { .. } | Message::Reply { .. } => {}
        }
    }

    /// A timer is due. A candidate that did not win begins again with the question whether it could.
    pub fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        match (key, &self.role) {
            (ELECTION, Role::Leader(_)) => self.check_quorum(cx),
            (ELECTION, _) => self.ask_around(cx),
            (HEARTBEAT, Role::Leader(_)) => self.beat(cx),
            _ => {} // meant for a leader that has stepped down
        }
    }

    /// Waits for a leader, for a time that is drawn anew so that ties do not repeat (paper section 5.2).
    pub fn be_patient(&mut self, cx: &mut Cx<'_>) {
        let least = self.setup.election;
        let spread = u64::from(!is_planted("raft/patience-not-drawn")) * least.0;
        let extra = Micros(cx.rng.below(spread.saturating_add(1)));
        let at = cx.now.saturating_add(least).saturating_add(extra);
        cx.arm(ELECTION, at);
    }

    /// Follows, in this term or a later one.
    pub fn follow(&mut self, cx: &mut Cx<'_>, term: Term, leader: Option<Seat>) {
        let led = self.term().0;
        if term > self.term() {
            self.vow(Promise { term, vote: None });
        }
        if let Role::Leader(_) = self.role {
            cx.tell(Event::StepsDown { epoch: led });
            cx.disarm(HEARTBEAT);
            self.be_patient(cx);
        }
        let at = cx.now;
        self.role = Role::Follower(leader.map(|leader| Contact { leader, at }));
    }

    /// Asks whether an election could be won, before any term is disturbed (dissertation section 9.6).
    fn ask_around(&mut self, cx: &mut Cx<'_>) {
        let Some(term) = self.term().next() else {
            return; // terms are used up: no vote would be safe
        };
        self.be_patient(cx);
        if !self.may_stand() {
            return;
        }
        let votes = self.own_vote();
        if self.has_won(&votes) || !self.setup.pre_vote || is_planted("raft/pre-vote-ignored") {
            return self.campaign(cx, term, Stage::Real);
        }
        self.role = Role::PreCandidate(votes);
        self.ask_votes(cx, Stage::Pre, term);
    }

    /// Stands for election in a new term (paper section 5.2).
    pub fn campaign(&mut self, cx: &mut Cx<'_>, term: Term, stage: Stage) {
        let vote = Some(self.setup.me);
        self.vow(Promise { term, vote });
        self.be_patient(cx);
        let votes = self.own_vote();
        if self.has_won(&votes) {
            return self.lead(cx);
        }
        self.role = Role::Candidate(votes);
        self.ask_votes(cx, stage, term);
    }

    fn own_vote(&self) -> Votes {
        Set::new_sync().insert(self.setup.me)
    }

    fn has_won(&self, votes: &Votes) -> bool {
        self.is_quorum(|seat| votes.contains(&seat))
    }

    fn ask_votes(&mut self, cx: &mut Cx<'_>, stage: Stage, term: Term) {
        let (last, electors) = (self.log.last(), self.electors());
        let message = Message::AskVote { stage, term, last };
        self.broadcast(cx, &electors, &message);
    }

    /// Whether a leader was heard within the shortest election time-out, or this replica is one: then
    /// it helps nobody to another leader (dissertation section 4.2.3).
    fn is_led(&self, cx: &Cx<'_>) -> bool {
        match &self.role {
            _ if !self.setup.check_quorum => false,
            Role::Leader(_) => true,
            Role::Follower(Some(contact)) => {
                cx.now.saturating_since(contact.at) < self.setup.election
            }
            _ => false,
        }
    }

    fn on_ask_vote(&mut self, cx: &mut Cx<'_>, from: Seat, stage: Stage, term: Term, last: Point) {
        let is_free = !self.is_led(cx) || stage == Stage::Transfer;
        let granted = (is_free || self.votes_twice())
            && match stage {
                Stage::Pre => term > self.term() && self.is_up_to_date(last),
                Stage::Real | Stage::Transfer => self.vote(cx, from, term, last),
            };
        let term = if granted { term } else { self.term() };
        let voted = Message::Voted {
            stage,
            term,
            granted,
        };
        self.send(cx, from, &voted);
    }

    /// Votes, unless the term is over, the vote was given to another, or the candidate's log may lack
    /// something that is committed (paper sections 5.2 and 5.4.1).
    fn vote(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term, last: Point) -> bool {
        if term > self.term() {
            self.follow(cx, term, None);
        }
        let free = self.promise.vote.is_none_or(|vote| vote == from)
            || self.votes_twice()
            || is_planted("raft/two-votes-a-term");
        if term < self.term() || !free || !self.is_up_to_date(last) {
            return false;
        }
        let vote = Some(from);
        if is_planted("raft/vote-not-saved") {
            self.promise.vote = vote;
        } else if self.promise.vote != vote {
            self.vow(Promise { term, vote });
        }
        self.be_patient(cx);
        true
    }

    fn votes_twice(&self) -> bool {
        self.setup.evil == Some(Evil::VoteTwice)
    }

    /// Whether a log that ends so is at least as up to date as this one (paper section 5.4.1).
    fn is_up_to_date(&self, last: Point) -> bool {
        let own = self.log.last();
        (last.term, last.index) >= (own.term, own.index) || is_planted("raft/logs-not-compared")
    }

    fn on_voted(&mut self, cx: &mut Cx<'_>, from: Seat, stage: Stage, term: Term, granted: bool) {
        if !granted {
            if term > self.term() {
                self.follow(cx, term, None);
            }
            return;
        }
        let (own, next, electors) = (self.term(), self.term().next(), self.electors());
        let votes = match (&mut self.role, stage) {
            (Role::PreCandidate(votes), Stage::Pre) if Some(term) == next => votes,
            (Role::Candidate(votes), Stage::Real | Stage::Transfer)
                if term == own || is_planted("raft/late-votes-count") =>
            {
                votes
            }
            _ => return, // late, or never asked for
        };
        let again = votes.contains(&from) && is_planted("raft/votes-counted-twice");
        let silent = electors.iter().find(|seat| !votes.contains(seat));
        let voter = silent.copied().filter(|_| again).unwrap_or(from);
        votes.insert_mut(voter);
        let votes = votes.clone();
        if !self.has_won(&votes) {
            return;
        }
        match stage {
            Stage::Pre => self.campaign(cx, term, Stage::Real),
            Stage::Real | Stage::Transfer => self.lead(cx),
        }
    }

    fn on_append(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        term: Term,
        append: (Point, Index, Vec<Entry>),
    ) {
        if self.heed(cx, from, term)
            && let Some(outcome) = self.accept(cx, term, append)
        {
            let term = self.term();
            self.send(cx, from, &Message::Appended { term, outcome });
        }
    }

    /// Follows whoever leads in a term; false if that is over, which the sender is told, or if this
    /// replica leads in it.
    pub fn heed(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term) -> bool {
        let own = self.term();
        if term < own {
            let (term, outcome) = (own, Outcome::Stale);
            self.send(cx, from, &Message::Appended { term, outcome });
            return false;
        }
        if matches!(self.role, Role::Leader(_)) && term == own {
            return false; // a term has one leader, and this is it
        }
        self.follow(cx, term, Some(from));
        self.be_patient(cx);
        true
    }

    /// Takes a leader's entries into the log (paper figure 2, AppendEntries 2 to 5). `None` if no
    /// correct leader says such a thing.
    fn accept(
        &mut self,
        cx: &mut Cx<'_>,
        term: Term,
        (mut prev, commit, mut entries): (Point, Index, Vec<Entry>),
    ) -> Option<Outcome> {
        let count = entries.len() as u64;
        let end = Index(prev.index.0.checked_add(count)?);
        if !is_in_order(prev, &entries, term) {
            return None;
        }
        let base = self.log.base();
        if prev.index < base.index {
            // An old message: what a snapshot stands for is committed, and so the leader has it, too.
            if end <= base.index {
                return Some(Outcome::Matched(end));
            }
            let gone = usize::try_from(base.index.0 - prev.index.0).ok()?;
            entries.drain(..gone);
            prev = base;
        }
        let reaches = self.log.term_at(prev.index).is_some();
        let same = self.log.has(prev) || is_planted("raft/prev-not-checked");
        if !reaches || !same {
            return (prev.index > self.commit).then(|| self.conflict(prev.index));
        }
        // Only what conflicts goes: the message may be older than what the log has after it.
        let known = self.log.from(prev.index.next()).zip(&entries);
        let same = known.take_while(|(mine, other)| mine.term == other.term);
        let same = same.count();
        let first = prev.index.plus(same as u64).next();
        let conflicts = same < entries.len() || is_planted("raft/stale-append-truncates");
        if first <= self.log.last().index && conflicts {
            if first <= self.commit {
                return None;
            }
            self.drop_from(first);
        }
        for entry in entries.into_iter().skip(same) {
            self.write(entry);
        }
        self.commit_to(cx, commit.min(end));
        Some(Outcome::Matched(end))
    }

    /// What stands at an index instead of what the leader has there.
    fn conflict(&self, at: Index) -> Outcome {
        let term = self.log.term_at(at);
        let first = match term {
            Some(term) => self.log.first_since(term),
            None => self.log.last().index.next(),
        };
        let instead = (term, first);
        Outcome::Conflict { at, instead }
    }
}

/// Whether terms do not fall, from the entry before the first to the term of the leader.
fn is_in_order(prev: Point, entries: &[Entry], term: Term) -> bool {
    let is_start = (prev.index == Index(0)) == (prev.term == Term(0));
    let terms = entries.iter().map(|entry| entry.term);
    let positive = entries.first().is_none_or(|entry| entry.term > Term(0));
    let all = core::iter::once(prev.term).chain(terms);
    is_start && positive && all.chain([term]).is_sorted()
}
