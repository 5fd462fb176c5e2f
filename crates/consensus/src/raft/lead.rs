//! What a leader does: it replicates its log, repairs others, commits, and answers clients.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{PeerId, Seat};
use protocol::planted::is_planted;
use protocol::{Body, Config, Cx, Event, Executed, Proposal, Request, pack};
use rpds::RedBlackTreeMapSync as Map;

use super::intake::Intake;
use super::log::Log;
use super::message::{Entry, Index, Message, Outcome, Point, Term};
use super::reads::Reads;
use super::state::{Flow, Leader, Progress, Replica, Role};
use super::step::{ELECTION, HEARTBEAT};
use crate::asks::MAX_BYTES;

/// How many entries may be on their way to being committed. While so many are, requests wait and
/// share the next entry; and a leader that nobody hears stops writing.
const WINDOW: u64 = 4;

impl Replica {
    /// Begins to lead. The first entry asks for nothing: once it is committed, so is all before it,
    /// which by itself could not be committed by counting (paper sections 5.4.2 and 8).
    pub fn lead(&mut self, cx: &mut Cx<'_>) {
        self.role = Role::Leader(Box::new(Leader {
            followers: Map::new_sync(),
            intake: Intake::of(&self.log, self.executed),
            reads: Reads::default(),
            transfer: None,
            change: None,
        }));
        cx.tell(Event::Leads {
            epoch: self.term().0,
        });
        self.propose(cx, Body::Noop);
        self.attend();
        cx.arm(ELECTION, cx.now.saturating_add(self.setup.election));
        self.beat(cx);
        self.advance(cx);
    }

    /// Says to all followers that it lives, with whatever they lack.
    pub fn beat(&mut self, cx: &mut Cx<'_>) {
        cx.arm(HEARTBEAT, cx.now.saturating_add(self.setup.heartbeat));
        for seat in self.audience() {
            self.send_entries(cx, seat);
        }
        self.ask_again(cx);
        self.call_on(cx);
    }

    /// Steps down if no majority was heard since it last looked (dissertation section 6.2).
    pub fn check_quorum(&mut self, cx: &mut Cx<'_>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let before = leader.followers.clone();
        let mut followers = before.clone();
        for (seat, progress) in &before {
            let heard = false;
            followers.insert_mut(
                *seat,
                Progress {
                    heard,
                    ..progress.clone()
                },
            );
        }
        leader.followers = followers;
        let me = self.setup.me;
        let heard = |seat| seat == me || before.get(&seat).is_some_and(|progress| progress.heard);
        let is_trusting = !self.setup.check_quorum
            || is_planted("raft/quorum-not-checked")
            || believes_in_itself();
        if self.is_quorum(heard) || is_trusting {
            cx.arm(ELECTION, cx.now.saturating_add(self.setup.election));
        } else {
            self.follow(cx, self.term(), None);
        }
    }

    /// Takes a client's request, or says who would.
    pub fn on_request(&mut self, cx: &mut Cx<'_>, client: PeerId, number: u64, tx: Arc<[u8]>) {
        match &mut self.role {
            Role::Leader(_) if self.setup.reads && cx.chain.query(&tx).is_some() => {
                self.on_read(cx, client, number, tx);
            }
            Role::Leader(leader) => {
                leader.intake.take(Request { client, number, tx });
                self.advance(cx);
            }
            _ => {
                let leader = self.leader();
                say(cx, client, &Message::NotLeader { number, leader });
            }
        }
    }

