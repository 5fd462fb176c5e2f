//! A network for tests: machines, disks, an executor and packets in virtual time, all from one seed.
//! Tests may speak for members that lie: they hold all keys.

use alloc::{
    boxed::Box, collections::BTreeMap, collections::BTreeSet, collections::VecDeque, format,
    string::String, sync::Arc, vec, vec::Vec,
};

use chain::{
    BlockId, BlockTime, CompactTarget, Encode as _, Height, PeerId, PublicKey, Seat, SecretKey,
    Stream, Time, decode_exact, tabchain,
};
use protocol::{
    AskId, ChainView, Claim, Cx, Executed, ForkView, Glance, Input, Output, Protocol, Role, Saved,
    Seen, Terms, TimerKey, Values, Wish, said,
};

use crate::pbft::ENTRY;
use crate::pbft::group::Group;
use crate::pbft::message::{
    Batch, Checkpoint, Decided, Digest, Kind, Message, Request, Slot, View, Vote,
};
use crate::pbft::saved::Shelf;
use crate::raft::tests::executor::Executor;
use crate::raft::tests::host::{feed, output, packed, store};

/// Milliseconds as a span of virtual time.
pub const MS: u64 = 1000;
/// How many of the last messages are remembered.
const SAID: usize = 20_000;

/// A machine, its disk, and what of it a crash takes.
pub struct Node {
    pub peer: PeerId,
    terms: Terms,
    pub disk: Values,
    rng: Stream,
    alive: Option<Alive>,
    /// Crash before this many further wishes have been granted.
    pub fuse: Option<u32>,
}

struct Alive {
    protocol: Box<dyn Protocol>,
    timers: BTreeMap<u16, Time>,
    executor: Executor,
}

impl Alive {
    fn glance(&self) -> Glance {
        Glance {
            executed: self.executor.executed,
            tip: BlockId::from_bytes(self.executor.tip),
            ..self.protocol.glance()
        }
    }
}

/// The executor's tip, as a node's chain.
struct Tip([u8; 32]);

impl ChainView for Tip {
    fn tip(&self) -> (BlockId, Height) {
        (BlockId::from_bytes(self.0), Height::GENESIS)
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        None
    }
}

/// A packet on its way: from, to and what.
type Post = (usize, usize, Arc<[u8]>);

/// Whether a message from one place to another is lost.
type Filter = Box<dyn Fn(usize, usize, &Message) -> bool>;

/// The network.
pub struct Net {
    pub now: Time,
    pub rng: Stream,
    /// Members first, then clients.
    pub nodes: Vec<Node>,
    members: usize,
    posts: BTreeMap<(Time, u64), Post>,
    count: u64,
    /// Pairs of machines, the smaller first, between which nothing passes.
    pub cut: BTreeSet<(usize, usize)>,
    /// What else is lost.
    pub filter: Option<Filter>,
    /// Packets lost, doubled and up to a second late, in a million.
    pub loss: u32,
    pub double: u32,
    pub late: u32,
    /// The shortest and longest delay in microseconds; packets overtake each other.
    pub delay: (u64, u64),
    claims: Vec<Box<dyn Claim>>,
    /// What was submitted and what was answered: client and ask.
    pub asked: BTreeMap<(usize, AskId), Arc<[u8]>>,
    pub answered: BTreeMap<(usize, AskId), Arc<[u8]>>,
    asks: u64,
    /// How often a fuse burnt down.
    pub blown: u32,
    /// The last messages: from, to and what, the newest last.
    pub said: VecDeque<(usize, usize, Message)>,
}

pub fn key(place: usize) -> SecretKey {
    SecretKey::from_bytes(&[place as u8 + 1; 32]).expect("below the order")
}

fn peer(place: usize) -> PeerId {
    key(place).public_key().peer_id()
}

/// The default parameters, with another interval between checkpoints and another size of batches.
pub fn values(interval: u64, batch: u64) -> Arc<[u64]> {
    [1000, interval, batch, 500].into()
}

impl Net {
    /// A network of machines that have not booted yet, with the default parameters.
    pub fn new(members: usize, clients: usize, seed: u64) -> Self {
        let values = ENTRY.params.iter().map(|param| param.default).collect();
        Self::with(values, members, clients, seed)
    }

