//! What only rooms with blocks to find have: coins, and payments that wait for a block.

use chain::{Address, Script, Txid};
use node::Node;
use protocol::{AskId, Input, Order, Payee};
use wire::coins::{CoinView, CoinsView, MempoolView, WaitingView};
use wire::{Answer, Failure};

use super::Member;
use crate::cx::{Cx, failure};
use crate::lasting::Lasting;

/// Most addresses that one ask may name.
const MOST_ADDRESSES: usize = 100;
/// Most coins, and most transactions that wait, in one answer.
const MOST_COINS: usize = 2_000;
const MOST_WAITING: usize = 500;

fn no_blocks() -> Failure {
    failure("wrong-room", "in this room no payment waits for a block")
}

impl Member {
    /// Somebody wants a transaction to come into a block. Answered once a node of this tab has judged it.
    pub fn send_transaction(&mut self, cx: &mut Cx<'_>, ask: u32, tx: Vec<u8>) {
        let node = self.first().map(Node::me).ok_or_else(no_blocks);
        if let Err(why) = node.and_then(|node| self.submit_to(node, ask, tx)) {
            cx.answer(ask, Err(why));
        }
    }

    /// A node says whether a transaction waits now.
    pub(super) fn admitted(
        &mut self,
        cx: &mut Cx<'_>,
        number: AskId,
        result: Result<Txid, &'static str>,
    ) {
        if let Some(ask) = self.submitted.remove(&number) {
            let refused = |name: &'static str| failure("refused", name);
            cx.answer(ask, result.map(Answer::Transaction).map_err(refused));
        }
    }

    /// Whom the blocks of this tab's nodes pay from now on: an address of a single key, or each node itself.
    pub fn pay_to(&mut self, l: &mut Lasting, address: Option<&str>) -> Result<(), Failure> {
        if l.has_slots() {
            return Err(no_blocks());
        }
        let payee = address.map(|address| {
            let address = read(address)?;
            let key = address.output_key().map_err(|error| {
                failure(
                    "bad-argument",
                    &format!("nobody mines for {address}: {error}"),
                )
            });
            key.map(Payee)
        });
        self.payee = payee.transpose()?;
        for one in &self.nodes {
            let own = Payee(one.identity.secret.public_key());
            let payee = self.payee.unwrap_or(own);
            self.host.give(one.id, Input::Order(Order::PayTo { payee }));
        }
        Ok(())
    }

    /// The coins of some addresses.
    pub fn coins(&self, addresses: &[String]) -> Result<CoinsView, Failure> {
        let node = self.first().ok_or_else(no_blocks)?;
        if addresses.len() > MOST_ADDRESSES {
            return Err(failure("bad-argument", "100 addresses at a time"));
        }
        let scripts = addresses
            .iter()
            .map(|address| Ok(read(address)?.script_pubkey()));
        let scripts: Vec<Script> = scripts.collect::<Result<_, Failure>>()?;
        let place_of = |script: &Script| {
            let place = scripts.iter().position(|known| known == script);
            u32::try_from(place?).ok()
        };
        let (coins, waiting) = node.watch(&scripts);
        let more = coins.len().saturating_sub(MOST_COINS);
        let views = coins.iter().take(MOST_COINS).map(|coin| CoinView {
            txid: coin.at.txid,
            vout: coin.at.vout,
            amount: coin.amount,
            address: place_of(&coin.script).unwrap_or_default(),
            height: coin.height,
            coinbase: coin.coinbase,
        });
        Ok(CoinsView {
            height: node.tip().1,
            maturity: node.params().coinbase_maturity,
            min_rate: node.min_fee_rate(self.clock.last()).to_milli_sat(),
            coins: views.collect(),
            more: u32::try_from(more).unwrap_or(u32::MAX),
            waiting: waiting
                .iter()
                .take(MOST_WAITING)
                .map(|tx| tx.bytes.to_vec())
                .collect(),
        })
    }

    /// What waits.
    pub fn mempool(&self) -> Result<MempoolView, Failure> {
        let node = self.first().ok_or_else(no_blocks)?;
        let pool = node.mempool();
        let best = pool.iter().take(MOST_WAITING).map(|tx| WaitingView {
            txid: tx.admission.txid,
            size: tx.admission.size,
            fee: tx.admission.fee,
            needs: tx.above.count.saturating_sub(1),
        });
        Ok(MempoolView {
            count: u32::try_from(pool.len()).unwrap_or(u32::MAX),
            size: pool.size(),
            min_rate: node.min_fee_rate(self.clock.last()).to_milli_sat(),
            best: best.collect(),
        })
    }
}

fn read(address: &str) -> Result<Address, Failure> {
    let read = address.parse::<Address>();
    read.map_err(|error| {
        failure(
            "bad-argument",
            &format!("{address:?} is no address: {error}"),
        )
    })
}
