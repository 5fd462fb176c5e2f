//! Searches nonces in workers, within a budget that all tabs of the browser share.
//!
//! For the engine: make one [`pool::Pool`] and one [`power_channel::PowerChannel`]; each time the
//! channel says that something changed, hand [`power_channel::PowerChannel::share`] to
//! [`pool::Pool::set_share`]. Tell the pool each node's work by [`pool::Pool::set_job`] and hand
//! its [`plan::PoolEvent`]s to the nodes. [`calibrate::measure_rate`] says how fast this machine is.
//!
//! What decides is pure and tested natively: [`plan`] (who searches what), [`mod@slice`] (how a worker
//! spends its time), [`budget`] (who gets how much), [`meter`], [`message`]. What touches the
//! browser is thin: [`pool`], [`power_channel`], [`worker`], [`calibrate`].

use wasm_bindgen::prelude::*;

pub mod budget;
pub mod calibrate;
pub mod clock;
pub mod message;
pub mod meter;
pub mod plan;
pub mod pool;
pub mod power_channel;
pub mod slice;
pub mod worker;

#[wasm_bindgen]
extern "C" {
    /// Set by a worker's loader, and by `boot.js` in the page.
    #[wasm_bindgen(thread_local_v2, js_name = tabchainBuild)]
    static BUILD: JsValue;
}

/// The build that this thread's files belong to, as its loader says.
pub fn build() -> String {
    let said = BUILD.with(JsValue::as_string);
    said.filter(|said| said.len() <= message::MAX_BUILD)
        .unwrap_or_default()
}
