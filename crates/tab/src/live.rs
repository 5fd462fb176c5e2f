//! A tab that knows its room: its session, and what outlives the session.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use node::Memo;
use pool::plan::PoolEvent;
use protocol::{Input as NodeInput, JobId};
use scenario::{Room, Rules};
use wire::live::HeldUp;
use wire::{Ask, FromEngine, Happening, Power};

use crate::asks::{self, MOST_WAITING, Waiting};
use crate::cx::{Cx, Me, failure};
use crate::door::{Channel, DbId, Effect, LockAnswer, LockId, Rows, Ticket};
use crate::lasting::Lasting;
use crate::mining::Mining;
use crate::opening::Opened;
use crate::picture;
use crate::picture::log::Log;
use crate::picture::pace::Pace;
use crate::picture::tally::Tally;
use crate::picture::tree::Watched;
use crate::planted::{Bug, is_planted};
use crate::session::claim::Wanted;
use crate::session::joining::Joined;
use crate::session::seating::Seat;
use crate::session::{Joining, Leaving, Member, Session};
use crate::storage::DbError;
use crate::storage::room::RoomStore;
use crate::storage::writer::Writer;

/// How long a leaving tab waits for its last write, in milliseconds.
const LEAVE_MS: u64 = 2_000;

/// A tab in its room, or on the way there and back.
pub struct Live {
    pub l: Lasting,
    pub session: Session,
}

impl Live {
    /// Starts joining the room that was opened.
    pub fn begin(cx: &mut Cx<'_>, opened: Opened, build: String) -> Self {
        let start = opened.start;
        let rules = Rules::of(&opened.room);
        let params = rules.chain.clone();
        let remembered = start.power.unwrap_or(Power::GENTLE);
        let mut l = Lasting {
            me: Me::new(cx.source),
            tally: Tally::new(params.genesis_id()),
            params,
            rules,
            sitting: seats(&opened.room),
            memo: Memo::new(),
            sequence: 0,
            label: 0,
            browser_db: opened.browser_db,
            store: RoomStore::new(opened.room_db),
            writer: Writer::default(),
            mining: Mining::new(cx, build, start.cores, remembered),
            log: Log::default(),
            pace: Pace::new(),
            sent: None,
            online: true,
            seats: BTreeMap::new(),
            miners: RefCell::default(),
            watched: Watched::default(),
            asks: VecDeque::new(),
            wanted: Wanted {
                ids: start.identities,
                count: usize::from(start.nodes).clamp(1, crate::between::heartbeat::MOST_NODES),
                patient: start.replaces,
                ..Wanted::default()
            },
            held_up: BTreeMap::new(),
            other_version_until: 0,
            inheritance: None,
            damaged: None,
            names: opened.names,
            room: opened.room,
        };
        l.held_up(cx, opened.held_up);
        cx.act(Effect::Listen(Channel::Power, l.names.power_channel()));
        let mut live = Self {
            l,
            session: Session::Frozen,
        };
        if !opened.frozen {
            live.join(cx);
        }
        live
    }

    /// The page asks something: answered in a later turn, or refused at once.
    pub fn ask(&mut self, cx: &mut Cx<'_>, id: u32, ask: Ask) {
        match self.session {
            Session::Frozen | Session::Leaving(Leaving { again: false, .. }) => {
                cx.answer(id, Err(asks::left()));
            }
            _ if self.l.asks.len() >= MOST_WAITING => {
                cx.answer(id, Err(failure("not-ready", "too many asks are waiting")));
            }
            _ => {
                let member = matches!(&self.session, Session::Member(one) if one.knows_chain());
                let seen = member.then(|| self.l.store.generation());
                self.l.asks.push_back(Waiting { id, ask, seen });
            }
        }
    }

    /// A message came on a channel.
    pub fn heard(&mut self, cx: &mut Cx<'_>, channel: Channel, bytes: Option<&[u8]>) {
        match (channel, &mut self.session) {
            (Channel::Room, Session::Member(member)) => member.hear(cx, &mut self.l, bytes),
            (Channel::Room, _) => {}
            (Channel::Power, _) => {
                if let Some(bytes) = bytes
                    && self.l.mining.hear(cx, bytes)
                {
                    self.l.pace.change();
                }
            }
        }
    }

