//! A replica's state: what it must not forget, and what it is at present.

use alloc::{sync::Arc, vec::Vec};

use chain::{Encode, Micros, PeerId, Seat, Signature, Time};
use protocol::{Cx, Keep, Sheet, Snapshot, Value, pack};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use super::group::Group;
use super::message::{
    Batch, Checkpoint, Decided, Digest, Kind, Message, NewView, Prepared, Signatures, Slot, Stable,
    View, ViewChange, Vote,
};
use super::pool::Pool;
use super::saved::Accepted;
use super::seals::{Clients, Ring, Seal};
use super::snapshots::{Arrival, Shipment};
use super::twists::Evil;

/// What never changes while a replica lives.
pub(super) struct Setup {
    pub me: Seat,
    pub ring: Ring,
    /// How long a request may wait before the primary is given up.
    pub timeout: Micros,
    /// The paper's K: a checkpoint after so many slots.
    pub interval: u64,
    /// The most requests in a batch.
    pub batch: u64,
    /// The digest of the null request.
    pub null: Digest,
    /// Which rule it breaks on purpose.
    pub evil: Option<Evil>,
}

impl Setup {
    pub fn group(&self) -> &Group {
        self.ring.group()
    }

    /// The paper's L: how many slots the log may reach beyond the stable checkpoint.
    pub fn window(&self) -> u64 {
        2 * self.interval
    }

    /// The seat of another member; `None` for all who do not count.
    pub fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        self.group().seat_of(peer).filter(|seat| *seat != self.me)
    }

    /// All seats but this one.
    pub fn others(&self) -> impl Iterator<Item = Seat> + use<> {
        let me = self.me;
        self.group().seats().filter(move |seat| *seat != me)
    }

    /// Signs what third parties are shown.
    pub fn sign(&self, kind: Kind, body: &impl Encode) -> Signature {
        self.ring.sign(kind, &body.to_vec())
    }

    /// Vouches for what they are shown with signatures alone.
    pub fn seal(&self, kind: Kind, vote: Vote) -> Seal {
        self.ring.seal(kind, &vote.to_vec())
    }

    pub fn has_sealed(&self, seat: Seat, kind: Kind, vote: Vote, seal: &Seal) -> bool {
        let body = vote.to_vec();
        self.ring.has_sealed(self.me, seat, kind, &body, seal)
    }
}

/// How many batches that gave way to others in a slot are remembered, with MACs.
pub(super) const REMEMBERED: usize = 4;

/// Who voted for what, and what vouches for it. Never a mere count: votes come twice.
pub(super) type Votes<S> = Map<Seat, (Digest, S)>;

/// A slot after the stable checkpoint.
#[derive(Clone, Default)]
pub(super) struct Place {
    /// The pre-prepare that was accepted last. One of an earlier view binds no longer.
    pub accepted: Option<Accepted>,
    /// The prepared certificate of the latest view in which there was one.
    pub prepared: Option<Prepared>,
    /// With MACs, the batches that were pre-prepared before in this slot, and the latest view for each: a
    /// view change needs those who know that a claim may be true.
    pub earlier: Map<Digest, View>,
    /// With MACs, a pre-prepare with requests that are not known to be their clients' own.
    pub offered: Option<(Accepted, Arc<Batch>)>,
    /// The batches of the first three; that of what was accepted may be missing after a new view.
    pub batches: Map<Digest, Arc<Batch>>,
    /// Prepares and commits in the present view, this replica's own included.
    pub prepares: Votes<Seal>,
    pub commits: Votes<Seal>,
}

impl Place {
    /// What was accepted in a view.
    pub fn accepted_in(&self, view: View) -> Option<Vote> {
        let vote = self.accepted.map(|accepted| accepted.vote);
        vote.filter(|vote| vote.view == view)
    }

