//! What a node does with decided slots, in short.

use alloc::{collections::BTreeMap, sync::Arc, vec, vec::Vec};

use chain::{PeerId, sha256};
use protocol::{Body, Proposal, Receipt};

/// Executes decided slots as nodes do: in order, each request once.
#[derive(Default)]
pub(crate) struct Executor {
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

    /// The next slot, if it is decided.
    pub fn execute(&mut self) -> Option<(u64, Vec<Receipt>)> {
        let slot = self.executed + 1;
        let proposal = self.decided.get(&slot)?;
        self.executed = slot;
        let requests = match &proposal.body {
            Body::Noop => &[][..],
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
        Some((slot, receipts))
    }
}
