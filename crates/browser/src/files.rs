//! Which files this thread runs.

use js_sys::Reflect;

/// A longer name is none that `cargo xtask seal` has given.
const MOST_BYTES: usize = 64;

/// The build that this thread's files belong to, as a worker's loader or the page's `boot.js` says;
/// empty if they say nothing that can be one.
#[must_use]
pub fn build() -> String {
    // A plain import would throw where the global is missing.
    let said = Reflect::get(&js_sys::global(), &"tabchainBuild".into()).ok();
    let said = said.and_then(|said| said.as_string());
    said.filter(|said| said.len() <= MOST_BYTES)
        .unwrap_or_default()
}
