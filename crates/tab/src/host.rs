//! Owns this tab's machines: feeds them one input at a time and carries out their outputs, in
//! causal order.
//!
//! A `Save` goes to storage at once; messages that the same machine sends after it wait until
//! storage says that it is durable. So later saves can share a transaction with earlier ones, yet
//! no message leaves before what it promises is durable. Nothing else is a promise: work, timers
//! and reads do not wait for a disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chain::{Micros, PeerId, Time, Txid};
use protocol::{
    AskId, Batch, Event, Input, Job, JobId, Key, Machine, Output, Packet, Saved, TimerKey, To,
};

use super::agenda::Agenda;
use super::bounded::Bounded;
use crate::planted::{Bug, is_planted};

/// Most packets that may wait, and most bytes of them.
const MOST_PACKETS: usize = 4096;
const MOST_PACKET_BYTES: usize = 16 << 20;
/// While this many messages wait for storage, no packets are handed to machines.
const MOST_WAITING: usize = 4096;
/// A timer fires no sooner than this, so that a machine that arms it in the past cannot spin.
const SOONEST: Micros = Micros(1_000);

/// What the tab has to do for a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make a batch durable, then call [`Host::durable`]; tickets rise by one.
    Save {
        /// The save's number.
        ticket: u64,
        /// Whose it is.
        node: PeerId,
        /// What.
        batch: Batch,
    },
    /// Read a value and give it back as `Loaded`.
    Load {
        /// Who asks.
        node: PeerId,
        /// For what.
        key: Key,
    },
    /// Carry a packet to nodes of other tabs.
    Cast {
        /// Who speaks.
        from: PeerId,
        /// To whom.
        to: To,
        /// What.
        packet: Packet,
    },
    /// Search for a nonce.
    Work {
        /// For whom.
        node: PeerId,
        /// What.
        job: Job,
    },
    /// Stop searching.
    Stop {
        /// For whom.
        node: PeerId,
        /// Which job.
        job: JobId,
    },
    /// Tell people.
    Tell {
        /// In which node it happened.
        node: PeerId,
        /// What happened.
        event: Event,
    },
    /// Whether a transaction waits for a block.
    Admitted {
        /// Which machine was asked.
        node: PeerId,
        /// The number that it was asked under.
        ask: AskId,
        /// The transaction's id, or the reason by its standard name.
        result: Result<Txid, &'static str>,
    },
    /// What came of a transaction.
    Answer {
        /// Which machine was asked.
        node: PeerId,
        /// The number that it was asked under.
        ask: AskId,
        /// The ledger's receipt; `None` if nothing was done.
        receipt: Option<Arc<[u8]>>,
    },
}

/// This tab's machines.
pub struct Host<M> {
    nodes: BTreeMap<PeerId, Hosted<M>>,
    /// Inputs that must not be lost: boots, timers, loaded values, found nonces, peers.
    sure: VecDeque<(PeerId, Input)>,
    packets: Bounded<(PeerId, PeerId, Packet)>,
    agenda: Agenda<(PeerId, TimerKey)>,
    effects: Vec<Effect>,
    tickets: u64,
    durable: u64,
}

struct Hosted<M> {
    machine: M,
    up: BTreeSet<PeerId>,
    /// Whether what it saves is kept; if not, nothing waits for that.
    keeps: bool,
    /// The save that must be durable before this machine's next message leaves.
    after: u64,
    /// Messages that wait for a save.
    waiting: VecDeque<(u64, To, Packet)>,
}

impl Effect {
    /// The machine it is for.
    fn node(&self) -> &PeerId {
        match self {
            Self::Save { node, .. }
            | Self::Load { node, .. }
            | Self::Cast { from: node, .. }
            | Self::Work { node, .. }
            | Self::Stop { node, .. }
            | Self::Tell { node, .. }
            | Self::Admitted { node, .. }
            | Self::Answer { node, .. } => node,
        }
    }
}

