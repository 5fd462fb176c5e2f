//! The URLs of the workers' programs, approved by the page's Trusted Types policy.

use js_sys::Object;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Defined by `www/boot.js`, which owns the page's only Trusted Types policy: nothing else can
    /// make a script's URL.
    #[wasm_bindgen(js_name = tabchainWorkerUrl, catch)]
    fn worker_url(name: &str) -> Result<JsValue, JsValue>;
}

/// The URL of the engine's loader, as the policy made it.
pub fn engine_url() -> Result<JsValue, JsValue> {
    worker_url("engine")
}

/// The absolute URL of the mining worker's loader, as a string for the engine, which starts it.
pub fn miner_url() -> Result<String, JsValue> {
    // Converting a TrustedScriptURL to a string gives its URL.
    let url = worker_url("miner")?;
    Ok(url.unchecked_into::<Object>().to_string().into())
}
