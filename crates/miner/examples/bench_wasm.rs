//! The kernel as the bench's page loads it; `cargo xtask bench hash` builds it for wasm.

#[cfg(target_arch = "wasm32")]
mod exports {
    use miner::{Found, HeaderBytes, search};
    use wasm_bindgen::prelude::{JsError, wasm_bindgen};

    /// Searches nonces for a target given as 32 bytes, least significant first. Returns the number
    /// of nonces tried, then the winning ones.
    #[wasm_bindgen]
    pub fn kernel(
        header: &[u8],
        target: &[u8],
        start: u32,
        count: u32,
    ) -> Result<Vec<u32>, JsError> {
        let header: HeaderBytes = header.try_into()?;
        let mut found = Found::new();
        let tried = search(
            &header,
            &target.try_into()?,
            start,
            count.into(),
            &mut found,
        );
        let mut answer = vec![u32::try_from(tried)?];
        answer.extend_from_slice(found.as_slice());
        Ok(answer)
    }
}
