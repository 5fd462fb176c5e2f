//! A replica's state (paper figure 2): what it must not forget, and what it is at present.

use alloc::{boxed::Box, format, sync::Arc, vec::Vec};

use chain::{Decode, Encode as _, Micros, PeerId, Seat, Time, decode_exact};
use protocol::planted::is_planted;
use protocol::{Assembly, Cx, Keep, Sheet, Snapshot, Value, Values, pack};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set, VectorSync as Vector};

use super::intake::Intake;
use super::message::{Entry, Index, Message, Point, Term};
use super::reads::Reads;
use super::saved::{CUT, Cut, PROMISE, Promise, entry_name};
use super::transfer::Transfer;
use super::twists::Evil;
use crate::members::{member, seat_of, seats};

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
    /// After how many executed entries a snapshot is taken, and how many below it are kept; 0 for never.
    pub snapshot: u64,
    /// The most bytes of a snapshot in one message.
    pub piece: u64,
    /// Which rule it breaks on purpose.
    pub evil: Option<Evil>,
    /// Whether reads are answered by read index; otherwise they go through the log.
    pub reads: bool,
}

impl Setup {
    /// The seat of another member; `None` for all who do not count.
    pub fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        seat_of(&self.members, peer).filter(|seat| *seat != self.me)
    }

    pub fn member(&self, seat: Seat) -> Option<PeerId> {
        member(&self.members, seat)
    }

    /// All seats but this one.
    pub fn others(&self) -> impl Iterator<Item = Seat> + use<> {
        let me = self.me;
        seats(&self.members).filter(move |seat| *seat != me)
    }

    /// Whether so many members are more than half of all.
    pub fn is_majority(&self, count: usize) -> bool {
        count + usize::from(is_planted("raft/minority-elects")) > self.members.len() / 2
    }
}

/// The log, as far as it is kept. Terms never fall along it, and no entry is of term 0.
#[derive(Clone, Default)]
pub(super) struct Log {
    /// The last entry that a snapshot stands for and that is gone.
    base: Point,
    entries: Vector<Entry>,
}

impl Log {
    /// An empty log behind an entry.
    pub fn after(base: Point) -> Self {
        let entries = Vector::new_sync();
        Self { base, entries }
    }

    /// The last entry that is gone; `(0, 0)` if all are here.
    pub fn base(&self) -> Point {
        self.base
    }

    /// The last entry's name.
    pub fn last(&self) -> Point {
        let index = self.base.index.plus(self.entries.len() as u64);
        let term = self
            .entries
            .last()
            .map_or(self.base.term, |entry| entry.term);
        Point { index, term }
    }

    /// When the last entry was proposed.
    pub fn last_time(&self) -> Time {
        self.entries
            .last()
            .map_or(Time(0), |entry| entry.proposal.time)
    }

    pub fn get(&self, index: Index) -> Option<&Entry> {
        let behind = index.0.checked_sub(self.base.index.0)?;
        self.entries
            .get(usize::try_from(behind.checked_sub(1)?).ok()?)
    }

    /// The term at an index, that of the last entry which is gone included; `None` for all others that
    /// are not here.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            Some(self.base.term)
        } else {
            self.get(index).map(|entry| entry.term)
        }
    }

    /// Whether an entry of this name is here, or is the last that is gone.
    pub fn has(&self, point: Point) -> bool {
        self.term_at(point.index) == Some(point.term)
    }

    /// The log without all up to an entry.
    pub fn without(&self, base: Point) -> Self {
        let mut log = Self::after(base);
        self.from(base.index.next())
            .for_each(|entry| log.push(entry.clone()));
        log
    }

    /// Entries from an index on.
    pub fn from(&self, first: Index) -> impl Iterator<Item = &Entry> {
        (first.0..).map_while(|index| self.get(Index(index)))
    }

    pub fn push(&mut self, entry: Entry) {
        debug_assert!(entry.term >= self.last().term.max(Term(1)));
        self.entries.push_back_mut(entry);
    }

    /// Drops all from an index on.
    pub fn truncate(&mut self, from: Index) {
        while self.last().index >= from.max(self.base.index.next()) {
            self.entries.drop_last_mut();
        }
    }

    /// The first index whose term is at least this one; the one after the last if none is.
    pub fn first_since(&self, term: Term) -> Index {
        let (mut low, mut high) = (self.base.index.0 + 1, self.last().index.0 + 1);
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Where the logs part is not known yet: each message waits for the answer to the last, or for
    /// the next heartbeat.
    Probe,
    /// The logs agree: entries are sent as they come, and `next` runs ahead of the answers.
    Stream,
    /// The leader's log no longer has what the follower lacks: it is sent a snapshot, piece by piece,
    /// each once the one before has arrived, or with the next heartbeat.
    Install(Shipment),
}

