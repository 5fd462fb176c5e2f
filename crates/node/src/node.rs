//! The node and its one entry point, [`Machine::step`].

use alloc::{boxed::Box, sync::Arc};

use chain::{BlockId, BlockTime, ChainParams, Header, PeerId, Reject, Stream, Time};
use ledger::Ledger;
use protocol::{
    Cx, Event, Glance, Input, Machine, Order, Outbox, Output, Payee, Protocol, Saved, Sheet,
    TimerKey, To, encode_packet,
};
use rpds::RedBlackTreeMapSync as Map;

use crate::books::Books;
use crate::gossip;
use crate::intake::Source;
use crate::memo::Memo;
use crate::message::Message;
use crate::offers;
use crate::pool::Pool;
use crate::shell::{self, Decision, Moment, Shelf, Shell};
use crate::store::{Log, Phase};
use crate::tables::Tables;
use crate::view::{Branch, View};

/// Who a node is and which chain it is on.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its identity on the network.
    pub me: PeerId,
    /// Its key, which is paid for the blocks it finds until [`Order::PayTo`] says otherwise.
    pub payee: Payee,
    /// Seeds its randomness; different in every incarnation.
    pub seed: u64,
    /// Whether its host searches nonces, until [`Input::Search`] says otherwise.
    pub searches: bool,
    /// The chain.
    pub params: Arc<ChainParams>,
}

/// One node. Everything that grows is persistent data, so [`Machine::fork`] costs O(1).
pub struct Node {
    pub(crate) shell: Shell,
    pub(crate) books: Books,
    pub(crate) tables: Arc<Tables>,
    pub(crate) pool: Pool,
    /// Who sent each header whose body is still missing.
    pub(crate) holders: Map<BlockId, PeerId>,
    pub(crate) log: Log,
    pub(crate) phase: Phase,
    /// The tip changed, and neither peers nor the protocol have been told yet.
    pub(crate) moved: bool,
    /// The block that peers are told is the best one, if the protocol wishes so.
    pub(crate) pose: Option<BlockId>,
    pub(crate) dice: Stream,
    /// What the protocol saved, until it has been started.
    pub(crate) shelf: Shelf,
}

/// One step's time and outputs.
pub(crate) struct Turn<'a> {
    pub now: Time,
    /// The same time in the unit that headers carry.
    pub clock: BlockTime,
    pub out: &'a mut Outbox,
}

impl Turn<'_> {
    pub fn tell(&mut self, event: Event) {
        self.out.push(Output::Tell(event));
    }

    pub fn send(&mut self, to: To, message: &Message) {
        self.out.push(Output::Send {
            to,
            packet: encode_packet(message.encode()),
        });
    }

    pub fn arm(&mut self, key: u16, at: Time) {
        self.out.push(Output::Arm {
            key: TimerKey::Node(key),
            at,
        });
    }
}

