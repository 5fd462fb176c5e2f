//! What was decided, and what came of it: slots are executed in their order, each once, and every
//! slot in which something was done becomes a block. A persistent value: a clone costs O(1).

use alloc::{sync::Arc, vec::Vec};
use core::cmp::Ordering;

use chain::{
    BlockId, ChainParams, Encode, Hash256, Height, MerkleRoot, PeerId, SealedHeader, StateRoot,
    Time, merkle, sha256d,
};
use ledger::{Ledger, Position, State};
use protocol::planted::is_planted;
use protocol::{Body, Proposal, Receipt, Request};
use rpds::RedBlackTreeMapSync as Map;

use crate::limits;

mod snapshot;

/// The chain of a replica.
#[derive(Clone)]
pub(crate) struct Slots {
    /// The last slot that was executed; 0 if none was.
    executed: u64,
    /// Decided slots that wait for one below them. How far ahead is the protocol's to bound.
    decided: Map<u64, Arc<Proposal>>,
    tip: BlockId,
    /// The header of that; `None` if it is the genesis block.
    last: Option<SealedHeader>,
    /// What this incarnation executed; blocks below a snapshot are not here after a restart.
    blocks: Map<Height, (SealedHeader, Arc<Proposal>)>,
    state: State,
    sessions: Map<PeerId, Session>,
    /// Clients by when they were last served.
    served: Map<(u64, u32), PeerId>,
}

/// What is remembered of a client, the same in all replicas.
#[derive(Clone)]
struct Session {
    /// Its last request ...
    number: u64,
    /// ... and what came of that.
    receipt: Arc<[u8]>,
    /// Slot and place in it.
    served: (u64, u32),
}

/// What came of a slot.
pub(crate) struct Outcome {
    pub slot: u64,
    pub proposal: Arc<Proposal>,
    pub block: Option<BlockId>,
    pub receipts: Arc<[Receipt]>,
}

impl Slots {
    pub fn new(params: &ChainParams, state: State) -> Self {
        Self {
            executed: 0,
            decided: Map::new_sync(),
            tip: params.genesis_id(),
            last: None,
            blocks: Map::new_sync(),
            state,
            sessions: Map::new_sync(),
            served: Map::new_sync(),
        }
    }

    /// The last block and its height.
    pub fn tip(&self) -> (BlockId, Height) {
        (self.tip, self.height())
    }

    fn height(&self) -> Height {
        self.last.map_or(Height::GENESIS, |header| header.height)
    }

    /// A time that is at least that of the last block. A leader's clock may be behind that of the one
    /// before; a chain's time is not.
    fn not_before(&self, time: Time) -> Time {
        self.last.map_or(time, |header| header.time.max(time))
    }

    /// The last slot that was executed; 0 if none was.
    pub fn executed(&self) -> u64 {
        self.executed
    }

