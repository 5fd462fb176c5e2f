//! Entropy.

/// Cryptographically secure random bytes, fit for keys.
///
/// # Panics
/// If the browser has no source of entropy: nothing safe can be done then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    bytes_or_none().expect("every browser has crypto.getRandomValues")
}

/// The same for who can do without; `None` if the browser has no source of entropy.
#[must_use]
pub fn bytes_or_none<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}
