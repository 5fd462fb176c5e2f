//! What clients have in common, whatever the protocol over slots: asks wait for their turn, and each
//! becomes a request with a number of its own; and how long one may be.

use alloc::{sync::Arc, vec};

use protocol::{AskId, Cx, Keep, Values};
use rpds::QueueSync as Queue;

/// The longest transaction that is taken, in bytes.
pub(crate) const MAX_TX: usize = 64 * 1024;
/// The most bytes of transactions that are proposed together or sent in one message, unless the first
/// alone has more: well below what one packet may carry.
pub(crate) const MAX_BYTES: usize = 128 * 1024;
/// Where a client keeps how many requests it has numbered: eight bytes, little-endian.
const COUNT: &[u8] = b"count";
/// The most asks that wait; more are refused.
const MAX_WAITING: usize = 1024;

/// Asks that wait, and the number of the request that was made last.
#[derive(Clone)]
pub(crate) struct Asks {
    /// How many requests this client has numbered, in all its incarnations.
    count: u64,
    waiting: Queue<(AskId, Arc<[u8]>)>,
}

impl Asks {
    pub fn new() -> Self {
        Self {
            count: 0,
            waiting: Queue::new_sync(),
        }
    }

    /// Goes on where an earlier incarnation stopped counting.
    pub fn restore(&mut self, saved: &Values) {
        let count = saved.get(COUNT).and_then(|bytes| bytes[..].try_into().ok());
        self.count = count.map_or(0, u64::from_le_bytes);
    }

    /// Lets an ask wait, unless too many do or its transaction is too long: no replica would take it, and
    /// it would hold up all others.
    pub fn take(&mut self, cx: &mut Cx<'_>, ask: AskId, tx: &Arc<[u8]>) {
        if tx.len() > MAX_TX || self.waiting.len() >= MAX_WAITING {
            return cx.refuse(ask);
        }
        self.waiting.enqueue_mut((ask, tx.clone()));
    }

    /// Numbers the next request, if an ask waits. It may be sent once that is [saved](Self::save): a
    /// number that meant two things would be executed once.
    pub fn next(&mut self) -> Option<(AskId, Arc<[u8]>)> {
        let next = self.waiting.peek().cloned()?;
        self.count = self.count.checked_add(1)?;
        self.waiting.dequeue_mut();
        Some(next)
    }

    /// Makes the last number durable before whatever is wished next.
    pub fn save(&self, cx: &mut Cx<'_>) {
        let value = self.count.to_le_bytes()[..].into();
        cx.save(vec![Keep::Put(COUNT.to_vec(), value)]);
    }

    /// The number of the last request.
    pub fn number(&self) -> u64 {
        self.count
    }

    /// How many asks wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }
}
