//! Where the workers' programs are: through the page's Trusted Types policy.

use js_sys::Object;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Defined by `www/boot.js`, which owns the page's one Trusted Types policy: the only way to a
    /// script's address.
    #[wasm_bindgen(js_name = tabchainWorkerUrl, catch)]
    fn worker_url(name: &str) -> Result<JsValue, JsValue>;
}

/// Where the engine's loader is, as the policy lets it pass.
pub fn engine_url() -> Result<JsValue, JsValue> {
    worker_url("engine")
}

/// Where the mining worker's loader is, absolute; the engine starts it.
pub fn miner_url() -> Result<String, JsValue> {
    // A TrustedScriptURL says its address when it is made a string.
    let url = worker_url("miner")?;
    Ok(url.unchecked_into::<Object>().to_string().into())
}