    /// How many decided slots wait for one below them, and how many clients are remembered.
    pub fn counts(&self) -> (usize, usize) {
        (self.decided.size(), self.sessions.size())
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The block at a height: its header, and what was decided.
    pub fn block(&self, height: Height) -> Option<&(SealedHeader, Arc<Proposal>)> {
        self.blocks.get(&height)
    }

    /// The number of a client's last request, and what came of it.
    pub fn last_of(&self, client: PeerId) -> Option<(u64, Arc<[u8]>)> {
        let session = self.sessions.get(&client)?;
        Some((session.number, session.receipt.clone()))
    }

    /// Takes in a decision. What was decided before stays.
    pub fn decide(&mut self, slot: u64, proposal: Arc<Proposal>) {
        if slot > self.executed && !self.decided.contains_key(&slot) {
            self.decided.insert_mut(slot, proposal);
        }
    }

    /// Goes on where a longer chain stands. What is decided beyond that stays decided, and blocks that
    /// are known stay known; those in between are not.
    pub fn jump(&mut self, to: Self) {
        let before = core::mem::replace(self, to);
        self.blocks = before.blocks;
        for (slot, proposal) in &before.decided {
            self.decide(*slot, proposal.clone());
        }
    }

    /// Executes the next slot, if it is decided.
    pub fn execute_next(&mut self, ledger: &dyn Ledger) -> Option<Outcome> {
        let slot = self.executed.checked_add(1)?;
        let proposal = self.decided.get(&slot)?.clone();
        self.decided.remove_mut(&slot);
        self.executed = slot;
        let (block, receipts) = match &proposal.body {
            Body::Noop | Body::Config(_) => (None, Vec::new()),
            Body::Requests(requests) => {
                let receipts = self.carry_out(ledger, slot, &proposal, requests);
                let block = self.append(ledger, slot, proposal.clone(), requests);
                (Some(block), receipts)
            }
        };
        Some(Outcome {
            slot,
            proposal,
            block,
            receipts: receipts.into(),
        })
    }

    fn carry_out(
        &mut self,
        ledger: &dyn Ledger,
        slot: u64,
        proposal: &Proposal,
        requests: &[Request],
    ) -> Vec<Receipt> {
        let (height, time) = (self.height().next(), self.not_before(proposal.time));
        let mut receipts = Vec::with_capacity(requests.len());
        for (index, request) in (0..).zip(requests) {
            let place = Position {
                height,
                index,
                time,
            };
            receipts.push(Receipt {
                client: request.client,
                number: request.number,
                receipt: self.once(ledger, slot, place, request),
            });
        }
        receipts
    }

    /// Carries out a request, unless that was done before: then its receipt is repeated. Of a request
    /// before the client's last the receipt is empty, since the client has moved on.
    fn once(
        &mut self,
        ledger: &dyn Ledger,
        slot: u64,
        place: Position,
        request: &Request,
    ) -> Arc<[u8]> {
        let before = self.sessions.get(&request.client).cloned();
        let known = before
            .as_ref()
            .filter(|_| !is_planted("node/executed-twice"));
        match known.map(|one| request.number.cmp(&one.number)) {
            Some(Ordering::Equal) => return before.map_or_else(Arc::default, |one| one.receipt),
            Some(Ordering::Less) => return Arc::default(),
            Some(Ordering::Greater) | None => {}
        }
        let (state, receipt) = ledger.execute(&self.state, place, &request.tx);
        self.state = state;
        self.remember(request, slot, place.index, receipt.clone(), before);
        receipt
    }

    /// Of too many clients the one that was served longest ago is forgotten, in all replicas alike.
    fn remember(
        &mut self,
        request: &Request,
        slot: u64,
        index: u32,
        receipt: Arc<[u8]>,
        before: Option<Session>,
    ) {
        match before {
            Some(before) => drop(self.served.remove_mut(&before.served)),
            None if self.sessions.size() >= limits::CLIENTS => {
                if let Some((when, client)) = self.served.first().map(|(a, b)| (*a, *b)) {
                    self.served.remove_mut(&when);
                    self.sessions.remove_mut(&client);
                }
            }
            None => {}
        }
        let served = (slot, index);
        let (client, number) = (request.client, request.number);
        let session = Session {
            number,
            receipt,
            served,
        };
        self.sessions.insert_mut(client, session);
        self.served.insert_mut(served, client);
    }

    /// Puts a block on top. Its header is made of what was decided and what came of it, so that all
    /// replicas make the same.
    fn append(
        &mut self,
        ledger: &dyn Ledger,
        slot: u64,
        proposal: Arc<Proposal>,
        requests: &[Request],
    ) -> BlockId {
        let leaves = requests.iter().map(|request| sha256d(&request.to_vec()));
        let header = SealedHeader {
            parent: self.tip,
            height: self.height().next(),
            slot,
            time: self.not_before(proposal.time),
            proposer: proposal.proposer,
            tx_root: MerkleRoot::from_bytes(merkle::root(leaves).hash),
            state_root: StateRoot::from_bytes(ledger.root(&self.state)),
            extra_hash: Hash256::ZERO,
        };
        (self.tip, self.last) = (header.id(), Some(header));
        self.blocks.insert_mut(header.height, (header, proposal));
        self.tip
    }
}
