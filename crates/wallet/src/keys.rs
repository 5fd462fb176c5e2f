//! Keys from a seed (BIP32), on the paths of wallets that pay with taproot (BIP86).
//!
//! | path | for |
//! |---|---|
//! | `m/86'/1'/0'/0/n` | addresses to receive at |
//! | `m/86'/1'/0'/1/n` | change |
//! | `m/48'/1'/0'/2'/0/n` | keys of contracts, shown to those who take part (BIP48) |
//!
//! The coin type is the one that all test networks share.

use core::fmt;

use bip32::{ChildNumber, XPrv, XPub};
use chain::{Address, EcdsaKey, KeyError, PublicKey, SecretKey};
use zeroize::Zeroizing;

const PURPOSE_TAPROOT: u32 = 86;
const PURPOSE_CONTRACTS: u32 = 48;
const COIN_TYPE: u32 = 1;
const ACCOUNT: u32 = 0;
/// BIP48's type for scripts behind a hash.
const SCRIPT_TYPE: u32 = 2;

/// What all keys of a wallet are derived from. Its memory is wiped when it goes.
pub struct Seed(Zeroizing<[u8; 64]>);

impl Seed {
    pub(crate) fn new(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The account at BIP86's path.
    ///
    /// # Errors
    /// [`DeriveError::NoSuchKey`].
    pub fn account(&self) -> Result<Account, DeriveError> {
        let master = XPrv::new(&*self.0)?;
        let below = |purpose| -> Result<XPrv, DeriveError> {
            [purpose, COIN_TYPE, ACCOUNT]
                .into_iter()
                .try_fold(master.clone(), |key, number| {
                    Ok(key.derive_child(ChildNumber::new(number, true)?)?)
                })
        };
        let payments = below(PURPOSE_TAPROOT)?;
        let contracts = below(PURPOSE_CONTRACTS)?;
        let contracts = contracts.derive_child(ChildNumber::new(SCRIPT_TYPE, true)?)?;
        Ok(Account {
            receive: child(&payments, Branch::Receive.number())?,
            change: child(&payments, Branch::Change.number())?,
            contracts: child(&contracts, 0)?,
        })
    }

    #[cfg(test)]
    pub(crate) fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn master_key(&self) -> alloc::string::String {
        use alloc::string::ToString as _;
        let master = XPrv::new(&*self.0).expect("the vectors have one");
        master.to_extended_key(bip32::Prefix::XPRV).to_string()
    }
}

/// Shows nothing of it.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// Why there is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// Numbers of keys are below 2^31.
    #[error("there is no key number {0}")]
    BadIndex(u32),
    /// One hash in 2^127 gives no key; nobody has ever seen one.
    #[error("these numbers give no key")]
    NoSuchKey,
}

impl From<bip32::Error> for DeriveError {
    fn from(_: bip32::Error) -> Self {
        Self::NoSuchKey
    }
}

impl From<KeyError> for DeriveError {
    fn from(_: KeyError) -> Self {
        Self::NoSuchKey
    }
}

/// The two branches of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// Addresses that others are told.
    Receive,
    /// Addresses that the wallet pays its own change to.
    Change,
}

impl Branch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Receive, Self::Change];

    fn number(self) -> u32 {
        match self {
            Self::Receive => 0,
            Self::Change => 1,
        }
    }
}

/// One key of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath {
    /// The branch.
    pub branch: Branch,
    /// Its number there, from 0.
    pub index: u32,
}

/// The keys that spend.
#[derive(Clone)]
pub struct Account {
    receive: XPrv,
    change: XPrv,
    contracts: XPrv,
}

impl Account {
    /// What finds the addresses of this account, and can spend nothing.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer {
            receive: self.receive.public_key(),
            change: self.change.public_key(),
        }
    }

    /// The key that spends what [`Viewer::address`] at the same path is paid.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn key(&self, path: KeyPath) -> Result<SecretKey, DeriveError> {
        let branch = match path.branch {
            Branch::Receive => &self.receive,
            Branch::Change => &self.change,
        };
        Ok(secret(&child(branch, path.index)?)?.tap_tweak(None)?)
    }

    /// A key for contracts. It signs with ECDSA, and is apart from those of payments, as others are shown its
    /// public key.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn contract_key(&self, index: u32) -> Result<SecretKey, DeriveError> {
        secret(&child(&self.contracts, index)?)
    }

    /// Its public key, for the others.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn contract_public_key(&self, index: u32) -> Result<EcdsaKey, DeriveError> {
        Ok(self.contract_key(index)?.ecdsa_key())
    }
}

