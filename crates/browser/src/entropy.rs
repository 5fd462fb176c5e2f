//! Entropy.

/// Cryptographically secure random bytes, fit for keys.
///
/// # Panics
/// If the browser has no source of entropy: nothing safe can be done then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("every browser has crypto.getRandomValues");
    bytes
}
