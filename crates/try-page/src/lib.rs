//! Does: lets people try one idea of a chain at a time, in rooms under `#/try/`, each with a link to its state.
//! Never: reaches the engine or a node, or puts a secret key into a link or a store.
//! Neighbours: `page` loads and shows it (`shell/program.rs`); `chain` computes; `kit` has what it draws with.
//!
//! Each room is a folder: `model` is pure and tested natively, `view` draws it, `words` has its texts. The
//! crate is two programs: `try-page` has the list and most rooms, `try-keys` those that sign and verify,
//! for which the curve's arithmetic alone weighs as much as three rooms.
//!
//! # Marks for tests
//! `program` is the page's element around it; `try-<room>` a room, `room-link-<room>` its entry;
//! `copy-link`, `start-over`, `bad-link`. Hash: `hash-text`, `bit-<place>`, `differing`, `digest`,
//! `tries-start`, `tries-stop`, `tries-done`, `first-<zeros>`. Tamper: `copy-state`, `tamper-block-<block>`,
//! `check-<row>-<block>` (their `data-state`), `deed-<deed>`, `mend-next`, `mend-all`, `mend-stop`, `mend-tries`,
//! `others`, `never-counts`. Keys: `make-keys`, `sign`, `message`,
//! `verdict` (its `data-verdict`), `flip-<part>`, `place-<part>`. Supply: `supply-height`, `supply-sum`.
//! Difficulty: `power`, `rule-<rule>` (its `data-slowest`).

#![forbid(unsafe_code)]

mod app;
mod difficulty;
mod frame;
mod hash;
mod keys;
mod link;
mod room;
mod route;
mod supply;
mod tamper;
mod words;

use std::cell::RefCell;

use kit::crash;
use kit::lang::Lang;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::AppHandle;

use self::app::{App, Props};

thread_local! {
    static SHOWN: RefCell<Option<AppHandle<App>>> = const { RefCell::new(None) };
}

/// Prepares the program that has the list and the rooms without signatures.
pub fn run_page() {
    run(app::page);
}

/// Prepares the program that has the rooms with signatures.
pub fn run_keys() {
    run(app::keys);
}

/// Prepares a program; it draws nothing until [`show`] says where.
fn run(draw: app::Draw) {
    app::draw_with(draw);
    yew::set_custom_panic_hook(Box::new(|info| {
        crash::say(words::CRASHED, &info.to_string());
    }));
    kit::be_a_guest();
}

/// Draws in an element of the page, or goes on there: `language` is a BCP 47 tag, `address` the
/// page's from its `#` on.
#[wasm_bindgen]
pub fn show(place: Element, language: &str, address: &str) {
    let props = Props {
        lang: Lang::of(language),
        address: address.to_owned().into(),
    };
    SHOWN.with_borrow_mut(|shown| match shown {
        Some(handle) => handle.update(props),
        None => *shown = Some(yew::Renderer::<App>::with_root_and_props(place, props).render()),
    });
}

/// Takes away what [`show`] drew.
#[wasm_bindgen]
pub fn hide() {
    if let Some(handle) = SHOWN.take() {
        handle.destroy();
    }
}
