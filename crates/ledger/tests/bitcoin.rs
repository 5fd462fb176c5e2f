//! Bitcoin's first 180 blocks from the genesis block on: every rule of 2009, the first signature included.

use std::sync::Arc;

use chain::{
    Amount, BitcoinHeader, Block, BlockTime, Header, Height, Reject, bitcoin_2009, decode_exact,
    past_median,
};
use ledger::utxo::{Utxo, body_of};
use ledger::{Ledger, NoneChecked, Place, State};

fn blocks() -> Vec<Block> {
    let file = include_str!("../../chain/tests/vectors/bitcoin_blocks_0_180.json");
    let file: serde_json::Value = serde_json::from_str(file).expect("JSON");
    let all = file["blocks"].as_array().expect("blocks").iter();
    let raw = all.filter_map(|block| block["raw"].as_str());
    let block = |raw| decode_exact(&hex::decode(raw).expect("hexadecimal")).expect("a block");
    raw.map(block).collect()
}

struct Chain {
    ledger: Utxo,
    headers: Vec<BitcoinHeader>,
    state: State,
}

impl Chain {
    fn new() -> Self {
        let params = bitcoin_2009();
        let headers = vec![params.genesis.header];
        let ledger = Utxo::new(Arc::new(params));
        let state = ledger.genesis();
        Self {
            ledger,
            headers,
            state,
        }
    }

    fn judge(&self, block: &Block) -> Result<State, Reject> {
        let body = body_of(block);
        self.ledger.check(&Header::Bitcoin(block.header), &body)?;
        let place = Place {
            height: Height(u32::try_from(self.headers.len()).expect("few")),
            median: past_median(self.headers.as_slice()).expect("all are there"),
            time: block.header.time,
        };
        self.ledger.apply(&self.state, place, &body, &NoneChecked)
    }

    fn extend(&mut self, block: &Block) {
        self.state = self.judge(block).expect("mainnet blocks keep the rules");
        self.headers.push(block.header);
    }

    fn supply(&self) -> u64 {
        self.ledger.supply(&self.state).to_sat() / Amount::COIN.to_sat()
    }
}

#[test]
fn bitcoins_first_blocks_are_valid_from_genesis() {
    let mut chain = Chain::new();
    for (block, height) in blocks().iter().zip(1..) {
        chain.extend(block);
        assert_eq!(
            chain.supply(),
            50 * height,
            "all that was mined, but for block 0"
        );
    }
    assert_eq!(chain.headers.len(), 181);
    assert_eq!(
        chain.ledger.coins(&chain.state).len(),
        181,
        "block 9's went, two came"
    );
}

/// One thing changed at a time, under a new commitment, as a miner could have published it.
#[test]
fn block_170_is_refused_if_anything_is_wrong_with_its_payment() {
    let mut chain = Chain::new();
    let blocks = blocks();
    blocks[..169].iter().for_each(|block| chain.extend(block));
    let refused = |change: &dyn Fn(&mut Block)| {
        let mut block = blocks[169].clone();
        change(&mut block);
        block.commit();
        chain
            .judge(&block)
            .map(|_| ())
            .map_err(|reject| reject.name())
    };
    assert_eq!(refused(&|_| ()), Ok(()));
    let sum = |coins: i64| coins * 100_000_000;
    assert_eq!(
        refused(&|block| block.transactions[1].outputs[0].value += 1),
        Err("bad-txns-in-belowout")
    );
    assert_eq!(
        refused(&|block| block.transactions[1].outputs[0].value -= 1),
        Err("bad-signature")
    );
    assert_eq!(
        refused(&|block| block.transactions[1].inputs[0].script_sig.0.push(1)),
        Err("bad-witness")
    );
    assert_eq!(
        refused(&|block| block.transactions[1].inputs[0].prevout.vout = 1),
        Err("bad-txns-inputs-missingorspent")
    );
    assert_eq!(
        refused(&|block| block.transactions[0].outputs[0].value = sum(50) + 1),
        Err("bad-cb-amount")
    );
    assert_eq!(
        refused(&|block| {
            let mut again = block.transactions[1].clone();
            again.lock_time = 1;
            block.transactions.push(again);
        }),
        Err("bad-txns-inputs-missingorspent")
    );
    // Coinbases mature after 100 blocks: block 71's is too young.
    let young = blocks[70].transactions[0].txid();
    assert_eq!(
        refused(&|block| block.transactions[1].inputs[0].prevout.txid = young),
        Err("bad-txns-premature-spend-of-coinbase")
    );
}

/// In 2009, lock times were compared with the block's own time: BIP113 came later.
#[test]
fn lock_times_are_compared_with_the_blocks_own_time() {
    let chain = Chain::new();
    let mut block = blocks()[0].clone();
    let time = block.header.time;
    let mut at = |lock_time: BlockTime| {
        let coinbase = &mut block.transactions[0];
        coinbase.lock_time = lock_time.0;
        coinbase.inputs[0].sequence = 0;
        block.commit();
        chain
            .judge(&block)
            .map(|_| ())
            .map_err(|reject| reject.name())
    };
    assert_eq!(at(BlockTime(time.0 - 1)), Ok(()), "later than any median");
    assert_eq!(at(time), Err("bad-txns-nonfinal"));
}
