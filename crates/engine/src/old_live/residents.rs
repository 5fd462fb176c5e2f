//! This tab's nodes: under which identities they live, how they start, leave and start again.

use chain::PeerId;
use node::{Node, Progress};
use protocol::JobId;
use wasm_bindgen_futures::spawn_local;

use super::claim::{Claimed, Wanted, claim, claim_label};
use super::{Engine, Handle, State};
use crate::engine::between::beacon::MOST_NODES;
use crate::engine::browser::clock::{reading, steady_ms};
use crate::engine::browser::locks::Held;
use crate::engine::browser::random;
use crate::engine::clock::Clock;
use crate::engine::picture::tally::Tally;
use crate::engine::storage::depot::read_generation;
use crate::engine::storage::roster::{self, Identity};
use crate::engine::storage::{Db, Store};
use crate::mining::plan::NodeKey;
use crate::stream::{Damage, Happening};

/// How long the first picture waits for nodes that read their chain, in milliseconds: a short chain
/// should be there at once, of a long one the page shows the progress.
const SETTLE_MS: u64 = 1_500;

/// A node of this tab.
pub struct Resident {
    pub id: PeerId,
    pub identity: Identity,
    /// Its own switch.
    pub online: bool,
    /// Counts its envelopes.
    pub sequence: u64,
    /// What the pool calls it in this life.
    pub key: NodeKey,
    /// What it has searched.
    pub job: Option<JobId>,
    /// Whether its identity is kept; if not, somebody else's may be in its place.
    kept: bool,
    /// Nobody else lives under its identity while this is held. `None`: nobody else has its key.
    _lock: Option<Held>,
}

impl Resident {
    fn new((identity, lock): (Identity, Option<Held>), stored: bool) -> Self {
        let (id, key) = (identity.id(), key(&identity));
        let kept = stored && lock.is_some();
        Self {
            id,
            identity,
            online: true,
            sequence: 0,
            key,
            job: None,
            kept,
            _lock: lock,
        }
    }
}

/// Job numbers start over in each life, so each life is somebody else to the pool.
fn key(identity: &Identity) -> NodeKey {
    u64::from(identity.seat) << 32 | (identity.incarnation & u64::from(u32::MAX))
}

/// Enters the room: takes locks and identities, listens, starts the nodes.
pub async fn join(handle: Handle) {
    let Some((names, locks, me, label, db, wanted)) = handle.act(|engine| {
        let wanted = engine.wanted.clone();
        let (names, locks) = (engine.names.clone(), engine.locks.clone());
        (
            names,
            locks,
            engine.me,
            engine.label,
            engine.browser_db.clone(),
            wanted,
        )
    }) else {
        return;
    };
    let Some((room, stay)) = handle.act(|engine| (engine.room.id(), engine.stay)) else {
        return;
    };
    let tab = locks.wait(&names.tab_lock(room, &me)).await;
    let label = {
        let lock = |label| names.label_lock(room, label);
        claim_label(&locks, label, lock).await
    };
    let claimed = claim(&names, &locks, &db, wanted).await;
    let entered = handle.act(|engine| {
        if engine.stay != stay {
            return None; // frozen again meanwhile: what was taken is given back
        }
        engine.held = tab.into_iter().chain(label.1).collect();
        engine.label = label.0;
        engine.residents = engine.take_in(claimed);
        engine.open_channel();
        engine.know_residents();
        Some(engine.begin_life())
    });
    if let Some(life) = entered.flatten() {
        start_nodes(handle, life, None).await;
    }
}

