//! Does: defines the values of a chain and the pure rules on them, byte for byte Bitcoin's where it has them.
//! Never: uses a clock, a thread, randomness of its own, floats or hash maps.
//! Neighbours: everything builds on it; `miner` searches its headers, `ledger` gives transactions meaning.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod address;
pub mod block;
pub mod codec;
pub mod dense;
pub mod entropy;
pub mod fee;
pub mod hash;
pub mod header;
pub mod keys;
pub mod lock;
pub mod mempool;
pub mod merkle;
mod opcode;
pub mod params;
pub mod reject;
pub mod rng;
pub mod rules;
pub mod script;
pub mod sighash;
pub mod sigops;
pub mod spend;
pub mod target;
mod text;
pub mod transaction;
pub mod tree;
pub mod units;
pub mod witness;

pub use address::{Address, AddressError, WitnessProgram};
pub use block::Block;
pub use codec::{
    Decode, DecodeError, Encode, Reader, decode_exact, put_bytes, put_compact_size, put_list,
};
pub use dense::Dense;
pub use entropy::Entropy;
pub use fee::{FeeRate, virtual_size};
pub use hash::{
    BlockId, Hash256, MerkleRoot, ParseHashError, StateRoot, Txid, Wtxid, hash160, sha256, sha256d,
};
pub use header::{BitcoinHeader, Header, SealedHeader};
pub use keys::ecdsa::EcdsaKey;
pub use keys::shared::{SharedSecret, Tag, TagKey};
pub use keys::{KeyError, PeerId, PublicKey, SecretKey, Signature, tagged_hash};
pub use lock::{Lock, WitnessScript};
pub use params::{Anchor, ChainParams, MAX_HALVING, ParamsError, bitcoin_2009, tabchain};
pub use reject::Reject;
pub use rng::Stream;
pub use rules::{
    Past, check_body_at, check_header, lookback, median_time_past, min_block_time,
    next_target_bits, past_median, required_bits, subsidy,
};
pub use script::Script;
pub use sighash::{EcdsaSighashType, SighashError, SighashType, Sighasher, verify_key_spend};
pub use spend::{SpendError, Spender};
pub use target::{Compact, CompactTarget, Target, TargetError, Work, block_proof};
pub use transaction::{
    LOCK_TIME_THRESHOLD, OutPoint, RelativeLock, Transaction, TxIn, TxOut, Witness,
};
pub use tree::{InsertError, Link, LinkState, Reorg, Tree};
pub use units::{Amount, AmountError, BlockTime, Height, Micros, Seat, Time};

pub use ruint::aliases::U256;
