//! From the page's first message to a tab that takes part.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use chain::PeerId;
use node::Memo;
use scenario::{Room, RoomError};

use super::claim::Wanted;
use super::mining::Mining;
use super::network::Pulse;
use super::store::Storage;
use super::{Engine, Handle, Live, State, room};
use crate::engine::between::beacon::MOST_NODES;
use crate::engine::between::inbox::Inbox;
use crate::engine::between::tabs::Tabs;
use crate::engine::browser::clock::{reading, steady_ms};
use crate::engine::browser::locks::Locks;
use crate::engine::browser::random;
use crate::engine::browser::timers::Alarm;
use crate::engine::clock::Clock;
use crate::engine::host::Host;
use crate::engine::names::Names;
use crate::engine::picture::diary::Diary;
use crate::engine::picture::pace::Pace;
use crate::engine::picture::tally::Tally;
use crate::engine::storage::idb::Idb;
use crate::engine::storage::{BROWSER_STORES, DbError, ROOM_STORES};
use crate::stream::{FromEngine, Start};

/// Opens what the page asks for and joins the room.
///
/// # Errors
/// What to tell the page instead: the room's link is not usable.
pub async fn begin(start: Start) -> Result<Live, FromEngine> {
    let bad_room = |error: RoomError| FromEngine::BadRoom {
        code: error.code(),
        value: error.value(),
    };
    let asked = start
        .room
        .as_deref()
        .map(Room::parse)
        .transpose()
        .map_err(bad_room)?;
    let names = Names::new(&start.deployment);
    let locks = Locks::find().expect("the page has looked for Web Locks");
    let browser_db = Idb::open(&names.browser_database(), BROWSER_STORES, |_| ()).await;
    let room = room::choose(asked, &names, &locks, browser_db.as_ref().ok()).await;
    crate::engine::panic::remember_room(&room.link());
    let shell = Rc::new(RefCell::new(Handle::default()));
    let lost = shell.clone();
    let room_db = Idb::open(&names.room_database(room.id()), ROOM_STORES, move |why| {
        lost.borrow()
            .act(|engine| engine.lose_storage(DbError::Refused(why)));
    })
    .await;
    let storage = Storage::new(room_db);
    let params = Arc::new(room.params());
    let ids = start.identities.iter().filter_map(|id| id.parse().ok());
    let wanted = Wanted {
        ids: ids.collect(),
        count: usize::from(start.nodes).clamp(1, MOST_NODES),
        patient: start.replaces,
        ..Wanted::default()
    };
    let engine = Rc::new_cyclic(|weak| {
        let handle = Handle(weak.clone());
        *shell.borrow_mut() = handle.clone();
        let ring = handle.clone();
        RefCell::new(Engine {
            mining: Mining::new(&handle, &start),
            alarm: Alarm::new(move || ring.ring()),
            tabs: Tabs::default(),
            inbox: Inbox::new(room.id(), steady_ms()),
            tally: Tally::new(params.genesis_id()),
            me: PeerId::from_bytes(random::bytes()),
            clock: Clock::start(reading()),
            label: 0,
            host: Host::new(),
            memo: Memo::new(),
            residents: Vec::new(),
            wanted,
            held: Vec::new(),
            leaving: (Vec::new(), Vec::new()),
            channel: None,
            online: true,
            network: Pulse::default(),
            pace: Pace::new(),
            diary: Diary::default(),
            seats: BTreeMap::new(),
            miners: RefCell::default(),
            other_version_until: 0,
            life: 0,
            stay: 0,
            state: State::Waking,
            waking_since: steady_ms(),
            settle_by: 0,
            waiting: Vec::new(),
            handle,
            names,
            locks,
            room,
            params,
            storage,
            browser_db,
        })
    });
    let handle = engine.borrow().handle.clone();
    super::residents::join(handle).await;
    Ok(Live(engine))
}

impl Handle {
    /// The alarm rings: one slice, which plans the next.
    fn ring(&self) {
        if let Some(engine) = self.0.upgrade()
            && let Ok(mut engine) = engine.try_borrow_mut()
        {
            engine.slice();
        }
    }
}