impl Node {
    /// A node that knows only its chain's genesis; its first input must be [`Input::Boot`]. All
    /// nodes that share `memo` must be on the same chain.
    #[must_use]
    pub fn new(
        config: Config,
        protocol: Box<dyn Protocol>,
        ledger: Arc<dyn Ledger>,
        memo: Memo,
    ) -> Self {
        Self {
            shell: Shell::new(protocol, &config),
            dice: Stream::new(config.seed, 0, "gossip"),
            pool: Pool::new(&config.params),
            books: Books::new(config, ledger, memo),
            shelf: Shelf::default(),
            tables: Arc::default(),
            holders: Map::new_sync(),
            log: Log::default(),
            phase: Phase::Asleep,
            moved: false,
            pose: None,
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    pub(crate) fn tables_mut(&mut self) -> &mut Tables {
        Arc::make_mut(&mut self.tables)
    }

    /// Lets the protocol act and grants its wishes.
    pub(crate) fn consult(
        &mut self,
        turn: &mut Turn<'_>,
        call: impl FnOnce(&mut dyn Protocol, &mut Cx<'_>),
    ) {
        let tip = self.books.index.tree.best();
        let branch = Branch::stored(&self.books.index, tip).expect("the tree knows its best block");
        let peers = self.tables.peers.reachable();
        let moment = Moment {
            now: turn.now,
            clock: turn.clock,
            peers: &peers,
            chain: &View {
                books: &self.books,
                pool: &self.pool,
                branch,
            },
        };
        for wish in self.shell.call(moment, call) {
            match shell::grant(wish, turn.out) {
                Some(Decision::Publish { header, body }) => self.publish(turn, &header, &body),
                Some(Decision::Pose(tip)) => self.pose(turn, tip),
                // Decided blocks on top of a tree are what a finality gadget will need.
                Some(
                    Decision::Decide { .. } | Decision::Snapshot(_) | Decision::Install { .. },
                )
                | None => {}
            }
        }
    }

    /// Our own blocks go through the same checks as everybody else's.
    fn publish(&mut self, turn: &mut Turn<'_>, header: &Header, body: &[u8]) {
        let Header::Bitcoin(bitcoin) = header else {
            // Sealed headers will travel with their seals once a protocol makes any.
            let reason = Reject::HighHash {
                hash: header.id(),
                bits: self.books.config.params.genesis.header.bits,
            };
            return self.tell_rejected(turn, Source::Own, header.id(), &reason);
        };
        self.take_headers(turn, Source::Own, &[*bitcoin]);
        let block = [bitcoin.encode().as_slice(), body].concat().into();
        self.take_block(turn, Source::Own, header.id(), &block);
    }

    /// Tells peers that a block is the best one, or the truth again.
    fn pose(&mut self, turn: &mut Turn<'_>, tip: Option<BlockId>) {
        let tip = tip.filter(|tip| self.books.index.is_ready(tip));
        let before = self.told_tip();
        self.pose = tip;
        if self.told_tip() != before {
            self.send_tip(turn, To::All);
            self.gossip_soon(turn);
        }
    }

    /// Tells peers and the protocol about a new tip; the protocol may answer with yet another
    /// block.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        while core::mem::take(&mut self.moved) {
            if self.pose.is_none() && !self.is_catching_up() {
                self.send_tip(turn, To::All);
                self.gossip_soon(turn);
            }
            self.consult(turn, |protocol, cx| protocol.on_tip(cx));
        }
    }

    fn boot(&mut self, turn: &mut Turn<'_>, saved: &Saved) {
        if matches!(self.phase, Phase::Asleep) {
            let (shelf, loads) = Shelf::of(saved, None);
            self.shelf = shelf;
            turn.out.extend(loads);
            self.load(turn, saved);
        }
    }

    /// Starts the protocol and announces us to peers, once everything is read back.
    pub(crate) fn wake(&mut self, turn: &mut Turn<'_>) {
        let shelf = core::mem::take(&mut self.shelf);
        match shelf.values() {
            Ok(values) => {
                self.phase = Phase::Ready;
                self.consult(turn, |protocol, cx| protocol.on_boot(cx, values));
            }
            Err(what) => return turn.tell(Event::Damaged { what }),
        }
        if self.tables.peers.up() > 0 {
            self.send_tip(turn, To::All);
        }
        self.gossip_soon(turn);
    }

    fn tick(&mut self, turn: &mut Turn<'_>, key: u16) {
        match key {
            gossip::GOSSIP => self.gossip(turn),
            gossip::TICK => self.tick_requests(turn),
            gossip::LATER => self.retry_later(turn),
            offers::OFFER => self.offer_fresh(turn),
            _ => {}
        }
    }
}

impl Machine for Node {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        let clock = now.to_block_time(self.books.config.params.genesis.header.time);
        let turn = &mut Turn { now, clock, out };
        // What holds whether or not it takes part yet.
        match &input {
            Input::Search { on } => self.shell.set_searches(*on),
            Input::Order(Order::PayTo { payee }) => self.books.payee = *payee,
            _ => {}
        }
        match input {
            Input::Boot { saved } => self.boot(turn, &saved),
            Input::Loaded { key, value } => self.loaded(turn, &key, value),
            Input::Peers { up } => self.meet(turn, &up),
            // Until everything is read back, a node has no tip to judge others by. Ignoring them is
            // safe, as gossip repeats itself.
            _ if !self.is_ready() => {}
            Input::Packet { from, packet } => self.hear(turn, from, &packet),
            Input::Timer {
                key: TimerKey::Node(key),
            } => self.tick(turn, key),
            Input::Submit { ask, tx } => self.submit(turn, ask, &tx),
            // A draft that is under way would pay somebody else.
            Input::Order(Order::PayTo { .. }) => {
                self.consult(turn, |protocol, cx| protocol.on_search(cx));
            }
            input => self.consult(turn, |protocol, cx| shell::hand_over(protocol, cx, &input)),
        }
        self.settle(turn);
    }

    fn glance(&self) -> Glance {
        let (tip, height) = self.books.index.tip();
        Glance {
            tip,
            height,
            work: self.books.index.tip_work(),
            supply: self.books.supply(),
            is_ready: self.is_ready(),
            ..self.shell.glance()
        }
    }

    fn inspect(&self) -> Sheet {
        self.sheet()
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(self.twin())
    }
}

impl Node {
    /// An independent copy in O(1), like [`Machine::fork`] but with its concrete type.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self {
            shell: self.shell.fork(),
            books: self.books.clone(),
            tables: self.tables.clone(),
            pool: self.pool.clone(),
            holders: self.holders.clone(),
            log: self.log.clone(),
            phase: self.phase.clone(),
            moved: self.moved,
            pose: self.pose,
            dice: self.dice.clone(),
            shelf: self.shelf.clone(),
        }
    }
}
