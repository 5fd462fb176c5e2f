//! What a node does with decided slots, in short.

use alloc::{collections::BTreeMap, sync::Arc, vec, vec::Vec};

use chain::{DecodeError, PeerId, Reader, put_bytes, sha256};
use protocol::{Body, Proposal, Receipt, Snapshot};

/// Executes decided slots as nodes do: in order, each request once.
#[derive(Default)]
pub struct Executor {
    decided: BTreeMap<u64, Arc<Proposal>>,
    pub executed: u64,
    pub tip: [u8; 32],
    receipts: BTreeMap<PeerId, (u64, Arc<[u8]>)>,
}

impl Executor {
    pub fn decide(&mut self, slot: u64, proposal: Arc<Proposal>) {
        let known = self.decided.entry(slot).or_insert_with(|| proposal.clone());
        assert_eq!(*known, proposal, "slot {slot} was decided twice");
    }

    /// A client's last request, and what came of it.
    pub fn last_of(&self, client: PeerId) -> Option<(u64, Arc<[u8]>)> {
        self.receipts.get(&client).cloned()
    }

    /// All that is shared.
    pub fn snapshot(&self) -> Snapshot {
        let mut bytes = self.tip.to_vec();
        for (client, (number, receipt)) in &self.receipts {
            bytes.extend_from_slice(client.as_bytes());
            bytes.extend_from_slice(&number.to_le_bytes());
            put_bytes(receipt, &mut bytes);
        }
        Snapshot {
            slot: self.executed,
            bytes: bytes.into(),
        }
    }

    /// Goes on from a snapshot; false if it is none, or of the past.
    pub fn restore(&mut self, snapshot: &Snapshot) -> bool {
        let read = || {
            let mut reader = Reader::new(&snapshot.bytes);
            let (tip, mut receipts) = (reader.array()?, BTreeMap::new());
            while !reader.remaining().is_empty() {
                let client = PeerId::from_bytes(reader.array()?);
                receipts.insert(client, (reader.u64()?, reader.bytes()?.into()));
            }
            Ok::<_, DecodeError>((tip, receipts))
        };
        match read() {
            Ok((tip, receipts)) if snapshot.slot > self.executed => {
                (self.tip, self.receipts, self.executed) = (tip, receipts, snapshot.slot);
                true
            }
            _ => false,
        }
    }

    /// The next slot, if it is decided.
    pub fn execute(&mut self) -> Option<(u64, Arc<Proposal>, Vec<Receipt>)> {
        let slot = self.executed + 1;
        let proposal = self.decided.get(&slot)?.clone();
        self.executed = slot;
        let requests = match &proposal.body {
            Body::Noop | Body::Config(_) => &[][..],
            Body::Requests(requests) => requests,
        };
        let mut receipts = vec![];
        for request in requests {
            let last = self.receipts.get(&request.client);
            let receipt = match last {
                Some((number, receipt)) if *number >= request.number => receipt.clone(),
                _ => {
                    self.tip = sha256(&[&self.tip[..], &request.tx].concat());
                    request.tx.clone()
                }
            };
            let (client, number) = (request.client, request.number);
            self.receipts.insert(
                client,
                (number.max(last.map_or(0, |last| last.0)), receipt.clone()),
            );
            receipts.push(Receipt {
                client,
                number,
                receipt,
            });
        }
        Some((slot, proposal, receipts))
    }
}
