//! A replica's state (paper figure 2): what it must not forget, and what it is at present.

use alloc::{format, sync::Arc, vec::Vec};

use chain::{Encode as _, Micros, PeerId, Seat, Time, decode_exact};
use protocol::{Cx, Keep, Sheet, Value, Values, pack};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set, VectorSync as Vector};

use super::intake::Intake;
use super::message::{Entry, Index, Message, Point, Term};
use super::saved::{PROMISE, Promise, entry_name};

/// What never changes while a replica lives.
pub(super) struct Setup {
    pub me: Seat,
    pub members: Arc<[PeerId]>,
    /// How often a leader says that it lives.
    pub heartbeat: Micros,
    /// The shortest silence after which a leader is given up; each is drawn from here to its double.
    pub election: Micros,
    /// The most requests in an entry.
    pub batch: u64,
}

impl Setup {
    /// The seat of another member; `None` for all who do not count.
    pub fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        super::seat_of(&self.members, peer).filter(|seat| *seat != self.me)
    }

    pub fn member(&self, seat: Seat) -> Option<PeerId> {
        super::member(&self.members, seat)
    }

    /// All seats but this one.
    pub fn others(&self) -> impl Iterator<Item = Seat> + use<> {
        let (me, all) = (
            self.me,
            u32::try_from(self.members.len()).unwrap_or(u32::MAX),
        );
        (0..all).map(Seat).filter(move |seat| *seat != me)
    }

    /// Whether so many members are more than half of all.
    pub fn is_majority(&self, count: usize) -> bool {
        count > self.members.len() / 2
    }
}

/// The log. Terms never fall along it, and no entry is of term 0.
#[derive(Clone, Default)]
pub(super) struct Log(Vector<Entry>);

impl Log {
    /// The last entry's name.
    pub fn last(&self) -> Point {
        let term = self.0.last().map_or(Term(0), |entry| entry.term);
        let index = Index(self.0.len() as u64);
        Point { index, term }
    }

    /// When the last entry was proposed.
    pub fn last_time(&self) -> Time {
        self.0.last().map_or(Time(0), |entry| entry.proposal.time)
    }

    pub fn get(&self, index: Index) -> Option<&Entry> {
        let place = usize::try_from(index.0.checked_sub(1)?).ok()?;
        self.0.get(place)
    }

    /// The term at an index, 0 before the first entry; `None` after the last.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        match index {
            Index(0) => Some(Term(0)),
            index => self.get(index).map(|entry| entry.term),
        }
    }

    /// Entries from an index on.
    pub fn from(&self, first: Index) -> impl Iterator<Item = &Entry> {
        (first.0..).map_while(|index| self.get(Index(index)))
    }

    pub fn push(&mut self, entry: Entry) {
        debug_assert!(entry.term >= self.last().term.max(Term(1)));
        self.0.push_back_mut(entry);
    }

    /// Drops all from an index on.
    pub fn truncate(&mut self, from: Index) {
        while self.last().index >= from.max(Index(1)) {
            self.0.drop_last_mut();
        }
    }

    /// The first index whose term is at least this one; the one after the last if none is.
    pub fn first_since(&self, term: Term) -> Index {
        let (mut low, mut high) = (1, self.last().index.0 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.term_at(Index(middle)) < Some(term) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Index(low)
    }
}

/// What a leader knows of a follower's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// The follower's log equals the leader's at least up to here.
    pub matched: Index,
    /// What it is sent next.
    pub next: Index,
    pub flow: Flow,
    /// Whether it was heard since the leader last counted.
    pub heard: bool,
}

/// How a leader sends to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Where the logs part is not known yet: each message waits for the answer to the last, or for
    /// the next heartbeat.
    Probe,
    /// The logs agree: entries are sent as they come, and `next` runs ahead of the answers.
    Stream,
}

/// A sign of life from the leader of the current term.
#[derive(Clone, Copy)]
pub(super) struct Contact {
    pub leader: Seat,
    pub at: Time,
}

/// Who gave a vote, the candidate itself included. Never a mere count: replies come twice.
pub(super) type Votes = Set<Seat>;

/// What a replica is, with what matters only then.
#[derive(Clone)]
pub(super) enum Role {
    Follower(Option<Contact>),
    PreCandidate(Votes),
    Candidate(Votes),
    Leader(Leader),
}

#[derive(Clone)]
pub(super) struct Leader {
    pub followers: Map<Seat, Progress>,
    pub intake: Intake,
}

/// A replica.
#[derive(Clone)]
pub(super) struct Replica {
    pub setup: Arc<Setup>,
    pub promise: Promise,
    pub log: Log,
    /// All up to here is decided, as far as known; forgotten in a crash.
    pub commit: Index,
    /// All up to here is executed.
    pub executed: Index,
    pub role: Role,
    /// What has changed of promise and log and is not durable yet; empty between two steps.
    unsaved: Vec<Keep>,
}

