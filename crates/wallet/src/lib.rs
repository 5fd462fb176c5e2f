//! Does: computes what a wallet does: keys from words, addresses, balances, payments and signatures.
//! Never: draws randomness, keeps a clock, stores or sends anything, or learns of the chain by itself.
//! Neighbours: `chain` below; hosts tell it what happened, and carry out what it makes.
//!
//! What can spend ([`Mnemonic`], [`Seed`], [`Account`]) is apart from what can only watch. Keys are play keys:
//! they secure coins of rooms, which are worth nothing.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod addresses;
pub mod amount;
pub mod backup;
pub mod book;
pub mod contract;
pub mod destination;
pub mod fee;
pub mod keys;
pub mod mnemonic;
pub mod partial;
pub mod payment;
pub mod replace;
pub mod request;
pub mod select;

pub use addresses::{Addresses, GAP_LIMIT, GapError};
pub use amount::AmountTextError;
pub use backup::{Backup, BackupError};
pub use book::{Balance, Book, BookError, Entry, OwnCoin, Sent};
pub use contract::{ContractCoin, ContractError};
pub use destination::{Destination, DestinationError};
pub use fee::FeeRateError;
pub use keys::{Account, Branch, DeriveError, KeyPath, Seed, Viewer};
pub use mnemonic::{Language, Mnemonic, PassphraseError, RestoreError, Suspect};
pub use partial::{Partial, PartialError};
pub use payment::{Draft, Order, Payment, PaymentError};
pub use replace::{ReplaceError, bump, cancel};
pub use request::{Request, RequestError};
pub use select::{LeftOut, Method, SelectError, Selection};