/// Restarts all nodes from storage, then says why; unless this life is over before it has begun.
async fn start_nodes(handle: Handle, life: u64, why: Option<Happening>) {
    handle.written().await; // or a new life would begin with less than the last one saved
    let started = handle.act(|engine| {
        if engine.life != life {
            return None;
        }
        engine.clock = Clock::start(reading());
        engine.tally = Tally::new(engine.params.genesis_id());
        let ids: Vec<PeerId> = engine
            .residents
            .iter()
            .map(|resident| resident.id)
            .collect();
        Some((ids, engine.storage.depot.kept()))
    });
    let Some((ids, db)) = started.flatten() else {
        return;
    };
    if let Some(db) = db {
        let found = read_generation(&db).await;
        handle.act(|engine| {
            if engine.life == life && engine.storage.depot.refresh(found) {
                let what = Damage::Generation;
                engine.note(None, Happening::Damaged { what });
            }
        });
    }
    for id in ids {
        start_node(&handle, id, life).await;
    }
    handle.act(|engine| {
        if engine.life != life {
            return;
        }
        engine.state = State::Awake;
        engine.settle_by = steady_ms() + SETTLE_MS;
        engine.network.change();
        engine.share_power();
        if let Some(why) = why {
            engine.note(None, why);
        }
    });
}

/// Starts one node with what it saved.
async fn start_node(handle: &Handle, id: PeerId, life: u64) {
    let missing = handle
        .act(|engine| engine.storage.depot.missing(&id))
        .flatten();
    let rows = match missing {
        Some((db, prefix)) => Some(db.range(Store::Own, &prefix).await),
        None => None,
    };
    handle.act(|engine| {
        if engine.life != life || engine.host.has(&id) {
            return;
        }
        if let Some(rows) = rows {
            engine.storage.depot.fill(id, rows);
        }
        let Some(resident) = engine.resident(&id) else {
            return;
        };
        let public = resident.identity.secret.public_key();
        let node = scenario::assemble(&engine.room, &public, random::number(), &engine.memo);
        let saved = engine.storage.depot.saved(&id);
        engine.host.add(id, node, saved);
        engine.network.change();
    });
}

/// Why a tab got no further node.
pub enum NotAdded {
    /// It has as many as a tab may have.
    Full,
    /// It has left the room meanwhile.
    Left,
}

/// One more node.
pub async fn add(handle: &Handle) -> Result<PeerId, NotAdded> {
    let begun = handle.act(|engine| {
        let (names, locks) = (engine.names.clone(), engine.locks.clone());
        let seats = engine.residents.iter().map(|one| one.identity.seat);
        let wanted = Wanted {
            count: 1,
            besides: seats.collect(),
            ..Wanted::default()
        };
        (names, locks, engine.browser_db.clone(), wanted, engine.stay)
    });
    let (names, locks, db, wanted, stay) = begun.ok_or(NotAdded::Left)?;
    let claimed = claim(&names, &locks, &db, wanted).await;
    handle.written().await;
    let added = handle.act(|engine| {
        // If it cannot be used any more, what was taken is given back.
        if engine.stay != stay {
            return Err(NotAdded::Left);
        }
        if engine.residents.len() >= MOST_NODES {
            return Err(NotAdded::Full);
        }
        let resident = engine.take_in(claimed).pop().ok_or(NotAdded::Full)?;
        let id = resident.id;
        engine.storage.depot.forget(&id); // it may have lived elsewhere since it lived here
        engine.residents.push(resident);
        engine.tally = Tally::new(engine.params.genesis_id()); // it may have found blocks before
        engine.know_residents();
        Ok((id, engine.life))
    });
    let (id, life) = added.ok_or(NotAdded::Left)??;
    start_node(handle, id, life).await;
    Ok(id)
}

impl Engine {
    /// Lets a node go; its identity is free for others as soon as all that it saved is written.
    pub(super) fn remove_node(&mut self, id: &PeerId) {
        self.host.remove(id);
        if let Some(place) = self
            .residents
            .iter()
            .position(|resident| resident.id == *id)
        {
            let gone = self.residents.remove(place);
            self.mining.forget(gone.key);
            self.leaving.0.push(gone);
            spawn_local(leave(self.handle.clone()));
        }
        self.tally = Tally::new(self.params.genesis_id());
        self.network.change();
        self.pace.change();
    }

