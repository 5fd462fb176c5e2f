//! Does: draws what people see, passes their wishes to the engine, and offers `window.tabchain`.
//! Never: holds state of record, decides what a node does, or reads what is not on the screen.
//! Neighbours: `wire` is the contract with `engine`; `kit` is the toolkit; `scenario` reads room links.
//!
//! `shell` is the frame around the rooms, `live` the room with the chain, `learn` the articles, `script` is `window.tabchain`, `bridge` the connection to the
//! engine. No room depends on another; each reaches the frame only through `shell::door`.
//!
//! # Marks for tests
//! These `data-testid`s are stable. Panels: `mine-button`, `hash-rate`, `found`, `power-gentle`,
//! `power-half` (absent on one core), `power-full`, `power-workers`, `power-duty`, `tip-height`,
//! `tip-hash` (all 64 digits), `harmony`, `view-toggle`, `block-<hash>`, `block-detail` (its
//! `data-hash` says which), `block-state`, `tabs-panel`, `peer-count`, `tab-switch-<label>`,
//! `node-<seat>`, `node-switch-<seat>`, `add-node`, `log`, `reset-button`, `learn-link`; where slots
//! are decided `ask-form`, `ask-what`, `ask-<field>`, `ask-send`, `answers` (of each the
//! `data-state`), `seats-taken`, `server-<seat>` (its `data-role`, and `data-row` of its values),
//! `decided-<height>`. Header:
//! `room-button`, `share-button`, `lang-toggle`, `theme-toggle`, `try-link`. Dialogs: `share-dialog`,
//! `share-link`, `room-dialog`, `room-name`, `room-protocol`, `room-<parameter>`, `room-open`, `reset-dialog`, `reset-confirm`, `crash-dialog`. Messages: `banner-storage`,
//! `banner-version`, `banner-held`, `banner-slow`, `banner-future`, `banner-damaged`, `banner-seat`,
//! `banner-build`, `banner-crash`, `sync-progress`, `undo-reset`, `toast`, `bad-room`,
//! `to-default-room`, `try-again`. Pages: `article`, `program` (its own marks are in `try-page/src/lib.rs`).

#![forbid(unsafe_code)]

mod bridge;
mod learn;
mod live;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod rooms;
#[cfg(test)]
mod samples;
mod script;
mod shell;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use kit::lang::Lang;
use kit::{crash, store, window};

use self::bridge::Bridge;
use self::shell::app::{App, Props};
use self::shell::prefs::Prefs;

/// Shows the page and starts the engine.
pub fn run() {
    let window = window();
    yew::set_custom_panic_hook(Box::new(|info| {
        crash::say(shell::words::PAGE_CRASHED, &info.to_string())
    }));
    let path = window.location().pathname().unwrap_or_default();
    let deployment = store::deployment(&path);
    let prefs = Prefs::open(&window, &deployment);
    let navigator = window.navigator();
    let cores = navigator.hardware_concurrency().clamp(1.0, 255.0) as u8;
    let lang = prefs.word("language").or_else(|| navigator.language());
    let lang = Lang::of(lang.as_deref().unwrap_or("en"));
    let theme = prefs
        .word("theme")
        .filter(|theme| theme == "dark" || theme == "light");
    let dark = match theme.as_deref() {
        Some(theme) => theme == "dark",
        None => system_dark().is_some_and(|query| query.matches()),
    };
    let bridge = Bridge::new(prefs, deployment, cores);
    script::install(&bridge);
    let props = Props {
        bridge,
        lang,
        dark,
        dark_chosen: theme.is_some(),
    };
    yew::Renderer::<App>::with_props(props).render();
}

/// The media query for a dark colour scheme, if the browser supports it.
fn system_dark() -> Option<web_sys::MediaQueryList> {
    let query = window().match_media("(prefers-color-scheme: dark)");
    query.ok().flatten()
}
