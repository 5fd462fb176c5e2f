//! A member: waits for the token, writes on it, and passes it on.

use std::sync::Arc;

use chain::{Decode, DecodeError, Encode, Micros, PeerId, Reader, Seat, decode_exact};
use protocol::{
    Body, Cx, Executed, Glance, Keep, Proposal, Protocol, Request, Sheet, Value, Values, pack,
};
use rpds::{QueueSync, RedBlackTreeMapSync as Map};

use super::message::{Line, Message, Token};
use super::{HOLDING, WAITING};

/// The timer for passing the token on.
const HOLD: u16 = 0;
/// The timer for saying so again.
const RESEND: u16 = 1;
/// Where the token is kept.
const TOKEN: &[u8] = b"token";
/// What the names of slots begin with.
const SLOT: &[u8] = b"slot/";
/// The most requests that wait ...
const MOST_WAITING: usize = 1_024;
/// ... and that are written on the token at a time.
const MOST_AT_ONCE: usize = 16;

/// What a member is built from.
#[derive(Clone)]
pub struct Setup {
    pub seat: Seat,
    pub members: Arc<[PeerId]>,
    /// For how long a member keeps the token.
    pub hold: Micros,
    /// After how long it is sent again.
    pub resend: Micros,
    /// Whether this member keeps it for ever.
    pub hoards: bool,
}

/// What a member may not forget, besides what stands in which slot.
#[derive(Clone, Default)]
struct Kept {
    /// With which pass the token came last.
    came: u64,
    /// Whether it went on.
    is_gone: bool,
    /// The token as it was then; `None` if it never came.
    token: Option<Arc<Token>>,
}

/// A member.
#[derive(Clone)]
pub struct Member {
    setup: Setup,
    kept: Kept,
    waiting: QueueSync<Request>,
    /// Whom to tell what becomes of which of their requests.
    asked: Map<PeerId, u64>,
}

impl Member {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            kept: Kept::default(),
            waiting: QueueSync::new_sync(),
            asked: Map::new_sync(),
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.setup.members.len()).expect("at most 64")
    }

    /// The member so many places further on.
    fn neighbour(&self, places: u32) -> PeerId {
        let seat = (self.setup.seat.0 + places) % self.count();
        self.setup.members[seat as usize]
    }

    /// Keeps the token, and what is new in it, before anything is said of them.
    fn save(&self, cx: &mut Cx<'_>, new: &[Line]) {
        let put = |line: &Line| {
            let name = [SLOT, &line.slot.to_be_bytes()].concat();
            Keep::Put(name, line.to_vec().into())
        };
        let mut changes: Vec<Keep> = new.iter().map(put).collect();
        changes.push(Keep::Put(TOKEN.to_vec(), self.kept.to_vec().into()));
        cx.save(changes);
        for line in new {
            cx.decide(line.slot, line.proposal.clone());
        }
    }

    fn on_token(&mut self, cx: &mut Cx<'_>, from: PeerId, mut token: Token) {
        if from != self.neighbour(self.count() - 1) || token.pass == u64::MAX {
            return;
        }
        let pass = token.pass;
        if pass > self.kept.came {
            let me = self.setup.seat;
            token.lines.retain(|line| line.by() != me); // everybody has seen them
            let new = token.lines.clone();
            self.take(token);
            self.save(cx, &new);
            self.hold(cx);
        }
        cx.send(from, &pack(&Message::Got(pass)));
    }

    fn take(&mut self, token: Token) {
        self.kept = Kept {
            came: token.pass,
            is_gone: false,
            token: Some(Arc::new(token)),
        };
    }

    fn hold(&self, cx: &mut Cx<'_>) {
        cx.disarm(RESEND);
        cx.arm(HOLD, cx.now.saturating_add(self.setup.hold));
    }

    /// Writes what waits on the token, and passes it on.
    fn pass_on(&mut self, cx: &mut Cx<'_>) {
        let Some(token) = self.kept.token.as_deref() else {
            return;
        };
        if self.kept.is_gone || self.setup.hoards {
            return;
        }
        let mut token = token.clone();
        let new: Vec<Line> = self.write(cx, &mut token).into_iter().collect();
        if self.count() == 1 {
            token.lines.clear();
            self.take(token);
            self.save(cx, &new);
            return self.hold(cx);
        }
        token.pass += 1;
        self.kept.token = Some(Arc::new(token));
        self.kept.is_gone = true;
        self.save(cx, &new);
        self.send(cx);
    }

    fn write(&mut self, cx: &Cx<'_>, token: &mut Token) -> Option<Line> {
        let mut requests = Vec::new();
        while requests.len() < MOST_AT_ONCE
            && let Some(request) = self.waiting.peek().cloned()
        {
            self.waiting.dequeue_mut();
            requests.push(request);
        }
        if requests.is_empty() {
            return None;
        }
        token.slots += 1;
        let proposal = Proposal {
            time: cx.now,
            proposer: self.setup.seat,
            body: Body::Requests(requests),
        };
        let line = Line {
            slot: token.slots,
            proposal: proposal.into(),
        };
        token.lines.push(line.clone());
        Some(line)
    }

    /// Sends the token that went on, until its next holder has said that it came.
    fn send(&self, cx: &mut Cx<'_>) {
        if let Some(token) = self.kept.token.as_deref()
            && self.kept.is_gone
        {
            cx.send(self.neighbour(1), &pack(&Message::Token(token.clone())));
            cx.arm(RESEND, cx.now.saturating_add(self.setup.resend));
        }
    }

    fn on_request(&mut self, from: PeerId, number: u64, tx: Arc<[u8]>) {
        let is_known = self.asked.get(&from) == Some(&number);
        if is_known || self.waiting.len() == MOST_WAITING || self.asked.size() == MOST_WAITING {
            return;
        }
        self.asked.insert_mut(from, number);
        let client = from;
        self.waiting.enqueue_mut(Request { client, number, tx });
    }
}