/// Shows nothing of it.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account")
    }
}

/// Derives the addresses of an account without a key that could spend.
#[derive(Clone)]
pub struct Viewer {
    receive: XPub,
    change: XPub,
}

impl Viewer {
    /// The address at a path: nobody but the key of the same path can spend what it is paid.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn address(&self, path: KeyPath) -> Result<Address, DeriveError> {
        Ok(Address::from_internal_key(&self.internal_key(path)?)?)
    }

    fn internal_key(&self, path: KeyPath) -> Result<PublicKey, DeriveError> {
        let branch = match path.branch {
            Branch::Receive => &self.receive,
            Branch::Change => &self.change,
        };
        let [_, x @ ..] = branch.derive_child(normal(path.index)?)?.to_bytes();
        Ok(PublicKey::from_bytes(&x)?)
    }
}

/// Shows nothing of it: whoever has it knows all addresses.
impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Viewer")
    }
}

/// The number of a child that public keys have as well.
fn normal(index: u32) -> Result<ChildNumber, DeriveError> {
    ChildNumber::new(index, false).map_err(|_| DeriveError::BadIndex(index))
}

fn child(parent: &XPrv, index: u32) -> Result<XPrv, DeriveError> {
    Ok(parent.derive_child(normal(index)?)?)
}

fn secret(key: &XPrv) -> Result<SecretKey, DeriveError> {
    Ok(SecretKey::from_bytes(&Zeroizing::new(key.to_bytes()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use serde_json::Value;

    fn vectors(file: &str) -> Value {
        serde_json::from_str(file).expect("JSON")
    }

    fn text(value: &Value) -> &str {
        value.as_str().expect("text")
    }

    fn derive(seed: &[u8], path: &str) -> XPrv {
        path.split('/')
            .skip(1)
            .fold(XPrv::new(seed).expect("a key"), |key, step| {
                let number = step.trim_end_matches('\'');
                let number = number.parse().expect("a number");
                let child = ChildNumber::new(number, step.ends_with('\'')).expect("below 2^31");
                key.derive_child(child).expect("a key")
            })
    }

    /// The library is what derives; these are BIP32's own numbers for it.
    #[test]
    fn extended_keys_are_those_of_the_vectors() {
        let file = vectors(include_str!("../tests/vectors/bip32.json"));
        let rows = file.as_array().expect("rows");
        assert_eq!(rows.len(), 17);
        for row in rows {
            let seed = hex::decode(text(&row["seed"])).expect("hexadecimal");
            let key = derive(&seed, text(&row["path"]));
            let secret = key.to_extended_key(bip32::Prefix::XPRV);
            assert_eq!(secret.to_string(), text(&row["xprv"]));
            let public = key.public_key().to_extended_key(bip32::Prefix::XPUB);
            assert_eq!(public.to_string(), text(&row["xpub"]));
        }
    }

    /// BIP86 has Bitcoin's coin type, so its account is derived by hand.
    #[test]
    fn addresses_are_those_of_the_vectors() {
        let file = vectors(include_str!("../tests/vectors/bip86.json"));
        let mnemonic = crate::Mnemonic::parse(text(&file["mnemonic"])).expect("words");
        let seed = mnemonic.seed();
        let [receive, change, contracts] = ["m/86'/0'/0'/0", "m/86'/0'/0'/1", "m/48'/0'/0'/2'/0"]
            .map(|path| derive(seed.as_bytes(), path));
        let account = Account {
            receive,
            change,
            contracts,
        };
        let viewer = account.viewer();
        let rows = file["addresses"].as_array().expect("rows");
        assert_eq!(rows.len(), 3);
        for row in rows {
            let path = text(&row["path"]).strip_prefix("m/86'/0'/0'/").unwrap();
            let (branch, index) = path.split_once('/').expect("two numbers");
            let path = KeyPath {
                branch: Branch::ALL[branch.parse::<usize>().expect("0 or 1")],
                index: index.parse().expect("a number"),
            };
            let internal = viewer.internal_key(path).expect("a key");
            assert_eq!(internal.to_string(), text(&row["internal_key"]));
            let address = viewer.address(path).expect("an address");
            let key = address.output_key().expect("a key");
            assert_eq!(key.to_string(), text(&row["output_key"]));
            assert_eq!(account.key(path).expect("a key").public_key(), key);
            let program = chain::WitnessProgram::new(1, key.to_bytes().to_vec()).unwrap();
            assert_eq!(program.to_address("bc").unwrap(), text(&row["address"]));
        }
    }
}