    /// The same with these parameters.
    pub fn with(values: Arc<[u64]>, members: usize, clients: usize, seed: u64) -> Self {
        let chain = tabchain("pbft", 10, CompactTarget(0x1e00_ffff), 8, 100).expect("in range");
        let terms = |place: usize| Terms {
            chain: Arc::new(chain.clone()),
            values: values.clone(),
            members: (0..members).map(peer).collect(),
            keys: (0..members)
                .map(|place| key(place).public_key())
                .collect::<Arc<[PublicKey]>>(),
            key: key(place),
            role: if place < members {
                Role::Member
            } else {
                Role::Client
            },
            seat: Seat(place as u32),
        };
        let node = |place: usize| Node {
            peer: peer(place),
            terms: terms(place),
            disk: Values::new(),
            rng: Stream::new(seed, place as u32, "protocol"),
            alive: None,
            fuse: None,
        };
        Self {
            now: Time(0),
            rng: Stream::new(seed, u32::MAX, "network"),
            nodes: (0..members + clients).map(node).collect(),
            members,
            posts: BTreeMap::new(),
            count: 0,
            cut: BTreeSet::new(),
            filter: None,
            loss: 0,
            double: 0,
            late: 0,
            delay: (MS, 3 * MS),
            claims: (ENTRY.claims)(&terms(0)),
            asked: BTreeMap::new(),
            answered: BTreeMap::new(),
            asks: 0,
            blown: 0,
            said: VecDeque::new(),
        }
    }

    /// The same with all machines up.
    pub fn up(members: usize, clients: usize, seed: u64) -> Self {
        let mut net = Self::new(members, clients, seed);
        net.boot_all();
        net
    }

    pub fn boot_all(&mut self) {
        (0..self.nodes.len()).for_each(|place| self.boot(place));
    }

    pub fn members(&self) -> core::ops::Range<usize> {
        0..self.members
    }

    /// Starts a machine that is down.
    pub fn boot(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        if node.alive.is_none() {
            node.alive = Some(Alive {
                protocol: (ENTRY.build)(&node.terms),
                timers: BTreeMap::new(),
                executor: Executor::default(),
            });
            let saved = Saved::of(&node.disk);
            self.step(place, Input::Boot { saved });
        }
    }

    /// Stops a machine; what it was asked and has not answered is forgotten.
    pub fn crash(&mut self, place: usize) {
        self.nodes[place].alive = None;
        self.nodes[place].fuse = None;
        let answered = &self.answered;
        self.asked
            .retain(|ask, _| ask.0 != place || answered.contains_key(ask));
    }

    /// Submits a transaction to a client.
    pub fn submit(&mut self, client: usize, tx: impl Into<Vec<u8>>) -> AskId {
        let (ask, tx): (_, Arc<[u8]>) = (AskId(self.asks), tx.into().into());
        self.asks += 1;
        self.asked.insert((client, ask), tx.clone());
        self.step(client, Input::Submit { ask, tx });
        ask
    }

    /// The same with a transaction that is one of a kind.
    pub fn want(&mut self, client: usize, round: u32) {
        self.submit(client, format!("{client}/{round}"));
    }

    /// Lets a machine hear something as if a peer had just sent it.
    pub fn tell(&mut self, from: usize, to: usize, message: &Message) {
        let (from, packet) = (peer(from), packed(&message.to_vec()));
        self.step(to, Input::Packet { from, packet });
    }

    /// Cuts off some machines from all others.
    pub fn isolate(&mut self, some: &[usize]) {
        for a in 0..self.nodes.len() {
            for b in a + 1..self.nodes.len() {
                if some.contains(&a) != some.contains(&b) {
                    self.cut.insert((a, b));
                }
            }
        }
    }

    /// Loses some messages.
    pub fn lose(&mut self, filter: impl Fn(usize, usize, &Message) -> bool + 'static) {
        self.filter = Some(Box::new(filter));
    }

    pub fn run_ms(&mut self, millis: u64) {
        let end = Time(self.now.0 + millis * MS);
        while self.next(end) {}
        self.now = end;
    }

