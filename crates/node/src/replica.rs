//! A node of the slot shape: its protocol decides what stands in which slot, and the node executes
//! the slots in their order.
//!
//! When its protocol wishes so, a snapshot of all that replicas share takes the place of the slots up
//! to there, so that protocols need not keep what led to it. It is stored as one value, in one batch
//! with what the protocol changes of its own: after a crash, both are old or both are new.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::{fmt::Display, iter};

use chain::{BlockId, ChainParams, Height, PeerId, SealedHeader, Time};
use ledger::Ledger;
use protocol::{
    Batch, ChainView, Cx, Event, Executed, ForkView, Glance, Input, Keep, Key, Machine, Outbox,
    Output, Proposal, Protocol, Sheet, Snapshot, Value, Wish, Write, said,
};

use crate::node::Config;
use crate::shell::{self, Decision, Moment, Shelf, Shell};
use crate::slots::Slots;

/// Where the snapshot is kept: eight bytes of its slot, little-endian, and its own.
const SNAPSHOT: &[u8] = b"snapshot";

/// One node of the slot shape. Everything that grows is persistent data, so [`Machine::fork`] costs
/// O(1).
pub struct Replica {
    shell: Shell,
    ledger: Arc<dyn Ledger>,
    phase: Phase,
    peers: Arc<[PeerId]>,
    params: Arc<ChainParams>,
    slots: Slots,
    /// The latest durable snapshot.
    snapshot: Option<Snapshot>,
    /// Whether the protocol has not heard of it yet.
    is_news: bool,
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
            shell: Shell::new(protocol, config),
            slots: Slots::new(&config.params, ledger.genesis()),
            ledger,
            phase: Phase::Asleep,
            peers: Arc::new([]),
            params: config.params.clone(),
            snapshot: None,
            is_news: false,
        }
    }

    /// The block at a height: its header, and what was decided. What stands below a snapshot is there
    /// only if this incarnation executed it itself.
    #[must_use]
    pub fn block(&self, height: Height) -> Option<&(SealedHeader, Arc<Proposal>)> {
        self.slots.block(height)
    }

    fn wake(&mut self, now: Time, shelf: &Shelf, out: &mut Outbox) {
        let read = shelf.values().and_then(|values| {
            self.read_back(shelf.own(), out)?;
            Ok(values)
        });
        match read {
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

    /// Goes on from the snapshot of an earlier incarnation, if there is one. Without it, a protocol that
    /// dropped what led to it could not go on.
    fn read_back(&mut self, stored: Option<&Arc<[u8]>>, out: &mut Outbox) -> Result<(), String> {
        let Some(stored) = stored else {
            return Ok(());
        };
        let unsound = |why: &dyn Display| format!("the snapshot cannot be used: {why}");
        let snapshot = read(stored).ok_or_else(|| unsound(&"it has no slot"))?;
        let slots = Slots::restore(&self.params, &*self.ledger, &snapshot);
        self.slots.jump(slots.map_err(|why| unsound(&why))?);
        self.go_on_from(snapshot, out);
        Ok(())
    }

    /// Stands where a snapshot stands.
    fn go_on_from(&mut self, snapshot: Snapshot, out: &mut Outbox) {
        let (slot, (tip, _)) = (snapshot.slot, self.slots.tip());
        out.push(Output::Restored { slot, tip });
        self.snapshot = Some(snapshot);
    }

    /// Makes a snapshot and the protocol's changes durable together.
    fn keep(&mut self, snapshot: &Snapshot, changes: Vec<Keep>, out: &mut Outbox) {
        let put = Write::Put {
            key: Key::own(SNAPSHOT),
            value: [&snapshot.slot.to_le_bytes(), &snapshot.bytes[..]]
                .concat()
                .into(),
        };
        let changes = changes.into_iter().map(Write::from);
        out.push(Output::Save(Batch(
            iter::once(put).chain(changes).collect(),
        )));
        self.is_news = true;
    }

    fn take_snapshot(&mut self, changes: Vec<Keep>, out: &mut Outbox) {
        let (snapshot, slot) = (self.slots.snapshot(&*self.ledger), self.slots.executed());
        self.keep(&snapshot, changes, out);
        out.push(Output::Tell(Event::SnapshotTaken { slot }));
        self.snapshot = Some(snapshot);
    }

    fn install(&mut self, snapshot: Snapshot, changes: Vec<Keep>, out: &mut Outbox) {
        let slot = snapshot.slot;
        if slot <= self.slots.executed() {
            return;
        }
        // One that is not sound came from a liar or by mistake: whoever sent it is asked again.
        if let Ok(slots) = Slots::restore(&self.params, &*self.ledger, &snapshot) {
            self.keep(&snapshot, changes, out);
            self.slots.jump(slots);
            self.go_on_from(snapshot, out);
            out.push(Output::Tell(Event::SnapshotInstalled { slot }));
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
        loop {
            if core::mem::take(&mut self.is_news)
                && let Some(snapshot) = self.snapshot.clone()
            {
                self.call(now, out, |protocol, cx| protocol.on_snapshot(cx, &snapshot));
                continue;
            }
            let Some(done) = self.slots.execute_next(&*self.ledger) else {
                return;
            };
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
            clock: now.to_block_time(self.params.genesis.header.time),
            peers: &self.peers,
            chain: &View {
                slots: &self.slots,
                ledger: &*self.ledger,
                snapshot: self.snapshot.as_ref(),
            },
        };
        for wish in self.shell.call(moment, call) {
            self.grant(wish, out);
        }
    }

    fn grant(&mut self, wish: Wish, out: &mut Outbox) {
        match shell::grant(wish, out) {
            Some(Decision::Decide { slot, proposal }) => self.slots.decide(slot, proposal),
            Some(Decision::Snapshot(keep)) => self.take_snapshot(keep, out),
            Some(Decision::Install { snapshot, keep }) => self.install(snapshot, keep, out),
            // A slot protocol has no blocks of its own to publish or withhold.
            Some(Decision::Publish { .. } | Decision::Pose(_)) | None => {}
        }
    }
}

impl Machine for Replica {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        if let Input::Search { on } = input {
            self.shell.set_searches(on);
        }
        match (&mut self.phase, input) {
            (Phase::Asleep, Input::Boot { saved }) => {
                let (shelf, loads) = Shelf::of(&saved, Some(SNAPSHOT));
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
            .row(
                "snapshot",
                Value::Number(self.snapshot.as_ref().map_or(0, |one| one.slot)),
            )
            .row("peers", number(self.peers.len()))
            .row("protocol", Value::Part(self.shell.inspect()))
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(Self {
            shell: self.shell.fork(),
            ledger: self.ledger.clone(),
            phase: self.phase.clone(),
            peers: self.peers.clone(),
            params: self.params.clone(),
            slots: self.slots.clone(),
            snapshot: self.snapshot.clone(),
            is_news: self.is_news,
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

/// A snapshot as it is stored.
fn read(stored: &[u8]) -> Option<Snapshot> {
    let (slot, bytes) = stored.split_first_chunk()?;
    Some(Snapshot {
        slot: u64::from_le_bytes(*slot),
        bytes: bytes.into(),
    })
}

/// What a slot protocol may read of its node's chain.
struct View<'a> {
    slots: &'a Slots,
    ledger: &'a dyn Ledger,
    snapshot: Option<&'a Snapshot>,
}

impl ChainView for View<'_> {
    fn tip(&self) -> (BlockId, Height) {
        self.slots.tip()
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        None
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot
    }

    fn query(&self, tx: &[u8]) -> Option<Arc<[u8]>> {
        self.ledger.query(self.slots.state(), tx)
    }

    fn served(&self, client: PeerId) -> Option<(u64, Arc<[u8]>)> {
        self.slots.last_of(client)
    }
}
