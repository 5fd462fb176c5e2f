//! The engine worker: hosts this tab's nodes and does the outside for them.
//!
//! What decides is plain Rust and tested natively: [`host`] (machines and what they want, in causal
//! order), [`agenda`], [`beat`] and [`clock`] (time), [`between`] (what tabs say to each other, within bounds),
//! [`storage`] (what is kept and how), [`picture`] (what the page gets). What touches the browser is
//! thin and in [`browser`] and [`storage::idb`]. [`live`] ties both together.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::stream::{FromEngine, STREAM_VERSION, Start, ToEngine};

pub mod agenda;
pub mod beat;
pub mod between;
pub mod bounded;
pub mod browser;
pub mod clock;
pub mod host;
pub mod live;
pub mod names;
pub mod panic;
pub mod picture;
pub mod storage;

use self::browser::page;
use self::live::Live;

/// What the worker's program is.
enum Stage {
    /// Waits for the page's first message.
    Idle,
    /// Opens storage and room.
    Starting,
    /// Takes part.
    Live(Live),
}

/// Listens to the page and says that it does.
pub fn start() {
    panic::watch();
    let stage = Rc::new(RefCell::new(Stage::Idle));
    page::listen(move |message| hear(&stage, message));
    let build = crate::mining::build();
    page::post(&FromEngine::Ready { build });
}

fn hear(stage: &Rc<RefCell<Stage>>, message: ToEngine) {
    let mut at = stage.borrow_mut();
    match (&*at, message) {
        (Stage::Live(live), message) => live.hear(message),
        (_, ToEngine::Ping) => page::post(&FromEngine::Pong),
        (Stage::Idle, ToEngine::Start(start)) if start.version != STREAM_VERSION => {
            page::post(&FromEngine::OtherVersion(STREAM_VERSION));
        }
        (Stage::Idle, ToEngine::Start(start)) => {
            *at = Stage::Starting;
            spawn_local(begin(stage.clone(), start));
        }
        (_, ToEngine::Call { id, .. }) => live::not_ready(id),
        (_, _) => {}
    }
}

async fn begin(stage: Rc<RefCell<Stage>>, start: Start) {
    match live::begin(start).await {
        Ok(live) => *stage.borrow_mut() = Stage::Live(live),
        Err(answer) => {
            *stage.borrow_mut() = Stage::Idle;
            page::post(&answer);
        }
    }
}