    /// What is prepared in a view.
    pub fn prepared_in(&self, view: View) -> Option<Vote> {
        let vote = self.prepared.as_ref().map(|prepared| prepared.vote);
        vote.filter(|vote| vote.view == view)
    }
}

/// The votes among `votes` that are for a batch.
pub(super) fn votes_for<S>(votes: &Votes<S>, digest: Digest) -> impl Iterator<Item = (Seat, &S)> {
    let same = votes.iter().filter(move |(_, (other, _))| *other == digest);
    same.map(|(seat, (_, seal))| (*seat, seal))
}

/// The votes for a batch that others can be shown: none with MACs.
pub(super) fn signatures(votes: &Votes<Seal>, digest: Digest) -> Signatures {
    let votes = votes_for(votes, digest);
    votes
        .filter_map(|(seat, seal)| Some((seat, seal.signature()?)))
        .collect()
}

/// What a replica does in its view.
#[derive(Clone)]
pub(super) enum Phase {
    /// It takes part. View 0 begins by itself, all others with a new view.
    Active(Option<Arc<NewView>>),
    /// It has left for this view, and waits for it to begin.
    Changing(Arc<ViewChange>),
}

/// Patience with the primary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nothing is waited for.
    Idle,
    /// This request has to be executed before the timer is due.
    Request(PeerId, u64),
    /// The view has to begin before that.
    View,
}

/// A replica.
#[derive(Clone)]
pub(super) struct Replica {
    pub setup: Arc<Setup>,
    pub view: View,
    pub phase: Phase,
    pub stable: Stable,
    /// Slots after the stable checkpoint, as far as the window reaches.
    pub log: Map<Slot, Place>,
    pub executed: Slot,
    /// All that is decided, but for what a stable snapshot stands for.
    pub decided: Map<Slot, Arc<Decided>>,
    /// What was decided up to here was executed in an earlier life, and its clients had their replies.
    pub replayed: Slot,
    /// What the node's snapshot stands for; slot 0 if there is none.
    pub cut: Checkpoint,
    /// The state at the stable checkpoint, if this replica has it: others may need it.
    pub state: Option<Snapshot>,
    /// A state that comes in.
    pub arrival: Option<Arrival>,
    /// The states that members are sent.
    pub shipments: Map<Seat, Shipment>,
    /// Checkpoints of members that are not stable, by slot.
    pub checkpoints: Map<Slot, Votes<Signature>>,
    /// The latest view change of each member.
    pub changes: Map<Seat, Arc<ViewChange>>,
    pub pool: Pool,
    /// What is shared with clients, with MACs.
    pub clients: Clients,
    /// With MACs, what members say they have decided in slots that this one has not: f + 1 are believed.
    pub told: Map<Slot, Map<Seat, Digest>>,
    /// The last slot that has been given away in this view, as far as known.
    pub last: Slot,
    /// Views since the last one in which something was decided: each gets twice the time.
    pub attempts: u32,
    pub patience: Patience,
    /// Who is asked for decided slots next.
    pub helper: Seat,
    /// When each member was last told what it lacks.
    pub helped: Map<Seat, Time>,
    /// With whom a liar has agreed in what.
    pub agreed: Set<(Seat, Vote)>,
    /// What has changed and is not durable yet; empty between two steps.
    pub unsaved: Vec<Keep>,
}

impl Replica {
    pub fn new(setup: Setup) -> Self {
        Self {
            helper: setup.me,
            setup: Arc::new(setup),
            view: View(0),
            phase: Phase::Active(None),
            stable: Stable::GENESIS,
            log: Map::new_sync(),
            executed: Slot(0),
            decided: Map::new_sync(),
            replayed: Slot(0),
            cut: Stable::GENESIS.checkpoint,
            state: None,
            arrival: None,
            shipments: Map::new_sync(),
            checkpoints: Map::new_sync(),
            changes: Map::new_sync(),
            pool: Pool::default(),
            clients: Clients::default(),
            told: Map::new_sync(),
            last: Slot(0),
            attempts: 0,
            patience: Patience::Idle,
            helped: Map::new_sync(),
            agreed: Set::new_sync(),
            unsaved: Vec::new(),
        }
    }

