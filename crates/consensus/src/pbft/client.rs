//! A client: one request at a time, sent to the primary; to all, if the reply does not come in time;
//! until f + 1 members have replied alike (paper section 4.1).

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{Micros, PeerId, Seat, Tag, decode_exact};
use protocol::planted::is_planted;
use protocol::{AskId, Cx, Glance, Protocol, Sheet, Value, Values, pack};
use rpds::RedBlackTreeMapSync as Map;

use super::group::Group;
use super::message::{Message, Request, View};
use super::seals::{Reply, Ring};
use crate::asks::Asks;

/// The timer for asking all members.
const RESEND: u16 = 0;

/// A client.
#[derive(Clone)]
pub(super) struct Client {
    ring: Ring,
    resend: Micros,
    asks: Asks,
    under_way: Option<UnderWay>,
    /// The view that f + 1 members were in last.
    view: View,
}

/// The request that it waits for; its number is the last.
#[derive(Clone)]
struct UnderWay {
    ask: AskId,
    request: Arc<Request>,
    /// What each member says came of it, and in which view it is.
    replies: Map<Seat, (View, Arc<[u8]>)>,
}

impl Client {
    pub fn new(ring: Ring, resend: Micros) -> Self {
        Self {
            ring,
            resend,
            asks: Asks::new(),
            under_way: None,
            view: View(0),
        }
    }

    fn group(&self) -> &Group {
        self.ring.group()
    }

    /// Begins the next request, if none is under way and one waits.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.under_way.is_some() {
            return;
        }
        let Some((ask, tx)) = self.asks.next() else {
            return;
        };
        self.asks.save(cx);
        let (client, number) = (cx.me, self.asks.number());
        let wish = protocol::Request { client, number, tx };
        self.under_way = Some(UnderWay {
            ask,
            request: Arc::new(self.ring.request(wish)),
            replies: Map::new_sync(),
        });
        self.send(cx, [self.group().primary(self.view)]);
        self.wait(cx);
    }

    fn send(&self, cx: &mut Cx<'_>, to: impl IntoIterator<Item = Seat>) {
        let Some(UnderWay { request, .. }) = &self.under_way else {
            return;
        };
        let packet = pack(&Message::Request((**request).clone()));
        for member in to.into_iter().filter_map(|seat| self.group().member(seat)) {
            cx.send(member, &packet);
        }
    }

    fn wait(&self, cx: &mut Cx<'_>) {
        cx.arm(RESEND, cx.now.saturating_add(self.resend));
    }

    /// A member says what came of the request. More than f that say the same include a correct one.
    fn on_reply(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        (view, receipt): (View, Arc<[u8]>),
        tag: Option<Tag>,
    ) {
        let reply = Reply {
            view,
            number: self.asks.number(),
            receipt: &receipt,
        };
        if !self.ring.has_replied(from, &reply, tag.as_ref()) {
            return;
        }
        let enough = match is_planted("pbft/one-reply-believed") {
            true => 1,
            false => self.group().faults() + 1,
        };
        let Some(under_way) = &mut self.under_way else {
            return;
        };
        under_way.replies.insert_mut(from, (view, receipt.clone()));
        let replies = under_way.replies.values();
        let same = replies.filter(|(_, other)| *other == receipt);
        let views: Vec<View> = same.map(|(view, _)| *view).collect();
        if views.len() < enough {
            return;
        }
        // One of these is a correct member's: no liar sends the client astray for long.
        self.view = views.into_iter().min().unwrap_or(self.view);
        cx.answer(under_way.ask, receipt);
        cx.disarm(RESEND);
        self.under_way = None;
        self.begin(cx);
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
            self.send(cx, self.group().seats());
            self.wait(cx);
        }
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: PeerId, bytes: &[u8]) {
        let (Some(from), Ok(message)) = (self.group().seat_of(from), decode_exact(bytes)) else {
            return;
        };
        match message {
            Message::Reply {
                view,
                number,
                receipt,
                tag,
            } if number == self.asks.number() => self.on_reply(cx, from, (view, receipt), tag),
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
        let (state, replies) = match &self.under_way {
            Some(under_way) => ("waiting", under_way.replies.size() as u64),
            None => ("idle", 0),
        };
        Sheet::new("pbft")
            .row(
                "role",
                Value::Word(super::ROLES[usize::from(super::CLIENT)]),
            )
            .row("state", Value::Word(state))
            .row("request", Value::Number(self.asks.number()))
            .row("replies", Value::Number(replies))
            .row("waiting", Value::Number(self.asks.waiting()))
            .row("view", Value::Number(self.view.0))
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