    /// All nodes begin a new life: after sleep, after a reset, after its undoing.
    pub(super) fn relive(&mut self, why: Option<Happening>) {
        let life = self.stop_nodes();
        let (handle, db) = (self.handle.clone(), self.browser_db.clone());
        for resident in &mut self.residents {
            resident.identity.incarnation = resident.identity.incarnation.saturating_add(1);
            resident.key = key(&resident.identity);
            resident.sequence = 0;
            resident.job = None;
        }
        let kept = self.residents.iter().filter(|resident| resident.kept);
        let identities: Vec<Identity> = kept.map(|resident| resident.identity.clone()).collect();
        spawn_local(async move {
            // A life that is not written down could be lived twice.
            if let Ok(db) = db
                && let Err(error) = roster::write(&db, &identities).await
            {
                handle.act(|engine| engine.lose_storage(error));
            }
            start_nodes(handle, life, why).await;
        });
    }

    /// The browser is about to freeze this tab: leaves the room.
    pub(super) fn freeze(&mut self) {
        if self.state == State::Frozen {
            return;
        }
        self.say_goodbye();
        self.stop_nodes();
        self.look_after_storage();
        self.state = State::Frozen;
        self.stay += 1; // whoever is still taking identities comes too late
        self.mining.pause();
        self.channel = None;
        if !self.residents.is_empty() {
            let identity = |resident: &Resident| resident.identity.clone();
            self.wanted = Wanted {
                ids: self.residents.iter().map(|resident| resident.id).collect(),
                former: self.residents.iter().map(identity).collect(),
                count: self.residents.len(),
                ..Wanted::default()
            };
        } // else it is frozen while it joins, and still wants whom it wanted
        self.leaving.0.append(&mut self.residents);
        self.leaving.1.append(&mut self.held);
        self.tabs.forget_all();
        spawn_local(leave(self.handle.clone()));
    }

    /// The tab is back: enters the room as if it were opened anew.
    pub(super) fn resume(&mut self) {
        if self.state == State::Frozen {
            self.wake();
            self.note(None, Happening::Resumed);
            self.pace.resume();
            let handle = self.handle.clone();
            spawn_local(async move {
                leave(handle.clone()).await;
                join(handle).await;
            });
        }
    }

    /// Whether nodes have just been started and still read their chain.
    pub(super) fn is_settling(&self) -> bool {
        let reads = |node: &Node| matches!(node.progress(), Progress::Loading { .. });
        steady_ms() < self.settle_by
            && self
                .residents
                .iter()
                .any(|resident| self.host.get(&resident.id).is_none_or(reads))
    }

    /// Ends the life before, and with it whatever is still on its way for that; the number of the
    /// new one.
    fn begin_life(&mut self) -> u64 {
        self.life += 1;
        self.life
    }

    /// Ends all nodes here; the number of the life that may follow.
    fn stop_nodes(&mut self) -> u64 {
        self.wake();
        for resident in &self.residents {
            self.host.remove(&resident.id);
            self.mining.forget(resident.key);
        }
        self.begin_life()
    }

    /// Learns what a claim has seen; returns those to live here.
    fn take_in(&mut self, claimed: Claimed) -> Vec<Resident> {
        if claimed.damaged > 0 {
            let what = Damage::Identities(u32::try_from(claimed.damaged).unwrap_or(u32::MAX));
            self.note(None, Happening::Damaged { what });
        }
        let kept = claimed.kept.is_ok();
        if let Err(error) = claimed.kept {
            // A chain whose owner is not kept is found by nobody again.
            self.lose_storage(error);
        }
        self.seats.extend(claimed.known); // who found blocks before this tab was opened
        let taken = claimed.taken.into_iter();
        taken.map(|taken| Resident::new(taken, kept)).collect()
    }

    fn know_residents(&mut self) {
        for resident in &self.residents {
            self.seats.insert(resident.id, resident.identity.seat);
        }
        self.pace.change();
    }
}

/// Gives up locks once everything is written: whoever takes them next finds it.
async fn leave(handle: Handle) {
    handle.written().await;
    handle.act(|engine| std::mem::take(&mut engine.leaving));
}
