//! The events of the scripting interface, derived from the bridge's news.

use std::cell::RefCell;
use std::collections::VecDeque;

use chain::{BlockId, PeerId};
use js_sys::Function;
use protocol::Event as Told;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wire::{Damage, Happening, LogEntry, StorageView};

use super::js;
use super::views::{NodeOut, TabOut, ToldOut};
use crate::bridge::{Bridge, News, Phase, Picture};

/// The error message for an unknown event.
pub const NAMES: &str = "the events are block, decided, reorg, peers, mining, storage, error";

#[wasm_bindgen]
extern "C" {
    /// Reports an error thrown by a script's function as an uncaught one.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &JsValue);
}

/// The events that a script can subscribe to.
#[derive(Clone, Copy)]
enum Event {
    Block,
    Decided,
    Reorg,
    Peers,
    Mining,
    Storage,
    Error,
}

/// Calls `f` on every event of that name. Returns a function that unsubscribes, or `None` for an
/// unknown event.
pub fn on(bridge: &Bridge, name: &str, f: Function) -> Option<JsValue> {
    let event = match name {
        "block" => Event::Block,
        "decided" => Event::Decided,
        "reorg" => Event::Reorg,
        "peers" => Event::Peers,
        "mining" => Event::Mining,
        "storage" => Event::Storage,
        "error" => Event::Error,
        _ => return None,
    };
    let before = RefCell::new(bridge.shown());
    let known = RefCell::new(Known::default());
    let id = bridge.subscribe(move |news| {
        let values = values(
            event,
            before.borrow().as_ref(),
            news,
            &mut known.borrow_mut(),
        );
        for value in values {
            if let Err(error) = f.call1(&JsValue::UNDEFINED, &value) {
                report_error(&error);
            }
        }
        if let News::Shown(shown) = news {
            *before.borrow_mut() = Some(shown.picture.clone());
        }
    });
    let bridge = bridge.clone();
    Some(Closure::<dyn Fn()>::new(move || bridge.unsubscribe(id)).into_js_value())
}

/// The blocks reported last, so that each is reported once however many nodes of the tab accept it.
#[derive(Default)]
struct Known(VecDeque<BlockId>);

impl Known {
    /// How many blocks are remembered: more than one frame reports.
    const MOST: usize = 256;

    fn is_new(&mut self, entry: &LogEntry) -> bool {
        let Happening::InNode { event, .. } = &entry.what else {
            return false;
        };
        let (Told::Found { block, .. } | Told::Extended { block, .. }) = event else {
            return false;
        };
        if self.0.contains(block) {
            return false;
        }
        self.0.push_back(*block);
        if self.0.len() > Self::MOST {
            self.0.pop_front();
        }
        true
    }
}

/// The events of one kind in a piece of news.
fn values(event: Event, before: Option<&Picture>, news: &News, known: &mut Known) -> Vec<JsValue> {
    let shown = match news {
        News::Shown(shown) => shown,
        News::Phase(phase) => {
            let error = matches!(event, Event::Error)
                .then(|| crash(phase))
                .flatten();
            return error.into_iter().collect();
        }
    };
    let (now, log) = (&shown.picture, shown.log.iter());
    match event {
        Event::Block => {
            let new = log.filter(|entry| known.is_new(entry));
            new.filter_map(block).collect()
        }
        Event::Decided => decided(before, now),
        Event::Reorg => log.filter_map(reorg).collect(),
        Event::Error => log.filter_map(trouble).collect(),
        Event::Peers => changed(before, now, peers_key)
            .then(|| peers(now))
            .into_iter()
            .collect(),
        Event::Mining => changed(before, now, |now| (now.mining.on, now.mining.share))
            .then(|| mining(now))
            .into_iter()
            .collect(),
        Event::Storage => changed(before, now, |now| now.storage.clone())
            .then(|| storage(&now.storage))
            .into_iter()
            .collect(),
    }
}

/// Whether a part of the picture has changed. The first picture counts as no change: scripts get
/// the initial state from `status()`.
fn changed<T: PartialEq>(
    before: Option<&Picture>,
    now: &Picture,
    part: impl Fn(&Picture) -> T,
) -> bool {
    before.is_some_and(|before| part(before) != part(now))
}

/// Who is there and reachable: a change of this is a `peers` event.
fn peers_key(picture: &Picture) -> Vec<(PeerId, bool, bool)> {
    let tabs = picture.tabs.iter();
    let nodes = picture.nodes.iter();
    tabs.map(|tab| (tab.id, tab.online, tab.silent))
        .chain(nodes.map(|node| (node.id, node.online, false)))
        .collect()
}

fn value(of: &impl Serialize) -> JsValue {
    js(of).unwrap_or(JsValue::NULL)
}

#[derive(Serialize)]
struct BlockEvent {
    hash: String,
    height: u32,
    /// Seat of the node that found it.
    miner: Option<u32>,
    /// Seat of the node that found or accepted it.
    seat: Option<u32>,
    /// Whether a node of this tab found it.
    found: bool,
}

