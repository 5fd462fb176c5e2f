//! Small records with a checksum, so that damage is noticed instead of believed.

use chain::sha256d;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of the checksum that ends a record.
const CHECK: usize = 4;

/// The bytes to store.
///
/// # Panics
/// Never: `postcard` writes every type of this crate into a vector.
#[must_use]
pub fn seal(record: &impl Serialize) -> Vec<u8> {
    let mut bytes = postcard::to_allocvec(record).expect("a vector takes any number of bytes");
    let hash = sha256d(&bytes);
    bytes.extend_from_slice(&hash[..CHECK]);
    bytes
}

/// The record, unless the bytes were damaged.
#[must_use]
pub fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (record, check) = bytes.split_last_chunk::<CHECK>()?;
    if sha256d(record)[..CHECK] != *check {
        return None;
    }
    let (value, rest) = postcard::take_from_bytes(record).ok()?;
    rest.is_empty().then_some(value)
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_comes_back_and_each_flipped_bit_is_noticed(
            value in any::<(u64, Option<u32>)>(),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut bytes = seal(&value);
            prop_assert_eq!(open(&bytes), Some(value));
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open::<(u64, Option<u32>)>(&bytes), None);
        }

        #[test]
        fn random_bytes_are_not_a_record(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            // One in 2^32 would pass, which is too rare to worry about.
            prop_assert_eq!(open::<(u64, Option<u32>)>(&bytes), None);
        }
    }
}
