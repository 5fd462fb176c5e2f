//! Which room to open: the one of the link, the one used last, or a new one for this machine.

use scenario::Room;

use crate::engine::browser::locks::Locks;
use crate::engine::browser::random;
use crate::engine::names::Names;
use crate::engine::storage::idb::Idb;
use crate::engine::storage::{Change, Db, Durability, Store};
use crate::mining::calibrate::measure_rate;

const LAST_ROOM: &[u8] = b"last-room";
/// How long this machine is measured for a new room, in milliseconds.
const MEASURE_MS: u32 = 100;

/// The room to open, which is the one used last from now on.
pub async fn choose(asked: Option<Room>, names: &Names, locks: &Locks, db: Option<&Idb>) -> Room {
    if let Some(room) = asked {
        remember(db, &room).await;
        return room;
    }
    // Tabs opened together must not each make a room of their own.
    let _held = locks.wait(&names.default_room_lock()).await;
    if let Some(room) = last(db).await {
        return room;
    }
    let room = Room::fresh(random::number(), measure_rate(MEASURE_MS));
    remember(db, &room).await;
    room
}

async fn last(db: Option<&Idb>) -> Option<Room> {
    let values = db?.read(Store::Meta, &[LAST_ROOM.to_vec()]).await.ok()?;
    let link = String::from_utf8(values.into_iter().next()??).ok()?;
    Room::parse(&link).ok()
}

async fn remember(db: Option<&Idb>, room: &Room) {
    if let Some(db) = db {
        let change = Change::Put(Store::Meta, LAST_ROOM.to_vec(), room.link().into_bytes());
        // Without it the next visit without a link opens another room: no loss.
        let _ = db.commit(&[change], Durability::Relaxed).await;
    }
}
