//! A node of the slot shape: its protocol decides what stands in which slot, and the node executes
//! the slots in their order.

use alloc::{boxed::Box, sync::Arc};

use chain::{BlockId, BlockTime, Height, PeerId, SealedHeader, Time};
use ledger::Ledger;
use protocol::{
    ChainView, Cx, Event, Executed, ForkView, Glance, Input, Machine, Outbox, Output, Proposal,
    Protocol, Sheet, Value, Wish, said,
};

use crate::node::Config;
use crate::shell::{self, Decision, Moment, Shelf, Shell};
use crate::slots::Slots;

/// One node of the slot shape. Everything that grows is persistent data, so [`Machine::fork`] costs
/// O(1).
pub struct Replica {
    shell: Shell,
    ledger: Arc<dyn Ledger>,
    /// The chain's epoch, as headers of proof of work carry it.
    epoch: BlockTime,
    phase: Phase,
    peers: Arc<[PeerId]>,
    slots: Slots,
}

/// The stage of a node's life.
#[derive(Clone)]
enum Phase {
    /// Before `Boot`.
    Asleep,
    /// Reading what the protocol saved.
    Loading(Shelf),
    /// Taking part.
    Ready,
}

impl Replica {
    /// A node that knows only its chain's genesis; its first input must be [`Input::Boot`].
    #[must_use]
    pub fn new(config: &Config, protocol: Box<dyn Protocol>, ledger: Arc<dyn Ledger>) -> Self {
        Self {
            shell: Shell::new(protocol, config.me, config.seed),
            slots: Slots::new(&config.params, ledger.genesis()),
            ledger,
            epoch: config.params.genesis.header.time,
            phase: Phase::Asleep,
            peers: Arc::new([]),
        }
    }

    /// The block at a height: its header, and what was decided.
    #[must_use]
    pub fn block(&self, height: Height) -> Option<&(SealedHeader, Arc<Proposal>)> {
        self.slots.block(height)
    }

    fn wake(&mut self, now: Time, shelf: &Shelf, out: &mut Outbox) {
        match shelf.values() {
            Ok(values) => {
                self.phase = Phase::Ready;
                self.consult(now, out, |protocol, cx| protocol.on_boot(cx, values));
            }
            Err(what) => {
                self.phase = Phase::Asleep;
                out.push(Output::Tell(Event::Damaged { what }));
            }
        }
    }

    /// Lets the protocol act, and then know what came of its decisions, until nothing more follows.
    fn consult(
        &mut self,
        now: Time,
        out: &mut Outbox,
        call: impl FnOnce(&mut dyn Protocol, &mut Cx<'_>),
    ) {
        self.call(now, out, call);
        while let Some(done) = self.slots.execute_next(&*self.ledger) {
            let (slot, block, receipts) = (done.slot, done.block, done.receipts);
            out.push(Output::Executed {
                slot,
                proposal: done.proposal,
                block,
                receipts: receipts.clone(),
            });
            let done = Executed {
                slot,
                block,
                receipts: &receipts,
            };
            self.call(now, out, |protocol, cx| protocol.on_executed(cx, &done));
        }
    }

    fn call(
        &mut self,
        now: Time,
        out: &mut Outbox,
        call: impl FnOnce(&mut dyn Protocol, &mut Cx<'_>),
    ) {
        let moment = Moment {
            now,
            clock: now.to_block_time(self.epoch),
            peers: &self.peers,
            chain: &Tip(self.slots.tip()),
        };
        for wish in self.shell.call(moment, call) {
            self.grant(wish, out);
        }
    }

    fn grant(&mut self, wish: Wish, out: &mut Outbox) {
        match shell::grant(wish, out) {
            Some(Decision::Decide { slot, proposal }) => self.slots.decide(slot, proposal),
            // A slot protocol has no blocks of its own to publish.
            Some(Decision::Publish { .. }) | None => {}
        }
    }
}

impl Machine for Replica {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        match (&mut self.phase, input) {
            (Phase::Asleep, Input::Boot { saved }) => {
                let (shelf, loads) = Shelf::of(&saved);
                out.extend(loads);
                if shelf.is_complete() {
                    return self.wake(now, &shelf, out);
                }
                self.phase = Phase::Loading(shelf);
            }
            (Phase::Loading(shelf), Input::Loaded { key, value }) => {
                shelf.answer(&key, value);
                if shelf.is_complete() {
                    let shelf = core::mem::take(shelf);
                    self.wake(now, &shelf, out);
                }
            }
            (_, Input::Peers { up }) => self.peers = up.into(),
            (Phase::Ready, input) => self.take(now, input, out),
            // What comes before everything is read is lost: protocols say again what matters.
            _ => {}
        }
    }

    fn glance(&self) -> Glance {
        let (tip, height) = self.slots.tip();
        Glance {
            executed: self.slots.executed(),
            tip,
            height,
            supply: self.ledger.supply(self.slots.state()),
            is_ready: matches!(self.phase, Phase::Ready),
            ..self.shell.glance()
        }
    }

    fn inspect(&self) -> Sheet {
        let ((tip, height), (waiting, clients)) = (self.slots.tip(), self.slots.counts());
        let number = |count: usize| Value::Number(count as u64);
        Sheet::new("node")
            .row("tip", Value::Block(tip))
            .row("height", Value::Number(height.0.into()))
            .row("slot", Value::Number(self.slots.executed()))
            .row("waiting-slots", number(waiting))
            .row("clients", number(clients))
            .row("peers", number(self.peers.len()))
            .row("protocol", Value::Part(self.shell.inspect()))
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(Self {
            shell: self.shell.fork(),
            ledger: self.ledger.clone(),
            epoch: self.epoch,
            phase: self.phase.clone(),
            peers: self.peers.clone(),
            slots: self.slots.clone(),
        })
    }
}

impl Replica {
    /// An input for the protocol of a node that takes part.
    fn take(&mut self, now: Time, input: Input, out: &mut Outbox) {
        match input {
            Input::Packet { from, packet } => {
                if let Some(bytes) = said(&packet) {
                    self.consult(now, out, |protocol, cx| {
                        protocol.on_message(cx, from, bytes)
                    });
                }
            }
            input => self.consult(now, out, |protocol, cx| {
                shell::hand_over(protocol, cx, &input)
            }),
        }
    }
}

/// What a slot protocol may read of its node's chain.
struct Tip((BlockId, Height));

impl ChainView for Tip {
    fn tip(&self) -> (BlockId, Height) {
        self.0
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        None
    }
}
