//! From the page's first message to a known room with its storage: the room of the link, the one
//! used last, or a new one suited to this machine.

use scenario::Room;
use wire::Start;
use wire::live::HeldUp;

use crate::cx::Cx;
use crate::door::{DbId, Effect, LockAnswer, LockId, Query, Rows, Ticket};
use crate::names::Names;
use crate::session::wait::{Wait, Waited};
use crate::storage::open::Opening as Database;
use crate::storage::{BROWSER_STORES, Change, DbError, Durability, ROOM_STORES, Store};

const LAST_ROOM: &[u8] = b"last-room";
/// How long this machine's speed is measured for a new room, in milliseconds.
const MEASURE_MS: u32 = 100;
/// How long the database may take to read or store the room used last, in milliseconds.
const DATABASE_MS: u64 = 3_000;

/// A tab that does not know its room yet.
pub struct Opening {
    start: Start,
    names: Names,
    browser_db: Result<(), DbError>,
    /// Held while a new room is made, so that tabs opened together do not each make their own.
    lock: Option<LockId>,
    held_up: Option<HeldUp>,
    step: Step,
    /// Whether the page is frozen now.
    pub frozen: bool,
}

enum Step {
    Browser(Database),
    Lock(Wait),
    LastRoom(Ticket, u64),
    Calibrating,
    Remembering(Ticket, u64, Box<Room>),
    Room(Database, Box<Room>),
    Done,
}

/// What was opened.
pub struct Opened {
    /// The page's first message.
    pub start: Start,
    /// Names of this deployment.
    pub names: Names,
    /// The room.
    pub room: Room,
    /// Whether identities can be kept.
    pub browser_db: Result<(), DbError>,
    /// Whether the chain can be kept.
    pub room_db: Result<(), DbError>,
    /// Whether somebody held the lock of the default room.
    pub held_up: Option<HeldUp>,
    /// Whether the page is frozen now.
    pub frozen: bool,
}

impl Opening {
    /// Begins with the browser's own database.
    pub fn begin(cx: &mut Cx<'_>, start: Start) -> Self {
        let names = Names::new(&start.deployment);
        let db = Database::begin(cx, DbId::Browser, names.browser_database(), BROWSER_STORES);
        Self {
            start,
            names,
            browser_db: Ok(()),
            lock: None,
            held_up: None,
            step: Step::Browser(db),
            frozen: false,
        }
    }

    /// A database was opened, or could not be.
    pub fn opened(
        &mut self,
        cx: &mut Cx<'_>,
        db: DbId,
        result: Result<(), DbError>,
    ) -> Option<Opened> {
        match (&mut self.step, db) {
            (Step::Browser(opening), DbId::Browser) => {
                let result = opening.answered(cx, result)?;
                self.browser_opened(cx, result);
                None
            }
            (Step::Room(opening, _), DbId::Room) => {
                let result = opening.answered(cx, result)?;
                self.finish(result)
            }
            _ => None,
        }
    }

    /// An older connection is in the way.
    pub fn blocked(&mut self, cx: &Cx<'_>, db: DbId) {
        match (&mut self.step, db) {
            (Step::Browser(opening), DbId::Browser) | (Step::Room(opening, _), DbId::Room) => {
                opening.blocked(cx);
            }
            _ => {}
        }
    }

    /// The browser took the browser's database away.
    pub fn lost(&mut self, why: String) {
        self.browser_db = Err(DbError::Refused(why));
    }