    /// A slot was executed: clients of a leader get their receipts.
    pub fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        self.executed = self.executed.max(Index(done.slot));
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        for done in done.receipts {
            if leader.intake.executed(done) {
                let (number, receipt) = (done.number, done.receipt.clone());
                say(cx, done.client, &Message::Reply { number, receipt });
            }
        }
    }

    /// A follower says what became of entries.
    pub fn on_appended(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term, outcome: Outcome) {
        let log = self.log.clone();
        let Some(progress) = self.answer_of(cx, from, term) else {
            return;
        };
        let more = match outcome {
            Outcome::Matched(index) => progress.matches(index, &log),
            Outcome::Conflict { at, instead } => progress.conflicts(at, instead, &log),
            Outcome::Stale => false,
        };
        if more {
            self.send_entries(cx, from);
        }
        self.note_round(cx, from);
        self.call_on(cx);
        self.advance(cx);
    }

    /// What a leader knows of a follower that answers it in this term. Whoever hears of a later term
    /// leads no longer.
    pub fn answer_of(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term) -> Option<&mut Progress> {
        if term > self.term() {
            self.follow(cx, term, None);
        }
        let own = self.term();
        let Role::Leader(leader) = &mut self.role else {
            return None;
        };
        let progress = leader.followers.get_mut(&from).filter(|_| term == own)?;
        progress.heard = true;
        Some(progress)
    }

    /// Proposes what waits, sends it and commits what can be committed, until nothing is left to do.
    pub fn advance(&mut self, cx: &mut Cx<'_>) {
        loop {
            self.step_on(cx);
            self.propose_waiting(cx);
            let committable = self.committable();
            if committable <= self.commit {
                return;
            }
            self.commit_to(cx, committable);
            if self.retires(cx) {
                return;
            }
        }
    }

    fn propose_waiting(&mut self, cx: &mut Cx<'_>) {
        let before = self.log.last().index;
        while self.log.last().index < self.commit.plus(WINDOW)
            && let Role::Leader(leader) = &mut self.role
            && leader.transfer.is_none()
            && let Some(body) = leader.intake.batch(self.setup.batch)
        {
            self.propose(cx, body);
        }
        if self.log.last().index > before {
            self.stream(cx);
        }
    }

    /// Writes an entry. Times never fall along a leader's log, whatever the clocks of earlier leaders.
    pub fn propose(&mut self, cx: &mut Cx<'_>, body: Body) {
        let proposal = Proposal {
            time: cx.now.max(self.log.last_time()),
            proposer: self.setup.me,
            body,
        };
        let term = self.term();
        self.write(Entry {
            term,
            proposal: Arc::new(proposal),
        });
    }

    /// Sends new entries to those whose logs are known to agree; others get them with a heartbeat.
    pub fn stream(&mut self, cx: &mut Cx<'_>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let flowing = leader.followers.iter();
        let flowing = flowing.filter(|(_, progress)| progress.flow == Flow::Stream);
        let seats: Vec<Seat> = flowing.map(|(seat, _)| *seat).collect();
        for seat in seats {
            self.send_entries(cx, seat);
        }
    }

    /// Sends a follower what it lacks, as far as one message carries; an empty one is a heartbeat.
    fn send_entries(&mut self, cx: &mut Cx<'_>, to: Seat) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let Some(progress) = leader.followers.get_mut(&to) else {
            return;
        };
        let index = progress.next.prev();
        let Some(term) = self.log.term_at(index) else {
            return self.ship(cx, to); // it is gone: nobody is sent what comes after the end
        };
        let portion = portion(&self.log, progress.next);
        let entries: Vec<Entry> = match progress.flow {
            Flow::Probe | Flow::Install(_) => portion.take(1).collect(), // more may well be in vain
            Flow::Stream => portion.collect(),
        };
        if progress.flow == Flow::Stream {
            progress.next = progress.next.plus(entries.len() as u64);
        }
        let message = Message::Append {
            term: self.promise.term,
            prev: Point { index, term },
            commit: self.commit,
            entries,
        };
        self.send(cx, to, &message);
    }

    /// How far the log may be committed: what a majority has, if its last entry is of this term. An
    /// older one that a majority has may still be overwritten (paper section 5.4.2, figure 8).
    fn committable(&self) -> Index {
        let Role::Leader(leader) = &self.role else {
            return self.commit;
        };
        let matched = |seat: &Seat| match leader.followers.get(seat) {
            Some(progress) => progress.matched,
            // Its own log is as durable, or will be before it decides.
            None if *seat == self.setup.me => self.log.last().index,
            None => Index(0),
        };
        let shared = |seats: &[Seat]| {
            let mut matched: Vec<Index> = seats.iter().map(matched).collect();
            matched.sort_unstable();
            // As many have at least this much as come after it in the order, itself included.
            let more = usize::from(is_planted("raft/minority-commits"));
            let place = matched.len().checked_sub(1).map(|last| last / 2 + more);
            let most = place.and_then(|place| matched.get(place));
            most.copied().unwrap_or_default()
        };
        let config = self.log.configured().config;
        let mut most = shared(&config.voters);
        if !config.outgoing.is_empty() {
            most = most.min(shared(&config.outgoing));
        }
        match self.log.term_at(most) {
            Some(term) if term == self.term() || is_planted("raft/old-terms-counted") => most,
            _ => self.commit,
        }
    }
}

