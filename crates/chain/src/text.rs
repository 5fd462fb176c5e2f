//! How serde encodes byte strings and 256-bit numbers: hexadecimal text in human-readable formats
//! (JSON, JavaScript), raw bytes in the others.

/// Byte strings.
pub(crate) mod bytes {
    use alloc::{string::String, vec::Vec};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(bytes))
        } else {
            bytes.serialize(serializer)
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        if from.is_human_readable() {
            hex::decode(String::deserialize(from)?).map_err(D::Error::custom)
        } else {
            Vec::deserialize(from)
        }
    }
}

/// 256-bit numbers, big-endian.
pub(crate) mod u256 {
    use alloc::{format, string::String};
    use ruint::aliases::U256;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&format!("{value:#x}"))
        } else {
            value.to_be_bytes::<32>().serialize(serializer)
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<U256, D::Error> {
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            let digits = text.strip_prefix("0x").unwrap_or(&text);
            U256::from_str_radix(digits, 16).map_err(D::Error::custom)
        } else {
            <[u8; 32]>::deserialize(from).map(U256::from_be_bytes)
        }
    }
}
