//! Randomness that nobody can predict, which keys are made of.
//!
//! It is a type of its own, so that a simulation's [`Stream`] cannot stand in for it: whoever knows the seed
//! of a run would know the keys. Only hosts may make one; clippy tells all other crates so
//! (`disallowed-methods` in the `clippy.toml` at the root).

use core::fmt;

use crate::keys::SecretKey;
use crate::rng::Stream;

/// Unpredictable numbers, bytes and keys, as many as are asked for. It can be neither copied nor
/// compared: two with the same numbers would give two people the same keys.
///
/// ```compile_fail
/// let simulated = chain::Stream::new(1, 2, "keys");
/// let key = chain::Entropy::from(simulated).key();
/// ```
pub struct Entropy(Stream);

impl Entropy {
    /// Expands 32 bytes that the operating system or browser has just drawn for this and that are used for
    /// nothing else. They are the key of ChaCha8: no output tells anything about the others.
    #[must_use]
    pub fn from_host(drawn: [u8; 32]) -> Self {
        Self(Stream::from_key(drawn))
    }

    /// A number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.number().to_le_bytes()[..part.len()]);
        }
        bytes
    }

    /// A new key.
    pub fn key(&mut self) -> SecretKey {
        loop {
            // Almost every number is a valid key.
            if let Ok(key) = SecretKey::from_bytes(&self.bytes()) {
                return key;
            }
        }
    }
}

/// Shows nothing of it.
impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
