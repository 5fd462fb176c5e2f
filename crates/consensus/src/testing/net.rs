//! A network for tests: machines, disks, an executor and packets in virtual time, all from one seed.
//! Tests may speak for members that lie: they hold all keys.

use alloc::{
    boxed::Box, collections::BTreeMap, collections::BTreeSet, collections::VecDeque, format,
    string::String, sync::Arc, vec, vec::Vec,
};

use chain::{
    BlockId, BlockTime, CompactTarget, Encode as _, PeerId, PublicKey, Seat, SecretKey, Stream,
    Time, decode_exact, tabchain,
};
use protocol::{
    AskId, Claim, Cx, Executed, Glance, Input, Keep, Order, Output, Protocol, Role, Saved, Seen,
    Sheet, Snapshot, Terms, TimerKey, Values, Wish, said,
};

use super::Tested;
use super::executor::Executor;
use super::host::{View, feed, output, packed, store};

/// Milliseconds as a span of virtual time.
const MS: u64 = 1000;
/// How many of the last messages are remembered.
const SAID: usize = 20_000;

/// A machine, its disk, and what of it a crash takes.
pub struct Node {
    pub peer: PeerId,
    pub terms: Terms,
    pub disk: Values,
    /// Part of the disk, too.
    pub snapshot: Option<Snapshot>,
    rng: Stream,
    alive: Option<Alive>,
    /// Crash before this many further wishes have been granted.
    pub fuse: Option<u32>,
}

struct Alive {
    protocol: Box<dyn Protocol>,
    timers: BTreeMap<u16, Time>,
    executor: Executor,
    /// Whether there is a snapshot of which the protocol has not heard.
    is_news: bool,
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

/// A packet on its way: from, to and what.
type Post = (usize, usize, Arc<[u8]>);

/// Whether a message from one place to another is lost.
type Filter<M> = Box<dyn Fn(usize, usize, &M) -> bool>;

/// The network.
pub struct Net<P: Tested> {
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
    pub filter: Option<Filter<P::Message>>,
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
    /// How often a fuse burnt down, and how often part of a log was dropped.
    pub blown: u32,
    pub dropped: u32,
    /// How many snapshots were installed.
    pub installed: u32,
    /// The last messages: from, to and what, the newest last.
    pub said: VecDeque<(usize, usize, P::Message)>,
}

/// The secret key of the machine at a place.
pub fn key(place: usize) -> SecretKey {
    SecretKey::from_bytes(&[place as u8 + 1; 32]).expect("below the order")
}

fn peer(place: usize) -> PeerId {
    key(place).public_key().peer_id()
}

impl<P: Tested> Net<P> {
    /// A network of machines that have not booted yet, with the default parameters.
    pub fn new(members: usize, clients: usize, seed: u64) -> Self {
        let values = P::ENTRY.params.iter().map(|param| param.default).collect();
        Self::with(values, members, clients, seed)
    }