impl<M: Machine> Host<M> {
    /// A host without machines. Saves are numbered after `ticket`, the last number storage knows,
    /// so that a write still under way for former machines makes no save of these durable.
    #[must_use]
    pub fn after(ticket: u64) -> Self {
        Self {
            nodes: BTreeMap::new(),
            sure: VecDeque::new(),
            packets: Bounded::new(MOST_PACKETS, MOST_PACKET_BYTES),
            agenda: Agenda::new(),
            effects: Vec::new(),
            tickets: ticket,
            durable: ticket,
        }
    }

    /// Takes in a fresh machine, to be booted with what it saved.
    pub fn add(&mut self, id: PeerId, machine: M, saved: Saved) {
        self.take_in(id, machine, saved, true);
    }

    /// Takes in a fresh machine that lives once: what it saves is dropped.
    pub fn add_passing(&mut self, id: PeerId, machine: M) {
        self.take_in(id, machine, Saved::default(), false);
    }

    fn take_in(&mut self, id: PeerId, machine: M, saved: Saved, keeps: bool) {
        self.remove(&id);
        let hosted = Hosted {
            machine,
            up: BTreeSet::new(),
            keeps,
            after: 0,
            waiting: VecDeque::new(),
        };
        self.nodes.insert(id, hosted);
        self.sure.push_back((id, Input::Boot { saved }));
    }

    /// Lets a machine go, and drops all that it still wanted.
    pub fn remove(&mut self, id: &PeerId) -> Option<M> {
        let hosted = self.nodes.remove(id)?;
        self.sure.retain(|(to, _)| to != id);
        self.packets.retain(|(_, to, _)| to != id);
        self.agenda.retain(|(whose, _)| whose != id);
        self.effects.retain(|effect| effect.node() != id);
        Some(hosted.machine)
    }

    /// A machine, for reading.
    #[must_use]
    pub fn get(&self, id: &PeerId) -> Option<&M> {
        self.nodes.get(id).map(|hosted| &hosted.machine)
    }

    /// Whether a machine of this id lives here.
    #[must_use]
    pub fn has(&self, id: &PeerId) -> bool {
        self.nodes.contains_key(id)
    }

    /// Whether a machine can reach a peer.
    #[must_use]
    pub fn reaches(&self, id: &PeerId, peer: &PeerId) -> bool {
        self.nodes
            .get(id)
            .is_some_and(|hosted| hosted.up.contains(peer))
    }

    /// Sets whom a machine can reach from now on; all other packets to and from it are dropped.
    pub fn set_peers(&mut self, id: &PeerId, up: BTreeSet<PeerId>) {
        let Some(hosted) = self.nodes.get_mut(id).filter(|hosted| hosted.up != up) else {
            return;
        };
        self.packets
            .retain(|(from, to, _)| to != id || up.contains(from));
        self.sure.push_back((
            *id,
            Input::Peers {
                up: up.iter().copied().collect(),
            },
        ));
        hosted.up = up;
    }

    /// Gives an input that must not be lost.
    pub fn give(&mut self, id: PeerId, input: Input) {
        if self.has(&id) {
            self.sure.push_back((id, input));
        }
    }

    /// A packet from a node of another tab: to one of ours, or to all of them.
    pub fn arrive(&mut self, from: PeerId, to: Option<PeerId>, packet: &Packet) {
        let receivers: Vec<PeerId> = match to {
            Some(to) => vec![to],
            None => self.nodes.keys().copied().collect(),
        };
        for to in receivers {
            if self.reaches(&to, &from) && !self.has(&from) {
                self.packets
                    .push(packet.bytes.len(), (from, to, packet.clone()));
            }
        }
    }

    /// Everything up to this ticket is durable, or never will be and stays in memory.
    pub fn durable(&mut self, ticket: u64) {
        self.durable = self.durable.max(ticket);
        let nodes: Vec<PeerId> = self.nodes.keys().copied().collect();
        for id in nodes {
            self.release(id);
        }
    }

    /// Turns the timers that are due into inputs, each at most once.
    pub fn wake(&mut self, now: Time) {
        for (id, key) in self.agenda.take_due(now) {
            self.sure.push_back((id, Input::Timer { key }));
        }
    }

    /// When the next timer is due.
    #[must_use]
    pub fn next_timer(&self) -> Option<Time> {
        self.agenda.next()
    }

