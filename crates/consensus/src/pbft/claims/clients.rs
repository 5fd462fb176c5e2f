//! Claims about clients: nothing is done that none of them asked for, and none believes a single liar.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use chain::{PeerId, Seat};
use protocol::{Body, Claim, Output, Request, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::{Members, spoken, trim};
use crate::pbft::message::Message;

/// Every request that is executed was made by its client.
#[derive(Clone)]
pub(super) struct AskedFor {
    members: Members,
    /// What each client has asked for, by its numbers.
    asked: Map<PeerId, Map<u64, Arc<[u8]>>>,
}

impl AskedFor {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            asked: Map::new_sync(),
        }
    }

    fn was_asked(&self, request: &Request) -> bool {
        let Some(asked) = self.asked.get(&request.client) else {
            return false;
        };
        let is_forgotten = asked
            .first()
            .is_some_and(|(first, _)| request.number < *first);
        is_forgotten && asked.size() == super::KEPT
            || asked.get(&request.number) == Some(&request.tx)
    }
}

impl Claim for AskedFor {
    fn name(&self) -> &'static str {
        "pbft/asked-for"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for (place, output) in seen.out.iter().enumerate() {
            if let Some((_, Message::Request(request))) = spoken(seen.out, place)
                && request.wish.client == seen.peer
            {
                let mut asked = self.asked.get(&seen.peer).cloned().unwrap_or_default();
                asked.insert_mut(request.wish.number, request.wish.tx);
                trim(&mut asked);
                self.asked.insert_mut(seen.peer, asked);
            }
            if let Output::Executed { slot, proposal, .. } = output
                && let Body::Requests(requests) = &proposal.body
                && self.members.seat(seen.peer).is_some()
                && let Some(request) = requests.iter().find(|request| !self.was_asked(request))
            {
                let (client, number) = (request.client, request.number);
                return Err(format!(
                    "slot {slot} has request {number} of {client}, who never made it"
                ));
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// A request that a client waits for, and the receipts that members have sent for it.
type Wait = (u64, Map<Seat, Arc<[u8]>>);

/// A client takes as its answer only what f + 1 members have replied, all the same.
#[derive(Clone)]
pub(super) struct MatchingReplies {
    members: Members,
    waits: Map<PeerId, Wait>,
}

impl MatchingReplies {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            waits: Map::new_sync(),
        }
    }

    fn on_request(&mut self, client: PeerId, number: u64) {
        let known = self.waits.get(&client).map(|(number, _)| *number);
        if known != Some(number) {
            self.waits.insert_mut(client, (number, Map::new_sync()));
        }
    }

    fn on_reply(&mut self, seat: Seat, client: PeerId, number: u64, receipt: Arc<[u8]>) {
        if let Some((waits, replies)) = self.waits.get_mut(&client)
            && *waits == number
        {
            replies.insert_mut(seat, receipt);
        }
    }

    fn believes(&self, client: PeerId, receipt: &Arc<[u8]>) -> Result<(), String> {
        let replies = self.waits.get(&client).map(|(_, replies)| replies);
        let same = replies.into_iter().flat_map(Map::values);
        let same = same.filter(|other| *other == receipt).count();
        if same <= self.members.faults() {
            return Err(format!("{client} believes {same} members"));
        }
        Ok(())
    }
}

impl Claim for MatchingReplies {
    fn name(&self) -> &'static str {
        "pbft/matching-replies"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let seat = self.members.seat(seen.peer);
        for (place, output) in seen.out.iter().enumerate() {
            match (seat, spoken(seen.out, place)) {
                (None, Some((_, Message::Request(request)))) => {
                    self.on_request(seen.peer, request.wish.number);
                }
                (
                    Some(seat),
                    Some((
                        to,
                        Message::Reply {
                            number, receipt, ..
                        },
                    )),
                ) => {
                    self.on_reply(seat, to, number, receipt);
                }
                _ => {}
            }
            if let Output::Answer {
                receipt: Some(receipt),
                ..
            } = output
            {
                self.believes(seen.peer, receipt)?;
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