/// A snapshot on its way to a follower. It stays the same when a newer one is taken meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shipment {
    pub snapshot: Snapshot,
    /// The last entry that it stands for.
    pub last: Point,
    /// How many bytes the follower has.
    pub have: u64,
}

/// A snapshot on its way here.
#[derive(Clone)]
pub(super) struct Arrival {
    /// The term of the leader that sends it: one leader sends one snapshot of a slot.
    pub term: Term,
    pub last: Point,
    pub len: u64,
    pub pieces: Assembly,
}

/// What a replica becomes once a snapshot is durable.
#[derive(Clone)]
pub(super) struct Settled {
    pub last: Point,
    pub log: Log,
    /// The leader that sent it; `None` if it was taken here.
    pub from: Option<Seat>,
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
    Leader(Box<Leader>),
}

#[derive(Clone)]
pub(super) struct Leader {
    pub followers: Map<Seat, Progress>,
    pub intake: Intake,
    pub reads: Reads,
    pub transfer: Option<Transfer>,
}

/// A replica.
#[derive(Clone)]
pub(super) struct Replica {
    pub setup: Arc<Setup>,
    pub promise: Promise,
    pub log: Log,
    /// The last entry that the latest snapshot stands for.
    pub snapshot: Point,
    /// A snapshot that a leader sends.
    pub arrival: Option<Arrival>,
    /// A snapshot that was wished for and is not heard of yet.
    pub settled: Option<Settled>,
    /// All up to here is decided, as far as known; what a snapshot does not stand for is forgotten in a
    /// crash.
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
            snapshot: Point::default(),
            arrival: None,
            settled: None,
            commit: Index(0),
            executed: Index(0),
            role: Role::Follower(None),
            unsaved: Vec::new(),
        }
    }

    /// Reads back what earlier incarnations saved. Entries behind one that is missing or damaged are
    /// worth nothing and are removed; without a readable promise, no vote is left in the log's last
    /// term. What the node's snapshot stands for is committed and executed.
    pub fn restore(&mut self, saved: &Values, snapshot: Option<&Snapshot>) {
        self.promise = read(saved, PROMISE).unwrap_or_default();
        self.promise.vote = self
            .promise
            .vote
            .filter(|_| !is_planted("raft/vote-forgotten"));
        if let Some(snapshot) = snapshot {
            let slot = Index(snapshot.slot);
            // The two are saved together. If this is damaged, no entry can be of a later term.
            let (index, term) = (slot, self.promise.term);
            let point = Point { index, term };
            let whole = Cut {
                snapshot: point,
                base: point,
            };
            let cut = read(saved, CUT).filter(|cut: &Cut| cut.snapshot.index == slot);
            let cut = cut.unwrap_or(whole);
            (self.snapshot, self.log) = (cut.snapshot, Log::after(cut.base));
            (self.commit, self.executed) = (slot, slot);
        }
        self.read_log(saved);
        if !self.log.has(self.snapshot) {
            self.log = Log::after(self.snapshot);
            self.read_log(saved);
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

    /// Reads entries behind the log's end, as far as they are sound.
    fn read_log(&mut self, saved: &Values) {
        while let Some(entry) = read::<Entry>(saved, &entry_name(self.log.last().index.next()))
            && entry.term >= self.log.last().term.max(Term(1))
        {
            self.log.push(entry);
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
        if !is_planted("raft/entries-not-saved") {
            self.unsaved.push(Keep::Put(name, entry.to_vec().into()));
        }
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
            .row("snapshot", Value::Number(self.snapshot.index.0))
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

/// A saved value; `None` if it is missing or damaged.
fn read<T: Decode>(saved: &Values, name: &[u8]) -> Option<T> {
    decode_exact(saved.get(name)?).ok()
}