    /// Steps one machine once. `false` if there is nothing to do or storage has to catch up first.
    pub fn step(&mut self, now: Time) -> bool {
        let (id, input) = match self.sure.pop_front() {
            Some(next) => next,
            None if self.is_choked() => return false,
            None => match self.packets.pop() {
                Some((from, to, packet)) => (to, Input::Packet { from, packet }),
                None => return false,
            },
        };
        let Some(hosted) = self.nodes.get_mut(&id) else {
            return true;
        };
        let mut out = Vec::new();
        hosted.machine.step(now, input, &mut out);
        for output in out {
            self.carry_out(id, output, now);
        }
        true
    }

    /// What the tab has to do, in order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether [`Self::step`] would do something.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.sure.is_empty() || (!self.packets.is_empty() && !self.is_choked())
    }

    /// How many packets were lost to overflow since the last call.
    pub fn take_dropped(&mut self) -> u32 {
        self.packets.take_dropped()
    }

    /// Whether storage has to catch up before packets are taken in.
    #[must_use]
    pub fn is_choked(&self) -> bool {
        self.nodes
            .values()
            .map(|hosted| hosted.waiting.len())
            .sum::<usize>()
            >= MOST_WAITING
    }

    /// Sends the messages whose save is durable by now.
    fn release(&mut self, id: PeerId) {
        let durable = self.durable;
        while let Some(hosted) = self.nodes.get_mut(&id)
            && let Some((_, to, packet)) =
                hosted.waiting.pop_front_if(|(after, ..)| *after <= durable)
        {
            self.send(id, to, packet);
        }
    }

    fn carry_out(&mut self, node: PeerId, output: Output, now: Time) {
        match output {
            Output::Save(batch) => self.save(node, batch),
            Output::Load { key } => self.effects.push(Effect::Load { node, key }),
            Output::Send { to, packet } => {
                if let Some(hosted) = self.nodes.get_mut(&node) {
                    hosted.waiting.push_back((hosted.after, to, packet));
                }
                self.release(node);
            }
            Output::Arm { key, at } => {
                self.agenda
                    .arm((node, key), at.max(now.saturating_add(SOONEST)));
            }
            Output::Disarm { key } => self.agenda.disarm((node, key)),
            Output::Work(job) => self.effects.push(Effect::Work { node, job }),
            Output::Stop(job) => self.effects.push(Effect::Stop { node, job }),
            Output::Tell(event) => self.effects.push(Effect::Tell { node, event }),
            Output::Admitted { ask, result } => {
                self.effects.push(Effect::Admitted { node, ask, result });
            }
            Output::Answer { ask, receipt } => {
                self.effects.push(Effect::Answer { node, ask, receipt });
            }
            Output::Executed { .. } | Output::Restored { .. } => {} // for claims; what people see is in the state
        }
    }

    fn save(&mut self, node: PeerId, batch: Batch) {
        if self.nodes.get(&node).is_none_or(|hosted| !hosted.keeps) {
            return;
        }
        self.tickets += 1;
        let ticket = self.tickets;
        if let Some(hosted) = self.nodes.get_mut(&node)
            && !is_planted(Bug::SentBeforeDurable)
        {
            hosted.after = ticket;
        }
        self.effects.push(Effect::Save {
            ticket,
            node,
            batch,
        });
    }

    /// Machines here get it through a queue, never by a call from within a step.
    fn send(&mut self, from: PeerId, to: To, packet: Packet) {
        let Some(up) = self.nodes.get(&from).map(|hosted| &hosted.up) else {
            return;
        };
        let named = match to {
            To::All => up.iter().copied().collect(),
            To::Peer(peer) if up.contains(&peer) => vec![peer],
            To::Peer(_) => return,
        };
        let (here, elsewhere): (Vec<PeerId>, Vec<PeerId>) = named
            .into_iter()
            .partition(|peer| self.nodes.contains_key(peer));
        for peer in here {
            if self.reaches(&peer, &from) {
                self.packets
                    .push(packet.bytes.len(), (from, peer, packet.clone()));
            }
        }
        if !elsewhere.is_empty() {
            self.effects.push(Effect::Cast { from, to, packet });
        }
    }
}

#[cfg(test)]
mod tests;
