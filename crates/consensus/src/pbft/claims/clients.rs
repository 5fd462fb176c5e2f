//! Claims about clients: nothing is done that none of them asked for, and none believes a single liar.

use alloc::{format, string::String, sync::Arc};

use chain::{PeerId, Seat};
use protocol::{Body, Request, Seen};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use super::observer::{Act, Observer};
use crate::claims::{KEPT, Rule, trim};
use crate::pbft::message::{Message, Slot};

/// Every request that is executed was made by its client.
#[derive(Clone, Default)]
pub(super) struct AskedFor {
    /// What each client has asked for, by its numbers.
    asked: Map<PeerId, Map<u64, Arc<[u8]>>>,
}

impl AskedFor {
    fn look(&mut self, peer: PeerId, act: &Act) {
        if let Act::Said {
            message: Message::Request(request),
            ..
        } = act
            && request.wish.client == peer
        {
            self.on_request(&request.wish);
        }
    }

    fn on_request(&mut self, request: &Request) {
        let asked = self.asked.get(&request.client).cloned();
        let mut asked = asked.unwrap_or_default();
        asked.insert_mut(request.number, request.tx.clone());
        trim(&mut asked);
        self.asked.insert_mut(request.client, asked);
    }

    fn judge(&self, slot: Slot, body: &Body) -> Result<(), String> {
        let Body::Requests(requests) = body else {
            return Ok(());
        };
        match requests.iter().find(|request| !self.was_asked(request)) {
            None => Ok(()),
            Some(request) => {
                let (slot, client, number) = (slot.0, request.client, request.number);
                Err(format!(
                    "slot {slot} has request {number} of {client}, who never made it"
                ))
            }
        }
    }

    fn was_asked(&self, request: &Request) -> bool {
        let Some(asked) = self.asked.get(&request.client) else {
            return false;
        };
        let is_forgotten = asked
            .first()
            .is_some_and(|(first, _)| request.number < *first);
        is_forgotten && asked.size() == KEPT || asked.get(&request.number) == Some(&request.tx)
    }
}

impl Rule for AskedFor {
    type Observer = Observer;

    const NAME: &'static str = "pbft/asked-for";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        for act in &observer.latest.acts {
            self.look(seen.peer, act);
            if let Act::Executed { slot, proposal } = act
                && observer.latest.seat.is_some()
            {
                self.judge(*slot, &proposal.body)?;
            }
        }
        Ok(())
    }

    fn after_twisted(&mut self, observer: &Observer, seen: &Seen<'_>) {
        for act in &observer.latest.acts {
            self.look(seen.peer, act);
        }
    }
}

/// A request that a client waits for, and the receipts that members have sent for it; liars send several.
type Wait = (u64, Set<(Seat, Arc<[u8]>)>);

/// A client takes as its answer only what f + 1 members have replied, all the same.
#[derive(Clone, Default)]
pub(super) struct MatchingReplies {
    waits: Map<PeerId, Wait>,
}

impl MatchingReplies {
    fn look(&mut self, by: Option<Seat>, peer: PeerId, act: &Act) {
        let Act::Said { to, message } = act else {
            return;
        };
        match (by, message) {
            (None, Message::Request(request)) => self.on_request(peer, request.wish.number),
            (
                Some(seat),
                Message::Reply {
                    number, receipt, ..
                },
            ) => self.on_reply(seat, *to, *number, receipt.clone()),
            _ => {}
        }
    }

    fn on_request(&mut self, client: PeerId, number: u64) {
        let known = self.waits.get(&client).map(|(number, _)| *number);
        if known != Some(number) {
            self.waits.insert_mut(client, (number, Set::new_sync()));
        }
    }

    fn on_reply(&mut self, seat: Seat, client: PeerId, number: u64, receipt: Arc<[u8]>) {
        if let Some((waits, replies)) = self.waits.get_mut(&client)
            && *waits == number
        {
            replies.insert_mut((seat, receipt));
        }
    }

    fn believes(&self, faults: usize, client: PeerId, receipt: &Arc<[u8]>) -> Result<(), String> {
        let replies = self.waits.get(&client).map(|(_, replies)| replies);
        let same = replies.into_iter().flat_map(Set::iter);
        let same = same.filter(|(_, other)| other == receipt).count();
        if same <= faults {
            return Err(format!("{client} believes {same} members"));
        }
        Ok(())
    }
}

impl Rule for MatchingReplies {
    type Observer = Observer;

    const NAME: &'static str = "pbft/matching-replies";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        for act in &observer.latest.acts {
            self.look(observer.latest.seat, seen.peer, act);
            if let Act::Answered(receipt) = act {
                self.believes(observer.members.faults(), seen.peer, receipt)?;
            }
        }
        Ok(())
    }

    fn after_twisted(&mut self, observer: &Observer, seen: &Seen<'_>) {
        for act in &observer.latest.acts {
            self.look(observer.latest.seat, seen.peer, act);
        }
    }
}
