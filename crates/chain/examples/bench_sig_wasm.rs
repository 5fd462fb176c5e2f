//! Verification of signatures as the bench loads it; `cargo xtask bench sig` builds it for wasm.
#![forbid(unsafe_code)]

#[cfg(target_arch = "wasm32")]
mod exports {
    use chain::{EcdsaKey, PublicKey, Signature};
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Whether a signature of BIP340 is that key's.
    #[wasm_bindgen]
    pub fn schnorr(message: &[u8], key: &[u8], signature: &[u8]) -> bool {
        let key: Option<&[u8; 32]> = key.try_into().ok();
        let key = key.map(PublicKey::from_bytes);
        let signature = Signature::try_from(signature);
        match (key, signature) {
            (Some(Ok(key)), Ok(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
    }

    /// Whether a signature of ECDSA in DER is that key's, of a hash of 32 bytes.
    #[wasm_bindgen]
    pub fn ecdsa(hash: &[u8], key: &[u8], signature: &[u8]) -> bool {
        let hash = hash.try_into();
        match (EcdsaKey::from_bytes(key), hash) {
            (Some(key), Ok(hash)) => key.verify(&hash, signature).is_ok(),
            _ => false,
        }
    }
}