    /// The browser says what became of a lock.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) {
        match &mut self.session {
            Session::Joining(joining) if joining.holds(id) => {
                if answer == LockAnswer::Stolen {
                    joining.abandon(cx);
                    self.lose_name(cx);
                    self.join_again(cx);
                }
            }
            Session::Joining(joining) => {
                let joined = joining.locked(cx, id, answer);
                self.joined(cx, joined);
            }
            Session::Member(member) if member.holds(id) => {
                if answer == LockAnswer::Stolen && !is_planted(Bug::GoesOnWhenStolen) {
                    self.stolen(cx, id);
                }
            }
            Session::Member(member) => {
                member.add_locked(cx, id, answer);
                member.renew_locked(cx, &mut self.l, id, answer);
            }
            Session::Leaving(_) | Session::Frozen => {}
        }
    }

    /// The browser says which locks are held.
    pub fn see_locks(
        &mut self,
        cx: &Cx<'_>,
        query: crate::door::QueryId,
        held: Option<Vec<String>>,
    ) {
        if let Session::Member(member) = &mut self.session {
            member.see_locks(cx, &mut self.l, query, held);
        }
    }

    /// The browser took a database away.
    pub fn lost(&mut self, cx: &mut Cx<'_>, db: DbId, why: String) {
        let why = DbError::Refused(why);
        match (db, &mut self.session) {
            (DbId::Browser, _) => self.l.browser_db = Err(why),
            (DbId::Room, Session::Member(member)) => member.lose_database(cx, &mut self.l, why),
            (DbId::Room, _) => {
                self.l.store.lose(why);
                self.l.writer.give_up();
            }
        }
    }

    /// Rows were read.
    pub fn read(&mut self, cx: &mut Cx<'_>, id: Ticket, rows: &Result<Rows, DbError>) {
        match &mut self.session {
            Session::Joining(joining) => {
                let joined = joining.read(cx, id, rows);
                self.joined(cx, joined);
            }
            Session::Member(member) => {
                let none = Rows::new();
                if let Some(inputs) = self.l.writer.read(id, rows.as_ref().unwrap_or(&none)) {
                    for (node, input) in inputs {
                        member.host.give(node, input);
                    }
                    if let Err(error) = rows {
                        member.lose_storage(cx, &mut self.l, error.clone());
                    }
                    return;
                }
                member.rows_read(cx, &mut self.l, id, rows);
                member.add_read(cx, &mut self.l, id, rows);
                member.renew_read(cx, &mut self.l, id, rows);
                member.hint_read(cx, &mut self.l, id, rows);
            }
            Session::Leaving(_) | Session::Frozen => {}
        }
    }

    /// A write is done or failed.
    pub fn written(&mut self, cx: &mut Cx<'_>, id: Ticket, result: &Result<(), DbError>) {
        let ours = self.l.writer.written(&mut self.l.store, id, result);
        if let Session::Member(member) = &mut self.session {
            if let Some(done) = ours {
                return member.written(cx, &mut self.l, done);
            }
            member.identities_written(cx, &mut self.l, id, result);
            return member.add_written(cx, id, result);
        }
        // What a former session wrote late.
        if let Some(Err(error)) = ours {
            self.l.store.fail(error);
        }
        if let Session::Joining(joining) = &mut self.session {
            let joined = joining.written(cx, id, result);
            self.joined(cx, joined);
        }
    }

    /// The browser is about to freeze this tab: leaves the room.
    pub fn freeze(&mut self, cx: &mut Cx<'_>) {
        match &mut self.session {
            Session::Frozen => {}
            Session::Leaving(leaving) => leaving.again = false,
            Session::Joining(joining) => {
                joining.abandon(cx);
                self.l.label = joining.label();
                self.session = Session::Frozen; // `wanted` is as it was
            }
            Session::Member(_) => self.leave(cx, None, false),
        }
        if is_planted(Bug::MemoryLostAtFreeze) && !self.l.store.is_kept() {
            self.l.store = RoomStore::new(Err(DbError::Refused("forgotten".into())));
        }
        if is_planted(Bug::FrozenTabMines) {
            return;
        }
        self.l.mining.set_present(cx, false);
        self.l.mining.say_goodbye(cx);
    }

    /// The tab is back: enters the room as if it were opened anew.
    pub fn resume(&mut self, cx: &mut Cx<'_>) {
        match &mut self.session {
            Session::Frozen => self.join_again(cx),
            Session::Leaving(leaving) => leaving.again = true,
            Session::Joining(_) | Session::Member(_) => return,
        }
        self.l.note(cx, Happening::Resumed);
        self.l.pace.resume();
        self.l.mining.set_present(cx, true);
    }

    /// Does one piece of work, or what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) {
        if self.l.mining.turn(cx) {
            self.l.pace.change();
        }
        match &mut self.session {
            Session::Joining(joining) => {
                let joined = joining.turn(cx);
                self.joined(cx, joined);
            }
            Session::Member(member) => {
                member.turn(cx, &mut self.l);
                if member.is_running() && !member.is_settling(cx.ms()) {
                    asks::take_up(cx, &mut self.l, member);
                    picture::show(cx, &mut self.l, member);
                }
            }
            Session::Leaving(leaving) => {
                let early = is_planted(Bug::LeftBeforeWritten);
                if self.l.is_written() || early || cx.ms() >= leaving.until {
                    cx.unlock(std::mem::take(&mut leaving.locks));
                    let again = leaving.again;
                    self.session = Session::Frozen;
                    if again {
                        self.join_again(cx);
                    }
                }
            }
            Session::Frozen => {}
        }
    }

    /// After every input: passes on what waits for storage and for the pool.
    pub fn settle(&mut self, cx: &mut Cx<'_>) {
        // Nothing is written without locks: others may live under these identities by now.
        if matches!(self.session, Session::Member(_) | Session::Leaving(_)) {
            self.l.writer.turn(cx, &mut self.l.store);
        }
        loop {
            let events = self.l.mining.carry_out(cx);
            if events.is_empty() {
                return;
            }
            for event in events {
                self.hear_pool(cx, event);
            }
        }
    }

    fn hear_pool(&mut self, cx: &mut Cx<'_>, event: PoolEvent) {
        let (key, input) = match event {
            PoolEvent::Found { node, job, nonce } => {
                let job = JobId(job);
                (node, NodeInput::Found { job, nonce })
            }
            PoolEvent::Spent { node, job } => (node, NodeInput::Spent { job: JobId(job) }),
            PoolEvent::WorkerRestarted => return self.l.note(cx, Happening::WorkerRestarted),
            // Another version was deployed since this page was loaded.
            PoolEvent::OtherBuild => {
                if let Session::Member(member) = &mut self.session {
                    asks::set_mining(cx, &mut self.l, member, false);
                }
                return cx.act(Effect::Post(FromEngine::OtherVersion(wire::VERSION)));
            }
        };
        if let Session::Member(member) = &mut self.session {
            member.give_to_miner(key, input);
        }
    }

    /// Joins under a new name: others forget the numbers of a tab that is gone, so what it said
    /// under the old one could be replayed, and whoever saw that may hold its lock by now.
    fn join_again(&mut self, cx: &mut Cx<'_>) {
        self.l.me = Me::new(cx.source);
        self.join(cx);
    }

    fn join(&mut self, cx: &mut Cx<'_>) {
        let l = &mut self.l;
        let (room, wanted) = (l.room.id(), l.wanted.clone());
        let under = l.under();
        let joining = Joining::begin(cx, &l.names, (room, &l.me), l.label, under, wanted);
        self.session = Session::Joining(Box::new(joining));
    }

    fn joined(&mut self, cx: &mut Cx<'_>, joined: Option<Joined>) {
        if let Some(joined) = joined {
            let member = Member::begin(cx, &mut self.l, joined);
            self.session = Session::Member(Box::new(member));
        }
    }

    /// Leaves the room. `without` is a lock already lost, along with what it stood for.
    fn leave(&mut self, cx: &mut Cx<'_>, without: Option<LockId>, again: bool) {
        let until = cx.ms() + LEAVE_MS;
        let locks = Vec::new();
        let leaving = Session::Leaving(Leaving {
            locks,
            until,
            again,
        });
        let Session::Member(member) = std::mem::replace(&mut self.session, leaving) else {
            return;
        };
        let (locks, wanted) = member.leave(cx, &mut self.l, without);
        self.l.wanted = wanted;
        if let Session::Leaving(leaving) = &mut self.session {
            leaving.locks = locks;
        }
    }

    /// Somebody stole a lock of this session: what it stood for may be another tab's by now, so
    /// this one leaves and comes back as somebody else.
    fn stolen(&mut self, cx: &mut Cx<'_>, lock: LockId) {
        if let Session::Member(member) = &mut self.session
            && let Some(lost) = member.nodes.iter().find(|one| one.lock == Some(lock))
        {
            let lost = lost.id;
            if self.l.has_slots() {
                member.lose_seat(&mut self.l, &lost);
            } else {
                let generation = self.l.store.generation().current;
                let values = self.l.store.values_of(&lost).cloned();
                self.l.inheritance = values.map(|values| (generation, values));
            }
        }
        self.leave(cx, Some(lock), true);
        self.lose_name(cx);
    }

    /// The tab's name and label may be somebody else's from now on.
    fn lose_name(&mut self, cx: &Cx<'_>) {
        self.l.label = 0;
        self.l.held_up(cx, Some(HeldUp::Tab));
        self.l.note(cx, Happening::LockStolen);
    }
}

/// The seats of a room.
fn seats(room: &Room) -> Arc<[Seat]> {
    let seat = |number| {
        let secret = room.seat_key(chain::Seat(number));
        let key = secret.public_key();
        let id = key.peer_id();
        Seat { id, secret, key }
    };
    (0..room.seats()).map(seat).collect()
}
