//! Whom a wallet pays: what an address stands for.

use core::fmt;
use core::str::FromStr;

use chain::address::PREFIX;
use chain::{Address, AddressError, Lock, Script, WitnessProgram, WitnessScript};

/// Why a text names nobody who could be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It is no address of Tabchain's.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The form is right, but no point on the curve is meant: nobody could ever spend what it is paid.
    #[error("nobody can have the key of this address")]
    NobodysKey,
}

/// Whom a wallet pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// The holder of a key (`tab1p…`).
    Key(Address),
    /// Whoever can do what a script with this SHA-256 asks for (`tab1q…`).
    Script([u8; 32]),
}

impl Destination {
    /// Whoever can do what a contract asks for.
    #[must_use]
    pub fn of_contract(contract: &WitnessScript) -> Self {
        Self::Script(chain::sha256(contract.script().as_bytes()))
    }

    /// The destination that an output's script pays.
    #[must_use]
    pub fn of_script_pubkey(script: &Script) -> Option<Self> {
        match Lock::of(script) {
            Lock::Taproot(_) => Address::from_script_pubkey(script).map(Self::Key),
            Lock::WitnessScriptHash(hash) => Some(Self::Script(hash)),
            _ => None,
        }
    }

    /// The script of an output that pays it.
    #[must_use]
    pub fn script_pubkey(&self) -> Script {
        match self {
            Self::Key(address) => address.script_pubkey(),
            Self::Script(hash) => Lock::WitnessScriptHash(*hash).script(),
        }
    }
}

/// The address.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(address) => address.fmt(f),
            Self::Script(hash) => {
                let program = WitnessProgram::new(0, hash.to_vec()).map_err(|_| fmt::Error)?;
                f.pad(&program.to_address(PREFIX).map_err(|_| fmt::Error)?)
            }
        }
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    /// Reads an address with any white space around it.
    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let program = WitnessProgram::from_address(PREFIX, text.trim())?;
        if let (0, Ok(hash)) = (program.version(), program.bytes().try_into()) {
            return Ok(Self::Script(hash));
        }
        let address = Address::try_from(program)?;
        match address.output_key() {
            Ok(_) => Ok(Self::Key(address)),
            Err(_) => Err(DestinationError::NobodysKey),
        }
    }
}