    /// The browser says what became of a lock.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) {
        if let Step::Lock(wait) = &self.step
            && let Some(waited) = wait.answered(id, answer)
        {
            self.may_choose(cx, waited);
        }
    }

    /// The database says which room was used last.
    pub fn read(&mut self, cx: &mut Cx<'_>, id: Ticket, rows: &Result<Rows, DbError>) {
        if matches!(self.step, Step::LastRoom(ticket, _) if ticket == id) {
            let row = rows.as_ref().ok().and_then(|rows| rows.first());
            let link = row.and_then(|(_, value)| str::from_utf8(value).ok());
            match link.and_then(|link| Room::parse(link).ok()) {
                Some(room) => {
                    self.held_up = None; // nothing was missed
                    self.open_room(cx, room);
                }
                None => self.calibrate(cx),
            }
        }
    }

    /// The room used last is stored, or could not be.
    pub fn written(&mut self, cx: &mut Cx<'_>, id: Ticket) {
        if matches!(self.step, Step::Remembering(ticket, ..) if ticket == id) {
            self.remembered(cx);
        }
    }

    /// The machine was measured: makes a room that suits it.
    pub fn calibrated(&mut self, cx: &mut Cx<'_>, rate: u64) {
        if matches!(self.step, Step::Calibrating) {
            let room = Room::fresh(cx.number(), rate);
            self.remember(cx, room);
        }
    }

    /// Does what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<Opened> {
        let now = cx.ms();
        match &mut self.step {
            Step::Browser(opening) => {
                let error = opening.turn(cx)?;
                self.browser_opened(cx, Err(error));
            }
            Step::Lock(wait) => {
                let waited = wait.turn(cx)?;
                self.may_choose(cx, waited);
            }
            Step::LastRoom(_, until) if now >= *until => self.calibrate(cx),
            Step::Remembering(_, until, _) if now >= *until => self.remembered(cx),
            Step::Room(opening, _) => {
                let error = opening.turn(cx)?;
                return self.finish(Err(error));
            }
            _ => {}
        }
        None
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match &self.step {
            Step::Browser(opening) | Step::Room(opening, _) => opening.due(),
            Step::Lock(wait) => wait.due(),
            Step::LastRoom(_, until) | Step::Remembering(_, until, _) => *until,
            Step::Calibrating | Step::Done => u64::MAX,
        }
    }

    fn browser_opened(&mut self, cx: &mut Cx<'_>, result: Result<(), DbError>) {
        self.browser_db = result;
        match self.start.room.clone() {
            Some(room) => self.remember(cx, room),
            None => self.step = Step::Lock(Wait::begin(cx, self.names.default_room_lock())),
        }
    }

    fn may_choose(&mut self, cx: &mut Cx<'_>, waited: Waited) {
        match waited {
            Waited::Held(lock) => self.lock = Some(lock),
            Waited::Refused => {}
            Waited::HeldUp => self.held_up = Some(HeldUp::DefaultRoom),
        }
        if self.browser_db.is_err() {
            return self.calibrate(cx);
        }
        let (id, db) = (cx.ticket(), DbId::Browser);
        let query = Query::Names(Store::Meta, vec![LAST_ROOM.to_vec()]);
        cx.act(Effect::Read { id, db, query });
        self.step = Step::LastRoom(id, cx.ms() + DATABASE_MS);
    }

    fn calibrate(&mut self, cx: &mut Cx<'_>) {
        self.step = Step::Calibrating;
        cx.act(Effect::Calibrate { ms: MEASURE_MS });
    }

    /// Stores this room as the one used last. If that fails, the next visit without a link opens
    /// another room: no loss.
    fn remember(&mut self, cx: &mut Cx<'_>, room: Room) {
        if self.browser_db.is_err() {
            return self.open_room(cx, room);
        }
        let (id, db, durability) = (cx.ticket(), DbId::Browser, Durability::Relaxed);
        let link = room.link().into_bytes();
        let changes = vec![Change::Put(Store::Meta, LAST_ROOM.to_vec(), link)];
        cx.act(Effect::Write {
            id,
            db,
            changes,
            durability,
        });
        self.step = Step::Remembering(id, cx.ms() + DATABASE_MS, Box::new(room));
    }

    fn remembered(&mut self, cx: &mut Cx<'_>) {
        if let Step::Remembering(_, _, room) = std::mem::replace(&mut self.step, Step::Done) {
            self.open_room(cx, *room);
        }
    }

    fn open_room(&mut self, cx: &mut Cx<'_>, room: Room) {
        cx.unlock(self.lock.take());
        let name = self.names.room_database(room.id());
        let db = Database::begin(cx, DbId::Room, name, ROOM_STORES);
        self.step = Step::Room(db, Box::new(room));
    }

    fn finish(&mut self, room_db: Result<(), DbError>) -> Option<Opened> {
        let Step::Room(_, room) = std::mem::replace(&mut self.step, Step::Done) else {
            return None;
        };
        Some(Opened {
            start: self.start.clone(),
            names: self.names.clone(),
            room: *room,
            browser_db: self.browser_db.clone(),
            room_db,
            held_up: self.held_up,
            frozen: self.frozen,
        })
    }
}
