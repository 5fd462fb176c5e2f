//! The events of the scripting interface, read off the engine's news.

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::js;
use super::views::{NodeOut, TabOut};
use crate::bridge::{Bridge, News, Phase};
use wire::{Damage, Frame, Happening, LogEntry, StorageView};

/// What to say about an event that there is not.
pub const NAMES: &str = "the events are block, reorg, peers, mining, storage, error";

#[wasm_bindgen]
extern "C" {
    /// Shows an error of somebody's function as an uncaught one.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &JsValue);
}

/// What there is to hear.
#[derive(Clone, Copy)]
enum Event {
    Block,
    Reorg,
    Peers,
    Mining,
    Storage,
    Error,
}

/// Calls `f` on every event of that name; gives the function that ends it, or `None` for a name
/// that is no event's.
pub fn on(bridge: &Bridge, name: &str, f: Function) -> Option<JsValue> {
    let event = match name {
        "block" => Event::Block,
        "reorg" => Event::Reorg,
        "peers" => Event::Peers,
        "mining" => Event::Mining,
        "storage" => Event::Storage,
        "error" => Event::Error,
        _ => return None,
    };
    let before = RefCell::new(bridge.shown());
    let told = RefCell::new(Told::default());
    let id = bridge.subscribe(move |news| {
        let values = values(
            event,
            before.borrow().as_deref(),
            news,
            &mut told.borrow_mut(),
        );
        for value in values {
            if let Err(error) = f.call1(&JsValue::UNDEFINED, &value) {
                report_error(&error);
            }
        }
        if let News::Frame(frame) = news {
            *before.borrow_mut() = Some(frame.clone());
        }
    });
    let bridge = bridge.clone();
    Some(Closure::<dyn Fn()>::new(move || bridge.unsubscribe(id)).into_js_value())
}

/// The blocks that were told last: each is told once, however many nodes of the tab accept it.
#[derive(Default)]
struct Told(VecDeque<String>);

impl Told {
    /// Blocks that are remembered: more than a frame tells.
    const MOST: usize = 256;

    fn is_new(&mut self, entry: &LogEntry) -> bool {
        let (Happening::Found { hash, .. } | Happening::Extended { hash, .. }) = &entry.what else {
            return false;
        };
        if self.0.contains(hash) {
            return false;
        }
        self.0.push_back(hash.clone());
        if self.0.len() > Self::MOST {
            self.0.pop_front();
        }
        true
    }
}

/// The events of one kind in a piece of news.
fn values(event: Event, before: Option<&Frame>, news: &News, told: &mut Told) -> Vec<JsValue> {
    let frame = match news {
        News::Frame(frame) => frame,
        News::Phase(phase) => {
            let error = matches!(event, Event::Error)
                .then(|| crash(phase))
                .flatten();
            return error.into_iter().collect();
        }
    };
    match event {
        Event::Block => {
            let new = frame.log.iter().filter(|entry| told.is_new(entry));
            new.filter_map(block).collect()
        }
        Event::Reorg => frame.log.iter().filter_map(reorg).collect(),
        Event::Error => frame.log.iter().filter_map(trouble).collect(),
        Event::Peers => changed(before, frame, peers_key)
            .then(|| peers(frame))
            .into_iter()
            .collect(),
        Event::Mining => changed(before, frame, |frame| (frame.mining.on, frame.mining.share))
            .then(|| mining(frame))
            .into_iter()
            .collect(),
        Event::Storage => changed(before, frame, |frame| frame.storage.clone())
            .then(|| storage(&frame.storage))
            .into_iter()
            .collect(),
    }
}

/// Whether a part of the picture differs from before; the first picture is news only to those who
/// would ask anyway, so it is none.
fn changed<T: PartialEq>(before: Option<&Frame>, now: &Frame, part: impl Fn(&Frame) -> T) -> bool {
    before.is_some_and(|before| part(before) != part(now))
}

/// Who is there and reachable: what `peers` is about.
fn peers_key(frame: &Frame) -> Vec<(String, bool, bool)> {
    let tabs = frame.tabs.iter();
    let nodes = frame.nodes.iter();
    tabs.map(|tab| (tab.id.clone(), tab.online, tab.silent))
        .chain(nodes.map(|node| (node.id.clone(), node.online, false)))
        .collect()
}