impl Replica {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup: Arc::new(setup),
            promise: Promise::default(),
            log: Log::default(),
            commit: Index(0),
            executed: Index(0),
            role: Role::Follower(None),
            unsaved: Vec::new(),
        }
    }

    /// Reads back what earlier incarnations saved. Entries behind one that is missing or damaged are
    /// worth nothing and are removed; without a readable promise, no vote is left in the log's last term.
    pub fn restore(&mut self, saved: &Values) {
        let promise = saved.get(PROMISE);
        let promise = promise.and_then(|bytes| decode_exact(bytes).ok());
        self.promise = promise.unwrap_or_default();
        while let Some(bytes) = saved.get(&entry_name(self.log.last().index.next())) {
            match decode_exact::<Entry>(bytes) {
                Ok(entry) if entry.term >= self.log.last().term.max(Term(1)) => {
                    self.log.push(entry)
                }
                _ => break,
            }
        }
        let first = entry_name(self.log.last().index.next());
        let end = entry_name(Index(u64::MAX));
        if saved.range(first.clone()..end.clone()).next().is_some() {
            self.unsaved.push(Keep::DeleteRange(first, end));
        }
        let term = self.log.last().term;
        if term > self.term() {
            let vote = Some(self.setup.me); // nobody else gets one in a term that has had a leader
            self.vow(Promise { term, vote });
        }
    }

    pub fn term(&self) -> Term {
        self.promise.term
    }

    /// Changes the promise.
    pub fn vow(&mut self, promise: Promise) {
        debug_assert!(promise.term >= self.promise.term);
        self.promise = promise;
        let value = promise.to_vec().into();
        self.unsaved.push(Keep::Put(PROMISE.to_vec(), value));
    }

    /// Adds an entry to the log.
    pub fn write(&mut self, entry: Entry) {
        let name = entry_name(self.log.last().index.next());
        self.unsaved.push(Keep::Put(name, entry.to_vec().into()));
        self.log.push(entry);
    }

    /// Drops the log from an index on, which must not be committed.
    pub fn drop_from(&mut self, index: Index) {
        assert!(index > self.commit, "what is committed stays");
        let end = self.log.last().index.next();
        self.log.truncate(index);
        let range = Keep::DeleteRange(entry_name(index), entry_name(end));
        self.unsaved.push(range);
    }

    /// Makes all changes durable before whatever is wished next.
    pub fn flush(&mut self, cx: &mut Cx<'_>) {
        if !self.unsaved.is_empty() {
            cx.save(core::mem::take(&mut self.unsaved));
        }
    }

    /// Says something to a member. What it promises is durable first: no other road leads out.
    pub fn send(&mut self, cx: &mut Cx<'_>, to: Seat, message: &Message) {
        self.flush(cx);
        if let Some(peer) = self.setup.member(to) {
            cx.send(peer, &pack(message));
        }
    }

    /// Says the same to all other members.
    pub fn broadcast(&mut self, cx: &mut Cx<'_>, message: &Message) {
        self.flush(cx);
        let packet = pack(message);
        for seat in self.setup.others() {
            if let Some(peer) = self.setup.member(seat) {
                cx.send(peer, &packet);
            }
        }
    }

    /// Decides all slots up to an index.
    pub fn commit_to(&mut self, cx: &mut Cx<'_>, index: Index) {
        self.flush(cx);
        while self.commit < index {
            let next = self.commit.next();
            let Some(entry) = self.log.get(next) else {
                return; // nobody commits what is not in its log
            };
            cx.decide(next.0, entry.proposal.clone());
            self.commit = next;
        }
    }

    /// Who leads, as far as known.
    pub fn leader(&self) -> Option<Seat> {
        match &self.role {
            Role::Follower(contact) => contact.map(|contact| contact.leader),
            Role::PreCandidate(_) | Role::Candidate(_) => None,
            Role::Leader(_) => Some(self.setup.me),
        }
    }

    /// The role's place in the card's list, and its name there.
    pub fn role(&self) -> (u8, &'static str) {
        let place: u8 = match self.role {
            Role::Follower(_) => 0,
            Role::PreCandidate(_) => 1,
            Role::Candidate(_) => 2,
            Role::Leader(_) => super::LEADER,
        };
        (place, super::ROLES[usize::from(place)])
    }

    /// The state, for people.
    pub fn inspect(&self) -> Sheet {
        let peer = |seat: Option<Seat>| match seat.and_then(|seat| self.setup.member(seat)) {
            Some(peer) => Value::Peer(peer),
            None => Value::Word("none"),
        };
        let sheet = Sheet::new("raft")
            .row("role", Value::Word(self.role().1))
            .row("term", Value::Number(self.term().0))
            .row("vote", peer(self.promise.vote))
            .row("leader", peer(self.leader()))
            .row("last", Value::Number(self.log.last().index.0))
            .row("commit", Value::Number(self.commit.0));
        let Role::Leader(leader) = &self.role else {
            return sheet;
        };
        let mut sheet = sheet.row("waiting", Value::Number(leader.intake.waiting()));
        for (seat, progress) in &leader.followers {
            let part = Sheet::new(format!("{}", seat.0))
                .row("peer", peer(Some(*seat)))
                .row("next", Value::Number(progress.next.0))
                .row("match", Value::Number(progress.matched.0));
            sheet = sheet.row("follower", Value::Part(part));
        }
        sheet
    }
}
