//! Unspent outputs: coinbases and spends in Bitcoin's transaction format.
//!
//! An output pays to one of the forms that [`chain::lock`] knows, and is spent by what that asks for.
//! Other scripts may be paid, but nobody can spend from them: there is no interpreter.
//!
//! In blocks of forks, coinbases create coins and collect fees. In slots nobody mines: all coins
//! come from the [`Allocation`], and the fee of each transaction is burnt, so the supply shrinks by
//! it. A fee of zero is fine.

mod admit;
mod apply;
mod coins;
mod receipt;
mod wire;

use alloc::{sync::Arc, vec::Vec};

use chain::address::Address;
use chain::mempool::Admission;
use chain::{
    Amount, BitcoinHeader, Block, ChainParams, DecodeError, Encode, Header, Height, OutPoint,
    PeerId, Reject, Script, Transaction, TxOut, Txid, decode_exact, subsidy, tagged_hash,
};
use protocol::{ParamSpec, Payee};

pub use coins::{Coin, Coins};
pub use receipt::Receipt;

use crate::{
    Allocation, Carried, Checked, Chosen, Draft, Inadmissible, Ledger, LedgerEntry, Miner,
    NoneChecked, Owned, Place, Position, State, Waiting,
};
use apply::Rules;

/// This ledger's line in the registry.
pub const ENTRY: LedgerEntry = LedgerEntry {
    id: "utxo",
    name: "Unspent outputs",
    params: PARAMS,
    build: |terms| {
        Arc::new(Utxo::with_allocation(
            terms.chain.clone(),
            &terms.allocation,
        ))
    },
    sample: None,
    forms: &[], // payments are made by wallets
    tell_transaction: |_| None,
    tell_receipt: |_| None,
    touched: None,
};

/// The parameters that this ledger adds to a room.
pub const PARAMS: &[ParamSpec] = &[ParamSpec {
    name: "halving",
    unit: "blocks",
    min: 1,
    // Above it, all subsidies together would exceed the 21 million coins that an amount can hold.
    max: chain::MAX_HALVING as u64,
    default: 210_000,
}];

/// The ledger of a chain with these parameters.
pub struct Utxo {
    params: Arc<ChainParams>,
    genesis: Coins,
    /// What the outpoints of allocated coins name as their transaction.
    allocated: Txid,
}

impl Utxo {
    /// The ledger of a chain that begins without coins.
    #[must_use]
    pub fn new(params: Arc<ChainParams>) -> Self {
        Self::with_allocation(params, &Allocation::default())
    }

    /// The ledger of a chain that begins with one coin for each entry of an allocation. They need
    /// not mature.
    #[must_use]
    pub fn with_allocation(params: Arc<ChainParams>, allocation: &Allocation) -> Self {
        let allocated = allocated(&params, allocation);
        let mut genesis = Coins::default();
        for (vout, (key, amount)) in (0u32..).zip(allocation.entries()) {
            let coin = Coin {
                amount: *amount,
                script: pay_to(&Payee(*key)),
                height: Height::GENESIS,
                median: params.genesis.header.time,
                coinbase: false,
            };
            let at = OutPoint {
                txid: allocated,
                vout,
            };
            genesis
                .put(at, coin)
                .expect("an allocation is at most all the money");
        }
        Self {
            params,
            genesis,
            allocated,
        }
    }

    /// Where the coin of the allocation's entry `index` is at the start, for those who spend it.
    #[must_use]
    pub fn allocated(&self, index: u32) -> OutPoint {
        OutPoint {
            txid: self.allocated,
            vout: index,
        }
    }

    /// The unspent outputs of a state that this ledger made.
    #[must_use]
    pub fn coins<'a>(&self, state: &'a State) -> &'a Coins {
        state.inner()
    }
}

impl Ledger for Utxo {
    fn genesis(&self) -> State {
        // As in Bitcoin, the genesis block's output is not in the set and can never be spent.
        State::new(self.genesis.clone())
    }

    fn check(&self, header: &Header, body: &[u8]) -> Result<(), Reject> {
        let Header::Bitcoin(header) = header else {
            return Err(Reject::BodyUndecodable);
        };
        decode(header, body)?.check_body(&self.params)
    }

    fn apply(
        &self,
        parent: &State,
        place: Place,
        body: &[u8],
        checked: &dyn Checked,
    ) -> Result<State, Reject> {
        let block = decode(&EMPTY_HEADER, body)?;
        let rules = Rules {
            params: &self.params,
            checked,
        };
        apply::apply(rules, parent.inner(), place, &block).map(State::new)
    }

    fn admit(
        &self,
        at: &State,
        place: Place,
        tx: &[u8],
        waiting: &dyn Waiting,
        checked: &dyn Checked,
    ) -> Result<Admission, Inadmissible> {
        let rules = Rules {
            params: &self.params,
            checked,
        };
        admit::admit(rules, at.inner(), place, tx, waiting)
    }

    fn coins_of(&self, at: &State, scripts: &[Script]) -> Vec<Owned> {
        let coins = self.coins(at).iter();
        let owned = coins.filter(|(_, coin)| scripts.contains(&coin.script));
        let tell = |(at, coin): (&OutPoint, &Coin)| Owned {
            at: *at,
            amount: coin.amount,
            script: coin.script.clone(),
            height: coin.height,
            coinbase: coin.coinbase,
        };
        owned.map(tell).collect()
    }