    /// The same with these parameters; those that come after them have their defaults.
    pub fn with(values: Arc<[u64]>, members: usize, clients: usize, seed: u64) -> Self {
        let rest = P::ENTRY.params.iter().skip(values.len());
        let rest = rest.map(|param| param.default);
        let values: Arc<[u64]> = values.iter().copied().chain(rest).collect();
        let name = P::ENTRY.card.id;
        let chain = tabchain(name, 10, CompactTarget(0x1e00_ffff), 8, 100).expect("in range");
        let chain = Arc::new(chain);
        let keys: Arc<[PublicKey]> = (0..members).map(|place| key(place).public_key()).collect();
        let peers: Arc<[PeerId]> = keys.iter().map(PublicKey::peer_id).collect();
        let terms = |place: usize| Terms {
            chain: chain.clone(),
            values: values.clone(),
            members: peers.clone(),
            keys: keys.clone(),
            key: key(place),
            role: if place < members {
                Role::Member
            } else {
                Role::Client
            },
            seat: Seat(place as u32),
        };
        let node = |place: usize| Node {
            peer: peers.get(place).copied().unwrap_or_else(|| peer(place)),
            terms: terms(place),
            disk: Values::new(),
            snapshot: None,
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
            claims: (P::ENTRY.claims)(&terms(0)),
            asked: BTreeMap::new(),
            answered: BTreeMap::new(),
            asks: 0,
            blown: 0,
            dropped: 0,
            installed: 0,
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
            let mut executor = Executor::default();
            if let Some(snapshot) = &node.snapshot {
                assert!(executor.restore(snapshot), "it was whole when it was taken");
            }
            node.alive = Some(Alive {
                protocol: (P::ENTRY.build)(&node.terms),
                timers: BTreeMap::new(),
                executor,
                is_news: false,
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

    /// Tells all members what an operator orders.
    pub fn order(&mut self, order: &Order) {
        for place in self.members() {
            self.step(place, Input::Order(order.clone()));
        }
    }

    /// Lets a machine hear something as if a peer had just sent it.
    pub fn tell(&mut self, from: usize, to: usize, message: &P::Message) {
        self.deliver(from, to, &message.to_vec());
    }

    fn deliver(&mut self, from: usize, to: usize, bytes: &[u8]) {
        let known = self.nodes.get(from).map(|node| node.peer);
        let (from, packet) = (known.unwrap_or_else(|| peer(from)), packed(bytes));
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
    pub fn lose(&mut self, filter: impl Fn(usize, usize, &P::Message) -> bool + 'static) {
        self.filter = Some(Box::new(filter));
    }

    /// Ends all trouble: packets arrive in time, and all machines are up and stay so.
    pub fn calm(&mut self) {
        (self.loss, self.double, self.late) = (0, 0, 0);
        self.delay = (MS, 3 * MS);
        self.cut.clear();
        for place in self.members() {
            self.nodes[place].fuse = None;
        }
        self.boot_all();
    }

    pub fn run_ms(&mut self, millis: u64) {
        let end = Time(self.now.0 + millis * MS);
        while self.next(end) {}
        self.now = end;
    }

    /// Runs until something holds; fails after ten seconds.
    pub fn run_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = Time(self.now.0 + 10_000 * MS);
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

    /// All is answered with its own receipt, and all replicas executed the same.
    pub fn assert_settled(&self) {
        assert_eq!(
            self.answered, self.asked,
            "each receipt repeats its transaction"
        );
        let state = |place| {
            self.glance(place)
                .map(|glance| (glance.executed, glance.tip))
        };
        let states: Vec<_> = self.members().map(state).collect();
        assert!(states.windows(2).all(|two| two[0] == two[1]), "{states:?}");
    }

    pub fn glance(&self, place: usize) -> Option<Glance> {
        self.nodes[place].alive.as_ref().map(Alive::glance)
    }

    pub fn inspect(&self, place: usize) -> Sheet {
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

    /// Writes a value to a disk, as if it had been saved earlier.
    pub fn plant(&mut self, place: usize, name: &[u8], value: Vec<u8>) {
        let node = &mut self.nodes[place];
        node.disk.insert(name.to_vec(), value.clone().into());
        // Claims have to know, or they would judge by another disk.
        let keep = Keep::Put(name.to_vec(), value.into());
        self.judge(
            place,
            &Input::Peers { up: vec![] },
            &[output(Wish::Save(vec![keep]))],
            None,
        );
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
                self.deliver(from, to, &bytes);
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
            let node = &mut self.nodes[place];
            let Some(alive) = &mut node.alive else {
                break;
            };
            if core::mem::take(&mut alive.is_news) {
                let snapshot = node.snapshot.clone().expect("just saved");
                todo = self.call(place, |protocol, cx| protocol.on_snapshot(cx, &snapshot));
                continue;
            }
            let Some((slot, proposal, receipts)) = alive.executor.execute() else {
                break;
            };
            let (block, receipts) = (None, &receipts[..]);
            out.push(Output::Executed {
                slot,
                proposal,
                block,
                receipts: receipts.into(),
            });
            let done = Executed {
                slot,
                block,
                receipts,
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
                searches: false,
                rng: &mut node.rng,
                chain: &View {
                    executor: &alive.executor,
                    snapshot: node.snapshot.as_ref(),
                },
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
            Wish::Save(changes) => {
                for keep in changes {
                    self.dropped += u32::from(matches!(keep, Keep::DeleteRange(..)));
                    store(&mut node.disk, keep);
                }
            }
            Wish::Decide { slot, proposal } => {
                assert_eq!(
                    P::decided(&node.disk, *slot).as_ref(),
                    Some(&**proposal),
                    "decided before it is durable"
                );
                return alive.executor.decide(*slot, proposal.clone());
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
            Wish::Snapshot(changes) => {
                let snapshot = alive.executor.snapshot();
                return self.settle(place, snapshot, changes.clone(), out);
            }
            Wish::Install { snapshot, keep } => {
                if alive.executor.restore(snapshot) {
                    self.installed += 1;
                    return self.settle(place, snapshot.clone(), keep.clone(), out);
                }
                return;
            }
            Wish::Tell(_) => {}
            other => panic!("{} never wants {other:?}", P::ENTRY.card.name),
        }
        out.push(output(wish));
    }

    /// A snapshot and what is kept with it become durable together.
    fn settle(
        &mut self,
        place: usize,
        snapshot: Snapshot,
        changes: Vec<Keep>,
        out: &mut Vec<Output>,
    ) {
        let node = &mut self.nodes[place];
        changes.iter().for_each(|keep| store(&mut node.disk, keep));
        let (slot, alive) = (snapshot.slot, node.alive.as_mut().expect("it just spoke"));
        (node.snapshot, alive.is_news) = (Some(snapshot), true);
        out.push(output(Wish::Save(changes)));
        let tip = BlockId::from_bytes(alive.executor.tip);
        out.push(Output::Restored { slot, tip });
    }

    fn post(&mut self, from: usize, to: PeerId, bytes: Arc<[u8]>) {
        let Some(to) = self.nodes.iter().position(|node| node.peer == to) else {
            return; // a stranger had spoken
        };
        let message: P::Message = decode_exact(&bytes).expect("as encoded");
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
