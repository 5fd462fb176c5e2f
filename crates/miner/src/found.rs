//! The list of winning nonces. Its size is fixed, so that an easy target cannot make it grow.

/// Nonces that won, in the order in which they were tried; at most [`Found::CAPACITY`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    nonces: [u32; Self::CAPACITY],
    len: u8,
}

impl Found {
    /// How many nonces fit.
    pub const CAPACITY: usize = 16;

    /// An empty list.
    pub const fn new() -> Self {
        Self {
            nonces: [0; Self::CAPACITY],
            len: 0,
        }
    }

    /// The nonces found so far.
    pub fn as_slice(&self) -> &[u32] {
        &self.nonces[..usize::from(self.len)]
    }

    /// Whether no further nonce fits.
    pub const fn is_full(&self) -> bool {
        self.len as usize == Self::CAPACITY
    }

    /// Empties the list, so that a search that stopped at a full one can go on.
    pub const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a nonce; the searches check `is_full` after each, so there is room.
    pub(crate) fn push(&mut self, nonce: u32) {
        if let Some(slot) = self.nonces.get_mut(usize::from(self.len)) {
            *slot = nonce;
            self.len += 1;
        }
    }
}
