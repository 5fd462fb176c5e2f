//! What an ECDSA signature covers.

/// What an ECDSA signature covers of a transaction. Only the last byte of a signature says so, but the
/// message has room for 32 bits, and all of them are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcdsaSighashType(pub u32);

/// The outputs that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// All, whatever bits say so.
    All,
    /// None.
    None,
    /// The one at the input's own index.
    Single,
}

impl EcdsaSighashType {
    /// Everything: what a wallet normally uses.
    pub const ALL: Self = Self(1);

    /// The outputs that it covers: any number but two says "all".
    pub(super) fn covered(self) -> Covered {
        match self.0 & 0x1f {
            2 => Covered::None,
            3 => Covered::Single,
            _ => Covered::All,
        }
    }

    /// Whether it leaves the other inputs uncovered.
    pub(super) fn anyone_can_pay(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Whether it leaves the sequence numbers of other inputs uncovered.
    pub(super) fn covers_sequences(self) -> bool {
        self.covered() == Covered::All && !self.anyone_can_pay()
    }
}
