//! A client: one request at a time, to one member after the other until a reply comes.

use std::sync::Arc;

use chain::{Micros, PeerId, decode_exact};
use protocol::{AskId, Cx, Glance, Keep, Protocol, Sheet, Value, Values, pack};
use rpds::QueueSync;

use super::CLIENT;
use super::message::Message;

const RESEND: u16 = 0;
/// Where the number of the last request is kept.
const COUNT: &[u8] = b"count";
/// The most asks that wait.
const MOST_WAITING: usize = 1_024;
/// The longest transaction, in bytes.
const MOST_BYTES: usize = 4_096;

/// A client.
#[derive(Clone)]
pub struct Client {
    members: Arc<[PeerId]>,
    resend: Micros,
    /// Counts requests, in all lives together.
    number: u64,
    /// The first is under way, if any is.
    asks: QueueSync<(AskId, Arc<[u8]>)>,
    is_under_way: bool,
    /// Counts tries: the member that is asked next.
    tries: usize,
}

impl Client {
    pub fn new(members: Arc<[PeerId]>, resend: Micros) -> Self {
        Self {
            members,
            resend,
            number: 0,
            asks: QueueSync::new_sync(),
            is_under_way: false,
            tries: 0,
        }
    }

    /// Begins the next request. Its number is kept before it is said: no number means two things.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.is_under_way || self.asks.is_empty() {
            return;
        }
        self.is_under_way = true;
        self.number += 1;
        let value = self.number.to_le_bytes()[..].into();
        cx.save(vec![Keep::Put(COUNT.to_vec(), value)]);
        self.send(cx);
    }

    fn send(&self, cx: &mut Cx<'_>) {
        let member = self.members[self.tries % self.members.len()];
        if let Some((_, tx)) = self.asks.peek() {
            let (number, tx) = (self.number, tx.clone());
            cx.send(member, &pack(&Message::Request { number, tx }));
            cx.arm(RESEND, cx.now.saturating_add(self.resend));
        }
    }
}

impl Protocol for Client {
    fn on_boot(&mut self, _cx: &mut Cx<'_>, saved: &Values) {
        let count = saved.get(COUNT).and_then(|bytes| bytes[..].try_into().ok());
        self.number = count.map_or(0, u64::from_le_bytes);
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, _key: u16) {
        self.tries = self.tries.wrapping_add(1);
        self.send(cx);
    }

    fn on_submit(&mut self, cx: &mut Cx<'_>, ask: AskId, tx: &Arc<[u8]>) {
        if self.asks.len() == MOST_WAITING || tx.len() > MOST_BYTES {
            return cx.refuse(ask);
        }
        self.asks.enqueue_mut((ask, tx.clone()));
        self.begin(cx);
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: PeerId, bytes: &[u8]) {
        let Ok(Message::Reply { number, receipt }) = decode_exact(bytes) else {
            return;
        };
        if number != self.number || !self.is_under_way || !self.members.contains(&from) {
            return;
        }
        if let Some((ask, _)) = self.asks.peek().cloned() {
            self.asks.dequeue_mut();
            self.is_under_way = false;
            cx.disarm(RESEND);
            cx.answer(ask, receipt);
            self.begin(cx);
        }
    }

    fn glance(&self) -> Glance {
        Glance {
            role: CLIENT,
            epoch: self.number,
            ..Glance::default()
        }
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("ring").row("waiting", Value::Number(self.asks.len() as u64))
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