fn block(entry: &LogEntry) -> Option<JsValue> {
    let Happening::InNode { seat, event, miner } = &entry.what else {
        return None;
    };
    let seat = Some(*seat);
    let (block, height, miner, found) = match event {
        Told::Found { block, height } => (block, height, seat, true),
        Told::Extended { block, height, .. } => (block, height, *miner, false),
        _ => return None,
    };
    Some(value(&BlockEvent {
        hash: block.to_string(),
        height: height.0,
        miner,
        seat,
        found,
    }))
}

#[derive(Serialize)]
struct DecidedEvent<'a> {
    hash: String,
    height: u32,
    slot: u64,
    /// Seat of the server that proposed it.
    proposer: u32,
    /// What was asked for, at most 4.
    requests: Vec<ToldOut<'a>>,
    /// How many requests there are besides.
    more: u32,
}

/// The blocks that this tab's server shows and did not show before. One that catches up skips what it
/// has no room to show.
fn decided(before: Option<&Picture>, now: &Picture) -> Vec<JsValue> {
    let Some(before) = before else {
        return Vec::new();
    };
    let last = before.slots.blocks.last().map(|block| block.height);
    let new = now.slots.blocks.iter();
    let new = new.filter(|block| Some(block.height) > last);
    new.map(|block| {
        value(&DecidedEvent {
            hash: block.id.to_string(),
            height: block.height,
            slot: block.slot,
            proposer: block.proposer,
            requests: block.requests.iter().map(ToldOut::of).collect(),
            more: block.more,
        })
    })
    .collect()
}

#[derive(Serialize)]
struct ReorgEvent {
    hash: String,
    height: u32,
    undone: u32,
    applied: u32,
    seat: Option<u32>,
}

fn reorg(entry: &LogEntry) -> Option<JsValue> {
    let Happening::InNode { seat, event, .. } = &entry.what else {
        return None;
    };
    let Told::Reorganised {
        to,
        height,
        disconnected,
        connected,
        ..
    } = event
    else {
        return None;
    };
    Some(value(&ReorgEvent {
        hash: to.to_string(),
        height: height.0,
        undone: *disconnected,
        applied: *connected,
        seat: Some(*seat),
    }))
}

#[derive(Serialize)]
struct PeersEvent {
    tabs: Vec<TabOut>,
    nodes: Vec<NodeOut>,
}

fn peers(picture: &Picture) -> JsValue {
    value(&PeersEvent {
        tabs: picture.tabs.iter().map(TabOut::of).collect(),
        nodes: picture.nodes.iter().map(NodeOut::of).collect(),
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

fn mining(picture: &Picture) -> JsValue {
    let mining = &picture.mining;
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
struct ErrorEvent {
    code: String,
    message: String,
    seat: Option<u32>,
}

fn crash(phase: &Phase) -> Option<JsValue> {
    let (code, message) = match phase {
        Phase::Starting | Phase::Running => return None,
        Phase::BadRoom(error) => (error.code(), error.value()),
        Phase::OtherVersion => ("other-version".into(), "reload the page".into()),
        Phase::Crashed { report, .. } => ("engine-crashed".into(), report.clone()),
    };
    Some(value(&ErrorEvent {
        code,
        message,
        seat: None,
    }))
}

fn trouble(entry: &LogEntry) -> Option<JsValue> {
    let (code, message) = match &entry.what {
        Happening::InNode { event, .. } => in_node(event)?,
        Happening::Damaged(what) => {
            let what = match what {
                Damage::Generation => "which of the room's chains is current",
                Damage::Identities(_) => "identities of this browser",
            };
            ("saved-data-damaged".into(), what.into())
        }
        Happening::WorkerRestarted => ("mining-worker-died".into(), "it was replaced".into()),
        Happening::LockStolen => (
            "lock-stolen".into(),
            "another page took this tab's lock away".into(),
        ),
        Happening::Garbage { .. } => (
            "garbage".into(),
            "messages on the channel made no sense".into(),
        ),
        Happening::TabJoined { .. }
        | Happening::TabLeft { .. }
        | Happening::TabOnline { .. }
        | Happening::NodeOnline { .. }
        | Happening::MiningStarted
        | Happening::MiningStopped
        | Happening::Resumed
        | Happening::Reset
        | Happening::ResetUndone => return None,
    };
    Some(value(&ErrorEvent {
        code,
        message,
        seat: entry.what.seat(),
    }))
}

/// The code and message of an event that reports trouble in a node.
fn in_node(event: &Told) -> Option<(String, String)> {
    Some(match event {
        Told::Rejected { block, reason, .. } => (reason.clone(), block.to_string()),
        Told::Misbehaved { reason, .. } => ("peer-misbehaved".into(), reason.clone()),
        Told::Damaged { what } => ("saved-data-damaged".into(), what.clone()),
        // By name, so that a new event has to be decided on.
        Told::Found { .. }
        | Told::Extended { .. }
        | Told::Rival { .. }
        | Told::Reorganised { .. }
        | Told::Retargeted { .. }
        | Told::SyncStarted { .. }
        | Told::SyncDone { .. }
        | Told::Restored { .. }
        | Told::Leads { .. }
        | Told::SnapshotTaken { .. }
        | Told::SnapshotInstalled { .. }
        | Told::StepsDown { .. }
        | Told::Reconfigures { .. }
        | Told::TxAccepted { .. }
        | Told::TxReturned { .. }
        | Told::TxDropped { .. } => return None,
    })
}
