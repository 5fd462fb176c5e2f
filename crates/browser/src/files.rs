//! Which build's files this thread runs.

use js_sys::Reflect;

/// `cargo xtask seal` never gives a build a longer name.
const MOST_BYTES: usize = 64;

/// The build that this thread's files belong to, as set by the worker's loader or the page's
/// `boot.js`; empty if what they set is not a build's name.
#[must_use]
pub fn build() -> String {
    // A plain import would throw where the global is missing.
    let said = Reflect::get(&js_sys::global(), &"tabchainBuild".into()).ok();
    let said = said.and_then(|said| said.as_string());
    said.filter(|said| said.len() <= MOST_BYTES)
        .unwrap_or_default()
}