    /// The paper's h: all slots up to here are settled.
    pub fn low(&self) -> Slot {
        self.stable.checkpoint.slot
    }

    /// Whether a slot is within the water marks (paper section 4.2). A replica that lacks what is
    /// stable takes part only so far ahead of it.
    pub fn is_in_window(&self, slot: Slot) -> bool {
        let window = self.setup.window();
        self.low() < slot
            && slot <= self.low().plus(window)
            && slot <= self.executed.plus(2 * window)
    }

    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active(_))
    }

    /// Whether this replica is the primary of a view that has begun.
    pub fn leads(&self) -> bool {
        self.is_active() && self.setup.group().primary(self.view) == self.setup.me
    }

    /// A slot's place in the log.
    pub fn place(&mut self, slot: Slot) -> &mut Place {
        if !self.log.contains_key(&slot) {
            self.log.insert_mut(slot, Place::default());
        }
        self.log.get_mut(&slot).expect("it was just put there")
    }

    /// Makes a value durable with the next flush.
    pub fn keep(&mut self, name: Vec<u8>, value: &impl Encode) {
        self.unsaved.push(Keep::Put(name, value.to_vec().into()));
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
        if let Some(peer) = self.setup.group().member(to) {
            cx.send(peer, &pack(message));
        }
    }

    /// Says the same to all other members.
    pub fn broadcast(&mut self, cx: &mut Cx<'_>, message: &Message) {
        self.flush(cx);
        let packet = pack(message);
        for seat in self.setup.others() {
            if let Some(peer) = self.setup.group().member(seat) {
                cx.send(peer, &packet);
            }
        }
    }

    /// The last slot that has been accepted or decided.
    pub fn accepted(&self) -> Slot {
        let mut places = self.log.iter().rev();
        let logged = places.find(|(_, place)| place.accepted.is_some());
        let logged = logged.map(|(slot, _)| *slot);
        let decided = self.decided.last().map(|(slot, _)| *slot);
        logged.max(decided).unwrap_or(Slot(0))
    }

    /// The role's place in the card's list, and its name there.
    pub fn role(&self) -> (u8, &'static str) {
        let place = match self.phase {
            Phase::Changing(_) => super::CHANGING,
            Phase::Active(_) if self.leads() => super::PRIMARY,
            Phase::Active(_) => super::BACKUP,
        };
        (place, super::ROLES[usize::from(place)])
    }

    /// The state, for people.
    pub fn inspect(&self) -> Sheet {
        let primary = self
            .setup
            .group()
            .member(self.setup.group().primary(self.view));
        let in_view = |what: fn(&Place, View) -> bool| {
            let count = self.log.values().filter(|place| what(place, self.view));
            Value::Number(count.count() as u64)
        };
        Sheet::new("pbft")
            .row("role", Value::Word(self.role().1))
            .row("seals", Value::Word(self.setup.group().profile()))
            .row("view", Value::Number(self.view.0))
            .row("primary", primary.map_or(Value::Word("none"), Value::Peer))
            .row("low", Value::Number(self.low().0))
            .row(
                "high",
                Value::Number(self.low().plus(self.setup.window()).0),
            )
            .row("executed", Value::Number(self.executed.0))
            .row("snapshot", Value::Number(self.cut.slot.0))
            .row("decided", Value::Number(self.decided.size() as u64))
            .row(
                "pre-prepared",
                in_view(|place, view| place.accepted_in(view).is_some()),
            )
            .row(
                "prepared",
                in_view(|place, view| place.prepared_in(view).is_some()),
            )
            .row("view-changes", Value::Number(self.changes.size() as u64))
            .row("waiting", Value::Number(self.pool.size()))
    }
}
