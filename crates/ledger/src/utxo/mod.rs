//! Unspent outputs: coinbases and simple spends in Bitcoin's transaction format.
//!
//! An output pays a key (in BIP341's form, with the key as output key) and is spent through the key
//! path by one BIP340 signature. Other scripts may be paid, but nobody can spend from them: that is
//! this ledger's one shortcut, until a script language is needed.

mod apply;
mod coins;

use alloc::{sync::Arc, vec, vec::Vec};

use chain::address::Address;
use chain::{
    Amount, BitcoinHeader, Block, ChainParams, Encode, Header, Reject, Script, Transaction, TxOut,
    decode_exact, subsidy,
};
use protocol::{ParamSpec, Payee};

pub use coins::{Coin, Coins};

use crate::{Draft, Ledger, Place, State};

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
}

impl Utxo {
    /// The ledger of a chain.
    #[must_use]
    pub fn new(params: Arc<ChainParams>) -> Self {
        Self { params }
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
        State::new(Coins::default())
    }

    fn check(&self, header: &Header, body: &[u8]) -> Result<(), Reject> {
        let Header::Bitcoin(header) = header else {
            return Err(Reject::BodyUndecodable);
        };
        decode(header, body)?.check_body(&self.params)
    }

    fn apply(&self, parent: &State, place: Place, body: &[u8]) -> Result<State, Reject> {
        let block = decode(&EMPTY_HEADER, body)?;
        apply::apply(&self.params, parent.inner(), place, &block).map(State::new)
    }

    fn draft(&self, _parent: &State, place: Place, payee: &Payee, extra: u64) -> Draft {
        let reward = TxOut::new(subsidy(place.height, &self.params), pay_to(payee));
        let coinbase = Transaction::coinbase(place.height, &extra.to_le_bytes(), vec![reward]);
        let mut block = Block {
            header: EMPTY_HEADER,
            transactions: vec![coinbase],
        };
        block.commit();
        Draft {
            root: block.header.merkle_root,
            body: body_of(&block),
        }
    }

    fn payee(&self, body: &[u8]) -> Option<Payee> {
        let block = decode(&EMPTY_HEADER, body).ok()?;
        let output = block.transactions.first()?.outputs.first()?;
        Address::from_script_pubkey(&output.script_pubkey)?
            .output_key()
            .ok()
            .map(Payee)
    }

    fn supply(&self, at: &State) -> Amount {
        self.coins(at).supply()
    }

    fn root(&self, at: &State) -> [u8; 32] {
        self.coins(at).root()
    }
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