    /// Runs until something holds; fails after half a minute.
    pub fn run_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = Time(self.now.0 + 30_000 * MS);
        while !holds(self) {
            assert!(self.next(end), "{what} never came");
        }
    }

    /// Runs until all is answered.
    pub fn finish(&mut self) {
        self.run_until("the last answer", |net| {
            net.answered.len() == net.asked.len()
        });
    }

    pub fn glance(&self, place: usize) -> Option<Glance> {
        self.nodes[place].alive.as_ref().map(Alive::glance)
    }

    /// The view of a machine that is up.
    pub fn view(&self, place: usize) -> u64 {
        self.glance(place).expect("it is up").epoch
    }

    /// The last slot that a machine that is up has executed.
    pub fn executed(&self, place: usize) -> u64 {
        self.glance(place).expect("it is up").executed
    }

    pub fn inspect(&self, place: usize) -> protocol::Sheet {
        let alive = self.nodes[place].alive.as_ref();
        alive.expect("it is up").protocol.inspect()
    }

    /// A copy of a machine's protocol.
    pub fn fork_of(&self, place: usize) -> Box<dyn Protocol> {
        let alive = self.nodes[place].alive.as_ref();
        alive.expect("it is up").protocol.fork()
    }

    /// Judges nothing from here on, for runs in which too many members lie.
    pub fn unclaimed(&mut self) {
        self.claims.clear();
    }

    /// What a replica has decided in a slot, from its disk.
    pub fn decided(&self, place: usize, slot: u64) -> Option<Decided> {
        let value = self.nodes[place]
            .disk
            .get(&Shelf::Decided.name(Slot(slot)))?;
        decode_exact(value).ok()
    }

    /// The members and what they sign.
    pub fn group(&self) -> Group {
        Group::of(&self.nodes[0].terms)
    }

    /// A request that a client has signed.
    pub fn request(&self, client: usize, number: u64, tx: &[u8]) -> Request {
        let wish = protocol::Request {
            client: peer(client),
            number,
            tx: tx.into(),
        };
        self.group().request(&key(client), wish)
    }

    /// A batch that a member proposes.
    pub fn batch(&self, proposer: usize, requests: Vec<Request>) -> Arc<Batch> {
        Arc::new(Batch {
            time: self.now,
            proposer: Seat(proposer as u32),
            requests,
        })
    }

    /// A member's pre-prepare.
    pub fn pre_prepare(&self, from: usize, view: u64, slot: u64, batch: &Arc<Batch>) -> Message {
        let vote = vote(view, slot, batch.digest());
        Message::PrePrepare {
            view: vote.view,
            slot: vote.slot,
            batch: batch.clone(),
            signature: self
                .group()
                .sign(&key(from), Kind::PrePrepare, &vote.to_vec()),
        }
    }

    /// A member's prepare or commit.
    pub fn vote(&self, from: usize, kind: Kind, vote: Vote) -> Message {
        let signature = self.group().sign(&key(from), kind, &vote.to_vec());
        match kind {
            Kind::Prepare => Message::Prepare(vote, signature),
            _ => Message::Commit(vote, signature),
        }
    }

    /// A member's checkpoint.
    pub fn checkpoint(&self, from: usize, slot: u64, digest: [u8; 32]) -> Message {
        let (slot, digest) = (Slot(slot), Digest(digest));
        let checkpoint = Checkpoint { slot, digest };
        let body = checkpoint.to_vec();
        let signature = self.group().sign(&key(from), Kind::Checkpoint, &body);
        Message::Checkpoint(checkpoint, signature)
    }

    /// Carries out the next event up to a time; false if there is none.
    fn next(&mut self, end: Time) -> bool {
        let timers = self.nodes.iter().enumerate().flat_map(|(place, node)| {
            let timers = node.alive.iter().flat_map(|alive| &alive.timers);
            timers.map(move |(key, at)| (*at, place, *key))
        });
        let timer = timers.min();
        let post = self.posts.keys().next().copied();
        match (timer, post) {
            (Some((at, place, key)), post) if post.is_none_or(|post| at <= post.0) && at <= end => {
                self.now = self.now.max(at);
                let alive = self.nodes[place].alive.as_mut().expect("it has a timer");
                alive.timers.remove(&key);
                let key = TimerKey::Protocol(key);
                self.step(place, Input::Timer { key });
                true
            }
            (_, Some(post)) if post.0 <= end => {
                self.now = self.now.max(post.0);
                let (from, to, bytes) = self.posts.remove(&post).expect("just seen");
                let (from, packet) = (peer(from), packed(&bytes));
                self.step(to, Input::Packet { from, packet });
                true
            }
            _ => false,
        }
    }

    /// Lets a machine take an input, as far as its fuse lasts, and shows the claims what came of it.
    fn step(&mut self, place: usize, input: Input) {
        let mut out = vec![];
        let disk = match input {
            Input::Boot { .. } => self.nodes[place].disk.clone(),
            _ => Values::new(),
        };
        let mut todo = self.call(place, |protocol, cx| feed(protocol, cx, &input, &disk));
        loop {
            while let Some(wish) = todo.pop_front() {
                if self.burn(place) {
                    self.blown += 1;
                    self.crash(place);
                    return self.judge(place, &input, &out, None);
                }
                self.grant(place, wish, &mut out);
            }
            let alive = self.nodes[place].alive.as_mut();
            let Some((slot, _, receipts)) = alive.and_then(|alive| alive.executor.execute()) else {
                break;
            };
            let done = Executed {
                slot,
                block: None,
                receipts: &receipts,
            };
            todo = self.call(place, |protocol, cx| protocol.on_executed(cx, &done));
        }
        let glance = self.glance(place);
        self.judge(place, &input, &out, glance);
    }

    fn call(
        &mut self,
        place: usize,
        call: impl FnOnce(&mut dyn Protocol, &mut Cx<'_>),
    ) -> VecDeque<Wish> {
        let node = &mut self.nodes[place];
        let mut wishes = vec![];
        if let Some(alive) = &mut node.alive {
            let mut cx = Cx {
                now: self.now,
                clock: BlockTime(0),
                me: node.peer,
                peers: &[],
                rng: &mut node.rng,
                chain: &Tip(alive.executor.tip),
                wishes: &mut wishes,
            };
            call(&mut *alive.protocol, &mut cx);
        }
        wishes.into()
    }

    /// Whether the fuse has burnt down.
    fn burn(&mut self, place: usize) -> bool {
        match &mut self.nodes[place].fuse {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn grant(&mut self, place: usize, wish: Wish, out: &mut Vec<Output>) {
        let node = &mut self.nodes[place];
        let alive = node.alive.as_mut().expect("it just spoke");
        match &wish {
            Wish::Arm { key, at } => drop(alive.timers.insert(*key, *at)),
            Wish::Disarm { key } => drop(alive.timers.remove(key)),
            Wish::Save(changes) => changes.iter().for_each(|keep| store(&mut node.disk, keep)),
            Wish::Decide { slot, proposal } => {
                alive.executor.decide(*slot, proposal.clone());
                let saved = self
                    .decided(place, *slot)
                    .expect("decided before it is durable");
                assert_eq!(saved.batch.proposal(), **proposal);
                return;
            }
            Wish::Send { to, packet } => {
                let bytes = said(packet).expect("the protocol's").into();
                self.post(place, *to, bytes);
            }
            Wish::Answer { ask, receipt } => {
                let receipt = receipt.clone().expect("nothing is refused");
                let known = self.answered.insert((place, *ask), receipt);
                assert_eq!(known, None, "{ask:?} was answered twice");
            }
            Wish::Tell(_) => {}
            other => panic!("PBFT never wants {other:?}"),
        }
        out.push(output(wish));
    }

    fn post(&mut self, from: usize, to: PeerId, bytes: Arc<[u8]>) {
        let Some(to) = self.nodes.iter().position(|node| node.peer == to) else {
            return; // a stranger had spoken
        };
        let message: Message = decode_exact(&bytes).expect("as encoded");
        let is_lost = self
            .filter
            .as_ref()
            .is_some_and(|lost| lost(from, to, &message));
        self.said.push_back((from, to, message));
        if self.said.len() > SAID {
            self.said.pop_front();
        }
        let is_cut = self.cut.contains(&(from.min(to), from.max(to)));
        if is_lost || is_cut || self.rng.chance(self.loss) {
            return;
        }
        let copies = 1 + u64::from(self.rng.chance(self.double));
        for _ in 0..copies {
            let (least, most) = self.delay;
            let most = if self.rng.chance(self.late) {
                1000 * MS
            } else {
                most
            };
            let at = Time(self.now.0 + least + self.rng.below(most - least + 1));
            self.count += 1;
            self.posts
                .insert((at, self.count), (from, to, bytes.clone()));
        }
    }

    fn judge(&mut self, place: usize, input: &Input, out: &[Output], glance: Option<Glance>) {
        let seen = Seen {
            at: self.now,
            seat: place as u32,
            peer: self.nodes[place].peer,
            input,
            out,
            glance,
        };
        let look = |claim: &mut Box<dyn Claim>| {
            let fall = claim.after(&seen).err()?;
            Some(format!("{}: {fall}", claim.name()))
        };
        let broken: Vec<String> = self.claims.iter_mut().filter_map(look).collect();
        assert!(broken.is_empty(), "at {} µs: {broken:?}", self.now.0);
    }
}

/// What a phase is about.
pub fn vote(view: u64, slot: u64, digest: Digest) -> Vote {
    let (view, slot) = (View(view), Slot(slot));
    Vote { view, slot, digest }
}