impl Progress {
    /// Of a follower of which nothing is known, to which an entry is sent first.
    pub fn new(next: Index) -> Self {
        Self {
            matched: Index(0),
            next,
            flow: Flow::Probe,
            heard: false,
        }
    }

    /// The follower has all up to an index. Says whether it should be sent more at once.
    fn matches(&mut self, index: Index, log: &Log) -> bool {
        let (base, last) = (log.base().index, log.last().index);
        if index > last {
            return false; // nobody can have been sent that
        }
        self.matched = self.matched.max(index);
        if let Flow::Install(shipment) = &self.flow
            && self.matched < shipment.last.index.min(base)
        {
            return false; // it still lacks what is gone
        }
        self.next = self.next.max(self.matched.next());
        self.flow = Flow::Stream;
        self.next <= last
    }

    /// The follower lacks what stands at an index: the next attempt begins earlier (paper, end of
    /// section 5.3). Says whether to make it at once.
    fn conflicts(&mut self, at: Index, instead: (Option<Term>, Index), log: &Log) -> bool {
        if at <= self.matched {
            return false; // an answer to what was sent before
        }
        self.next = match self.flow {
            // Something was lost on the way; up to `matched` the logs agree.
            Flow::Stream => self.matched.next(),
            Flow::Probe if at == self.next.prev() => {
                let shared = instead.0.and_then(|term| last_of(term, log));
                let next = shared.map_or(instead.1, Index::next);
                next.min(at).max(self.matched.next())
            }
            Flow::Probe | Flow::Install(_) => return false,
        };
        self.flow = Flow::Probe;
        true
    }
}

/// The last entry of a term, if there is any.
fn last_of(term: Term, log: &Log) -> Option<Index> {
    let end = log.first_since(term.next()?);
    let last = end.prev();
    (log.term_at(last) == Some(term) && term > Term(0)).then_some(last)
}

/// Entries from an index on, as many as go into one message.
fn portion(log: &Log, first: Index) -> impl Iterator<Item = Entry> {
    let mut bytes = 0;
    let fits = move |entry: &&Entry| {
        let before = bytes;
        bytes += weight(entry);
        before == 0 || bytes <= MAX_BYTES
    };
    log.from(first).take_while(fits).cloned()
}

/// About the length of an entry in bytes.
fn weight(entry: &Entry) -> usize {
    match &entry.proposal.body {
        Body::Noop => 32,
        Body::Requests(requests) => requests.iter().map(|one| one.tx.len() + 48).sum(),
        Body::Config(Config {
            voters,
            outgoing,
            learners,
        }) => 32 + 4 * (voters.len() + outgoing.len() + learners.len()),
    }
}

/// A leader that was deposed, and does not notice, reads as if it led. Whoever steps down in time hides
/// that its reads are not confirmed, so this bug has two halves.
pub(super) fn believes_in_itself() -> bool {
    is_planted("raft/deposed-leader-reads")
}

/// Says something to a client.
pub(super) fn say(cx: &mut Cx<'_>, client: PeerId, message: &Message) {
    cx.send(client, &pack(message));
}