fn value(of: &impl Serialize) -> JsValue {
    js(of).unwrap_or(JsValue::NULL)
}

#[derive(Serialize)]
struct BlockEvent<'a> {
    hash: &'a str,
    height: u32,
    /// Seat of the node that found it.
    miner: Option<u32>,
    /// Seat of the node that it happened in.
    seat: Option<u32>,
    /// Whether a node of this tab found it.
    found: bool,
}

fn block(entry: &LogEntry) -> Option<JsValue> {
    let (hash, height, miner, found) = match &entry.what {
        Happening::Found { hash, height } => (hash, *height, entry.seat, true),
        Happening::Extended {
            hash,
            height,
            miner,
        } => (hash, *height, *miner, false),
        _ => return None,
    };
    Some(value(&BlockEvent {
        hash,
        height,
        miner,
        seat: entry.seat,
        found,
    }))
}

#[derive(Serialize)]
struct ReorgEvent<'a> {
    hash: &'a str,
    height: u32,
    undone: u32,
    applied: u32,
    seat: Option<u32>,
}

fn reorg(entry: &LogEntry) -> Option<JsValue> {
    let Happening::Reorganised {
        hash,
        height,
        undone,
        applied,
    } = &entry.what
    else {
        return None;
    };
    let (height, undone, applied) = (*height, *undone, *applied);
    Some(value(&ReorgEvent {
        hash,
        height,
        undone,
        applied,
        seat: entry.seat,
    }))
}

#[derive(Serialize)]
struct PeersEvent<'a> {
    tabs: Vec<TabOut<'a>>,
    nodes: Vec<NodeOut<'a>>,
}

fn peers(frame: &Frame) -> JsValue {
    let tabs = frame.tabs.iter().map(TabOut::of).collect();
    value(&PeersEvent {
        tabs,
        nodes: frame.nodes.iter().map(NodeOut::of).collect(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MiningEvent {
    mining: bool,
    hash_rate: f64,
    workers: u8,
    duty: f64,
    tabs: u32,
}

fn mining(frame: &Frame) -> JsValue {
    let mining = &frame.mining;
    value(&MiningEvent {
        mining: mining.on,
        hash_rate: mining.rate as f64,
        workers: mining.share.workers,
        duty: f64::from(mining.share.duty) / 100.0,
        tabs: mining.tabs,
    })
}

#[derive(Serialize)]
struct StorageEvent<'a> {
    state: &'a str,
    reason: Option<&'a str>,
}

fn storage(storage: &StorageView) -> JsValue {
    let (state, reason) = match storage {
        StorageView::Kept => ("kept", None),
        StorageView::Memory(reason) => ("memory", Some(reason.as_str())),
        StorageView::OtherVersion(_) => ("other-version", None),
    };
    value(&StorageEvent { state, reason })
}

#[derive(Serialize)]
struct ErrorEvent<'a> {
    code: &'a str,
    message: &'a str,
    seat: Option<u32>,
}

fn crash(phase: &Phase) -> Option<JsValue> {
    let (code, message) = match phase {
        Phase::Starting | Phase::Running => return None,
        Phase::BadRoom { code, value } => (code.as_str(), value.as_str()),
        Phase::OtherVersion => ("other-version", "reload the page"),
        Phase::Crashed { report, .. } => ("engine-crashed", report.as_str()),
    };
    Some(value(&ErrorEvent {
        code,
        message,
        seat: None,
    }))
}

fn trouble(entry: &LogEntry) -> Option<JsValue> {
    let (code, message) = match &entry.what {
        Happening::Rejected { hash, reason } => (reason.as_str(), hash.as_str()),
        Happening::Misbehaved { reason, .. } => ("peer-misbehaved", reason.as_str()),
        Happening::Damaged { what } => {
            let what = match what {
                Damage::Node(what) => what.as_str(),
                Damage::Generation => "which chain of the room counts",
                Damage::Identities(_) => "identities of this browser",
            };
            ("saved-data-damaged", what)
        }
        Happening::WorkerRestarted => ("mining-worker-died", "it was replaced"),
        Happening::Garbage { .. } => ("garbage", "messages on the channel made no sense"),
        _ => return None,
    };
    Some(value(&ErrorEvent {
        code,
        message,
        seat: entry.seat,
    }))
}
