//! A replica's state (paper figure 2): what it must not forget, and what it is at present.

use alloc::{boxed::Box, format, sync::Arc, vec::Vec};

use chain::{Decode, Encode as _, Micros, PeerId, Seat, Time, decode_exact};
use protocol::planted::is_planted;
use protocol::{Assembly, Config, Cx, Keep, Sheet, Snapshot, Value, Values, pack};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use super::intake::Intake;
use super::log::Log;
use super::membership::Change;
use super::message::{Configured, Entry, Index, Message, Point, Term};
use super::reads::Reads;
use super::saved::{CONFIG, CUT, Cut, PROMISE, Promise, entry_name};
use super::transfer::Transfer;
use super::twists::Evil;
use crate::members::{member, seat_of};

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
    /// Who takes part at first.
    pub config: Arc<Config>,
    /// Whether voters change by joint consensus; otherwise one at a time.
    pub joint: bool,
    /// Whether a leader changes the configuration before an entry of its own term is committed, which is
    /// not safe one voter at a time (Ongaro, "bug in single-server membership changes", raft-dev, 2015).
    pub hasty: bool,
    /// Whether it asks if it could win before it stands for election (dissertation section 9.6).
    pub pre_vote: bool,
    /// Whether a leader steps down that hears no majority (6.2), and nobody who hears a leader helps
    /// another one (4.2.3).
    pub check_quorum: bool,
}

impl Setup {
    /// The seat of another member; `None` for all who do not count.
    pub fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        seat_of(&self.members, peer).filter(|seat| *seat != self.me)
    }

    pub fn member(&self, seat: Seat) -> Option<PeerId> {
        member(&self.members, seat)
    }

    /// The configuration before the log brings one.
    pub fn first_configured(&self) -> Configured {
        Configured {
            since: Index(0),
            config: self.config.clone(),
        }
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
    /// The configuration that holds there, unless it is the first one.
    pub configured: Option<Configured>,
    /// How many bytes the follower has.
    pub have: u64,
}

/// A snapshot on its way here.
#[derive(Clone)]
pub(super) struct Arrival {
    /// The term of the leader that sends it: one leader sends one snapshot of a slot.
    pub term: Term,
    pub last: Point,
    /// The configuration that goes with it.
    pub configured: Option<Configured>,
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
    pub change: Option<Change>,
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
        let log = Log::after(Point::default(), setup.first_configured());
        Self {
            setup: Arc::new(setup),
            promise: Promise::default(),
            log,
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
        let mut configured = self.setup.first_configured();
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
            configured = read(saved, CONFIG).unwrap_or(configured);
            let log = Log::after(cut.base, configured.clone());
            (self.snapshot, self.log) = (cut.snapshot, log);
            (self.commit, self.executed) = (slot, slot);
        }
        self.read_log(saved);
        if !self.log.has(self.snapshot) {
            self.log = Log::after(self.snapshot, configured);
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

    /// Says the same to some members.
    pub fn broadcast(&mut self, cx: &mut Cx<'_>, to: &[Seat], message: &Message) {
        self.flush(cx);
        let packet = pack(message);
        for seat in to {
            if let Some(peer) = self.setup.member(*seat) {
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
            .row("commit", Value::Number(self.commit.0))
            .row("membership", Value::Word(self.membership()));
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
