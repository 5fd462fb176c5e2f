//! What lies between a protocol and the network, in short: calls in, outputs and writes out.

use alloc::{sync::Arc, vec::Vec};

use chain::{BlockId, Encode, Height, PeerId};
use protocol::{
    Batch, ChainView, Cx, ForkView, Input, Keep, Output, Packet, Protocol, Snapshot, TimerKey, To,
    ValueMap as _, Values, Wish, Write, pack, said,
};

use super::executor::Executor;

/// All that a protocol over slots looks at of a chain: its best block, and its snapshot.
pub struct View<'a> {
    pub executor: &'a Executor,
    pub snapshot: Option<&'a Snapshot>,
}

impl ChainView for View<'_> {
    fn tip(&self) -> (BlockId, Height) {
        (BlockId::from_bytes(self.executor.tip), Height::GENESIS)
    }

    fn forks(&self) -> Option<&dyn ForkView> {
        None
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot
    }

    /// What begins so is a read, and like all transactions its own receipt.
    fn query(&self, tx: &[u8]) -> Option<Arc<[u8]>> {
        (tx.first() == Some(&b'?')).then(|| tx.into())
    }

    fn served(&self, client: PeerId) -> Option<(u64, Arc<[u8]>)> {
        self.executor.last_of(client)
    }
}

/// Hands an input to a protocol, as a node would.
pub fn feed(protocol: &mut dyn Protocol, cx: &mut Cx<'_>, input: &Input, disk: &Values) {
    match input {
        Input::Boot { .. } => protocol.on_boot(cx, disk),
        Input::Timer {
            key: TimerKey::Protocol(key),
        } => protocol.on_timer(cx, *key),
        Input::Packet { from, packet } => {
            let bytes = said(packet).expect("the protocol's");
            protocol.on_message(cx, *from, bytes);
        }
        Input::Submit { ask, tx } => protocol.on_submit(cx, *ask, tx),
        Input::Order(order) => protocol.on_order(cx, order),
        other => unreachable!("this network has no {other:?}"),
    }
}

/// Applies a change to a disk.
pub fn store(disk: &mut Values, keep: &Keep) {
    match keep {
        Keep::Put(name, value) => disk.put(name, value),
        Keep::DeleteRange(from, until) => disk.remove_between(from, until),
    }
}

/// Bytes that need not be a message.
struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

/// Bytes as a packet from protocol to protocol.
pub fn packed(bytes: &[u8]) -> Packet {
    pack(&Raw(bytes))
}

/// A wish as a node passes it on.
pub fn output(wish: Wish) -> Output {
    match wish {
        Wish::Save(changes) | Wish::Snapshot(changes) | Wish::Install { keep: changes, .. } => {
            Output::Save(Batch(changes.into_iter().map(Write::from).collect()))
        }
        Wish::Send { to, packet } => Output::Send {
            to: To::Peer(to),
            packet,
        },
        Wish::Answer { ask, receipt } => Output::Answer { ask, receipt },
        Wish::Arm { key, at } => Output::Arm {
            key: TimerKey::Protocol(key),
            at,
        },
        Wish::Disarm { key } => Output::Disarm {
            key: TimerKey::Protocol(key),
        },
        Wish::Tell(event) => Output::Tell(event),
        other => unreachable!("no slots need {other:?}"),
    }
}