    fn pays(&self, tx: &[u8], scripts: &[Script]) -> bool {
        let tx = decode_exact::<Transaction>(tx);
        let pays = |output: &TxOut| scripts.contains(&output.script_pubkey);
        tx.is_ok_and(|tx| tx.outputs.iter().any(pays))
    }

    fn settled(&self, fee: Amount) -> Arc<[u8]> {
        Receipt { result: Ok(fee) }.to_vec().into()
    }

    fn carried(&self, body: &[u8]) -> Vec<Carried> {
        let block = decode(&EMPTY_HEADER, body);
        let transactions = block.map(|block| block.transactions).unwrap_or_default();
        admit::carried(&transactions, body)
    }

    /// The rules are those of a block's transactions, but for coinbases, which are refused. Lock times
    /// are compared with the time of the proposal, counted from that of the genesis block. The fee is
    /// burnt.
    fn execute(&self, at: &State, place: Position, tx: &[u8]) -> (State, Arc<[u8]>) {
        let rules = Rules {
            params: &self.params,
            checked: &NoneChecked,
        };
        let (state, result) = match apply::execute(rules, at.inner(), place, tx) {
            Ok((coins, fee)) => (State::new(coins), Ok(fee)),
            Err(reject) => (at.clone(), Err(reject.name())),
        };
        (state, Receipt { result }.to_vec().into())
    }

    fn draft(
        &self,
        _parent: &State,
        place: Place,
        miner: &Miner,
        extra: u64,
        chosen: &[Chosen],
    ) -> Draft {
        let fees = chosen.iter().map(|chosen| chosen.fee);
        let reward = Amount::sum(fees.chain([subsidy(place.height, &self.params)])).expect(
            "fees come out of coins, which are at most all the money together with the subsidy",
        );
        let reward = TxOut::new(reward, pay_to(&miner.payee));
        let coinbase = coinbase(place.height, miner, extra, reward);
        let others = chosen
            .iter()
            .map(|chosen| decode_exact(&chosen.bytes).expect("what was admitted is a transaction"));
        let mut block = Block {
            header: EMPTY_HEADER,
            transactions: core::iter::once(coinbase).chain(others).collect(),
        };
        block.commit();
        Draft {
            root: block.header.merkle_root,
            body: body_of(&block),
        }
    }

    fn maker(&self, body: &[u8]) -> Option<PeerId> {
        let block = decode(&EMPTY_HEADER, body).ok()?;
        let coinbase = block.transactions.first()?;
        // Height, extra, and the maker if somebody else is paid.
        let tag = coinbase.inputs.first()?.script_sig.ops().nth(2);
        if let Some(tag) = tag {
            return tag.data.try_into().ok().map(PeerId::from_bytes);
        }
        let output = coinbase.outputs.first()?;
        let address = Address::from_script_pubkey(&output.script_pubkey)?;
        Some(address.output_key().ok()?.peer_id())
    }

    fn supply(&self, at: &State) -> Amount {
        self.coins(at).supply()
    }

    fn root(&self, at: &State) -> [u8; 32] {
        self.coins(at).root()
    }

    fn snapshot(&self, at: &State) -> Vec<u8> {
        self.coins(at).to_vec()
    }

    fn restore(&self, bytes: &[u8]) -> Result<State, DecodeError> {
        decode_exact::<Coins>(bytes).map(State::new)
    }
}

/// A coinbase that says which node made its block: by whom it pays, or else by a tag.
fn coinbase(height: Height, miner: &Miner, extra: u64, reward: TxOut) -> Transaction {
    let mut coinbase = Transaction::coinbase(height, &extra.to_le_bytes(), alloc::vec![reward]);
    if miner.payee.0 != miner.key {
        let script = &mut coinbase.inputs[0].script_sig;
        *script = core::mem::take(script).push(miner.key.peer_id().as_bytes());
    }
    coinbase
}

/// A placeholder header for blocks of which only the transactions matter.
const EMPTY_HEADER: BitcoinHeader = BitcoinHeader {
    version: 0,
    prev: chain::BlockId::ZERO,
    merkle_root: chain::MerkleRoot::ZERO,
    time: chain::BlockTime(0),
    bits: chain::CompactTarget(0),
    nonce: 0,
};

/// An id that no transaction has, as it is the hash of something else. It covers the whole
/// allocation, so that a signature for one start of a chain means nothing after another.
fn allocated(params: &ChainParams, allocation: &Allocation) -> Txid {
    let mut list = Vec::new();
    for (key, amount) in allocation.entries() {
        list.extend_from_slice(&key.to_bytes());
        list.extend_from_slice(&amount.to_sat().to_le_bytes());
    }
    let genesis = params.genesis_id();
    Txid::from_bytes(tagged_hash(
        "tabchain/allocation",
        &[genesis.as_bytes(), &list],
    ))
}

/// The script that pays a key.
#[must_use]
pub fn pay_to(payee: &Payee) -> Script {
    Address::from_output_key(&payee.0).script_pubkey()
}

/// A block without its header, which is the form in which bodies travel.
#[must_use]
pub fn body_of(block: &Block) -> Vec<u8> {
    block.to_vec().split_off(BitcoinHeader::LEN)
}

fn decode(header: &BitcoinHeader, body: &[u8]) -> Result<Block, Reject> {
    let raw = [header.encode().as_slice(), body].concat();
    decode_exact(&raw).map_err(|_| Reject::BodyUndecodable)
}
