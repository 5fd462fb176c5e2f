//! A client: one request at a time, sent to whoever leads, again and again until the reply comes
//! (paper section 8).

use alloc::{boxed::Box, sync::Arc};

use chain::{Micros, PeerId, Seat, decode_exact};
use protocol::planted::is_planted;
use protocol::{AskId, Cx, Glance, Protocol, Sheet, Value, Values, pack};

use super::message::Message;
use crate::asks::Asks;
use crate::members::{member, seat_of};

/// The timer for trying the next member.
const RESEND: u16 = 0;

/// A client.
#[derive(Clone)]
pub(super) struct Client {
    members: Arc<[PeerId]>,
    resend: Micros,
    asks: Asks,
    under_way: Option<UnderWay>,
    /// The member that it believes to lead.
    leader: Seat,
    /// How many hints it still follows before the next time-out: two that name each other would keep
    /// it running for ever.
    hops: u32,
}

/// The request that it waits for; its number is the last.
#[derive(Clone)]
struct UnderWay {
    ask: AskId,
    tx: Arc<[u8]>,
}

impl Client {
    pub fn new(members: Arc<[PeerId]>, resend: Micros) -> Self {
        Self {
            hops: 0,
            members,
            resend,
            asks: Asks::new(),
            under_way: None,
            leader: Seat(0),
        }
    }

    /// Begins the next request, if none is under way and one waits.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.under_way.is_some() {
            return;
        }
        let Some((ask, tx)) = self.asks.next() else {
            return;
        };
        if !is_planted("raft/count-not-saved") {
            self.asks.save(cx);
        }
        self.under_way = Some(UnderWay { ask, tx });
        self.send(cx);
        self.wait(cx);
    }

    fn send(&self, cx: &mut Cx<'_>) {
        let member = member(&self.members, self.leader);
        if let (Some(member), Some(UnderWay { tx, .. })) = (member, &self.under_way) {
            let (number, tx) = (self.asks.number(), tx.clone());
            let request = Message::Request { number, tx };
            cx.send(member, &pack(&request));
        }
    }

    fn wait(&mut self, cx: &mut Cx<'_>) {
        self.hops = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        cx.arm(RESEND, cx.now.saturating_add(self.resend));
    }

    /// Tries the next member in turn.
    fn turn(&mut self) {
        let next = self.leader.0.saturating_add(1);
        let is_seat = (next as usize) < self.members.len();
        self.leader = Seat(if is_seat { next } else { 0 });
    }

    /// Follows a hint, unless it comes from a member that was asked before.
    fn redirect(&mut self, cx: &mut Cx<'_>, from: Seat, leader: Option<Seat>) {
        let known = leader.filter(|seat| (seat.0 as usize) < self.members.len());
        let Some(leader) = known.filter(|_| from == self.leader && self.hops > 0) else {
            return; // the time-out will find somebody
        };
        self.hops -= 1;
        self.leader = leader;
        self.send(cx);
    }

    fn finish(&mut self, cx: &mut Cx<'_>, from: Seat, receipt: Arc<[u8]>) {
        if let Some(UnderWay { ask, .. }) = self.under_way.take() {
            self.leader = from;
            cx.answer(ask, receipt);
            cx.disarm(RESEND);
            self.begin(cx);
        }
    }
}

impl Protocol for Client {
    fn on_boot(&mut self, _cx: &mut Cx<'_>, saved: &Values) {
        self.asks.restore(saved);
    }

    fn on_submit(&mut self, cx: &mut Cx<'_>, ask: AskId, tx: &Arc<[u8]>) {
        self.asks.take(cx, ask, tx);
        self.begin(cx);
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        if key == RESEND && self.under_way.is_some() {
            self.turn();
            self.send(cx);
            self.wait(cx);
        }
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: PeerId, bytes: &[u8]) {
        let (Some(from), Ok(message)) = (seat_of(&self.members, from), decode_exact(bytes)) else {
            return;
        };
        match message {
            Message::NotLeader { number, leader } if number == self.asks.number() => {
                self.redirect(cx, from, leader);
            }
            Message::Reply { number, receipt } if number == self.asks.number() => {
                self.finish(cx, from, receipt);
            }
            _ => {} // about an earlier request, or for replicas
        }
    }

    fn glance(&self) -> Glance {
        Glance {
            role: super::CLIENT,
            ..Glance::default()
        }
    }

    fn inspect(&self) -> Sheet {
        let leader = member(&self.members, self.leader);
        let state = if self.under_way.is_some() {
            "waiting"
        } else {
            "idle"
        };
        Sheet::new("raft")
            .row(
                "role",
                Value::Word(super::ROLES[usize::from(super::CLIENT)]),
            )
            .row("state", Value::Word(state))
            .row("request", Value::Number(self.asks.number()))
            .row("waiting", Value::Number(self.asks.waiting()))
            .row("leader", leader.map_or(Value::Word("none"), Value::Peer))
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