impl Protocol for Member {
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        let kept = saved.get(TOKEN).and_then(|bytes| decode_exact(bytes).ok());
        match kept {
            Some(kept) => self.kept = kept,
            None if self.setup.seat == Seat(0) => self.take(Token::default()),
            None => {}
        }
        let lines = saved.iter().filter(|(name, _)| name.starts_with(SLOT));
        for line in lines.filter_map(|(_, bytes)| decode_exact::<Line>(bytes).ok()) {
            cx.decide(line.slot, line.proposal);
        }
        match self.kept.is_gone {
            true => self.send(cx),
            false => self.hold(cx),
        }
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        match key {
            HOLD => self.pass_on(cx),
            _ => self.send(cx),
        }
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: PeerId, bytes: &[u8]) {
        match decode_exact(bytes) {
            Ok(Message::Token(token)) => self.on_token(cx, from, token),
            Ok(Message::Got(pass)) => {
                let token = self.kept.token.as_ref();
                if self.kept.is_gone && token.is_some_and(|token| token.pass == pass) {
                    cx.disarm(RESEND);
                }
            }
            Ok(Message::Request { number, tx }) => self.on_request(from, number, tx),
            Ok(Message::Reply { .. }) | Err(_) => {}
        }
    }

    fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        for receipt in done.receipts {
            let number = receipt.number;
            if self.asked.get(&receipt.client) == Some(&number) {
                self.asked.remove_mut(&receipt.client);
                let receipt = (receipt.client, receipt.receipt.clone());
                let (client, receipt) = receipt;
                cx.send(client, &pack(&Message::Reply { number, receipt }));
            }
        }
    }

    fn glance(&self) -> Glance {
        let has_it = self.kept.token.is_some() && !self.kept.is_gone;
        Glance {
            role: if has_it { HOLDING } else { WAITING },
            epoch: self.kept.came,
            ..Glance::default()
        }
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("ring")
            .row("pass", Value::Number(self.kept.came))
            .row("waiting", Value::Number(self.waiting.len() as u64))
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}

impl Encode for Kept {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend(self.came.to_le_bytes());
        out.push(u8::from(self.is_gone));
        if let Some(token) = self.token.as_deref() {
            token.encode_into(out);
        }
    }
}

impl Decode for Kept {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (came, is_gone) = (reader.u64()?, reader.u8()? == 1);
        let token = match reader.remaining() {
            [] => None,
            _ => Some(Arc::new(Token::decode_from(reader)?)),
        };
        Ok(Self {
            came,
            is_gone,
            token,
        })
    }
}
