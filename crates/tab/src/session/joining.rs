//! A tab enters its room: it takes the lock that bears its name, a label that people call it by,
//! and identities for its nodes.

use protocol::envelope::RoomId;
use wire::live::HeldUp;

use super::claim::{Claimed, Wanted};
use super::taking::{Taking, Under};
use super::wait::{PATIENCE_MS, Wait, Waited};
use crate::between::heartbeat::MOST_TABS;
use crate::cx::{Cx, Me};
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::names::Names;
use crate::storage::DbError;

/// A tab that is joining.
pub struct Joining {
    names: Names,
    room: RoomId,
    under: Under,
    wanted: Wanted,
    tab: Option<LockId>,
    label: u32,
    label_lock: Option<LockId>,
    held_up: Option<HeldUp>,
    stage: Stage,
}

enum Stage {
    Tab(Wait),
    Label {
        asked: LockId,
        label: u32,
        /// The label to try next.
        next: u32,
        /// Until when to wait for an answer, in milliseconds.
        until: u64,
    },
    Claim(Taking),
}

/// What a tab has once it has joined.
pub struct Joined {
    /// What people call it.
    pub label: u32,
    /// Locks of the tab's name and label.
    pub locks: Vec<LockId>,
    /// Identities for its nodes.
    pub claimed: Claimed,
    /// Whether somebody else held the tab's own name.
    pub held_up: Option<HeldUp>,
}

impl Joining {
    /// Begins with the tab's own name. `label` is the one that it had before, or 0.
    pub fn begin(
        cx: &mut Cx<'_>,
        names: &Names,
        (room, me): (RoomId, &Me),
        label: u32,
        under: Under,
        wanted: Wanted,
    ) -> Self {
        Self {
            stage: Stage::Tab(Wait::begin(cx, names.tab_lock(room, &me.id))),
            names: names.clone(),
            room,
            under,
            wanted,
            tab: None,
            label,
            label_lock: None,
            held_up: None,
        }
    }

    /// The browser says what became of a lock.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) -> Option<Joined> {
        match &mut self.stage {
            Stage::Tab(wait) => {
                if let Some(waited) = wait.answered(id, answer) {
                    self.named(cx, waited);
                }
                None
            }
            Stage::Label {
                asked, label, next, ..
            } if *asked == id => {
                let (label, next) = (*label, *next);
                match answer {
                    LockAnswer::Granted => {
                        self.label_lock = Some(id);
                        self.label = label;
                        self.claim(cx);
                    }
                    LockAnswer::Taken if next <= MOST_TABS => self.ask_label(cx, next, next + 1),
                    _ => self.draw_label(cx),
                }
                None
            }
            Stage::Claim(claim) => {
                let claimed = claim.locked(cx, id, answer);
                self.finish(claimed)
            }
            Stage::Label { .. } => None,
        }
    }

    /// Rows were read.
    pub fn read(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) -> Option<Joined> {
        let Stage::Claim(claim) = &mut self.stage else {
            return None;
        };
        let claimed = claim.read(cx, id, rows);
        self.finish(claimed)
    }

    /// A write is done or failed.
    pub fn written(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        result: &Result<(), DbError>,
    ) -> Option<Joined> {
        let Stage::Claim(claim) = &mut self.stage else {
            return None;
        };
        let claimed = claim.written(cx, id, result);
        self.finish(claimed)
    }

    /// Does what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<Joined> {
        match &mut self.stage {
            Stage::Tab(wait) => {
                if let Some(waited) = wait.turn(cx) {
                    self.named(cx, waited);
                }
                None
            }
            Stage::Label { asked, until, .. } => {
                if cx.ms() >= *until {
                    cx.unlock([*asked]);
                    self.draw_label(cx);
                }
                None
            }
            Stage::Claim(claim) => {
                let claimed = claim.turn(cx);
                self.finish(claimed)
            }
        }
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match &self.stage {
            Stage::Tab(wait) => wait.due(),
            Stage::Label { until, .. } => *until,
            Stage::Claim(claim) => claim.due(),
        }
    }

    /// Whether the tab has this lock already, as that of its name or label.
    pub fn holds(&self, id: LockId) -> bool {
        self.tab == Some(id) || self.label_lock == Some(id)
    }

    /// Gives back what was taken.
    pub fn abandon(&mut self, cx: &mut Cx<'_>) {
        match &mut self.stage {
            Stage::Tab(wait) => wait.abandon(cx),
            Stage::Label { asked, .. } => cx.unlock([*asked]),
            Stage::Claim(claim) => claim.abandon(cx),
        }
        cx.unlock(self.tab.take().into_iter().chain(self.label_lock.take()));
    }

    /// What people will call it, or called it before; 0 if neither is known.
    pub fn label(&self) -> u32 {
        self.label
    }

    fn named(&mut self, cx: &mut Cx<'_>, waited: Waited) {
        match waited {
            Waited::Held(lock) => self.tab = Some(lock),
            Waited::Refused => {}
            // This tab drew the name at random: somebody is up to something. Without the lock other
            // tabs do not see this one, but it lives.
            Waited::HeldUp => self.held_up = Some(HeldUp::Tab),
        }
        let before = self.label;
        let (label, next) = if before > 0 { (before, 1) } else { (1, 2) };
        self.ask_label(cx, label, next);
    }

    fn ask_label(&mut self, cx: &mut Cx<'_>, label: u32, next: u32) {
        let asked = cx.lock(self.names.label_lock(self.room, label), false);
        let until = cx.ms() + PATIENCE_MS;
        self.stage = Stage::Label {
            asked,
            label,
            next,
            until,
        };
    }

    /// No label can be locked: draws one that others may have, too.
    fn draw_label(&mut self, cx: &mut Cx<'_>) {
        self.label = 1 + (cx.number() % u64::from(MOST_TABS)) as u32;
        self.claim(cx);
    }

    fn claim(&mut self, cx: &mut Cx<'_>) {
        let wanted = std::mem::take(&mut self.wanted);
        let place = (&self.names, self.room);
        self.stage = Stage::Claim(Taking::begin(cx, place, &self.under, wanted, true));
    }

    fn finish(&mut self, claimed: Option<Claimed>) -> Option<Joined> {
        let claimed = claimed?;
        let locks = self.tab.take().into_iter().chain(self.label_lock.take());
        Some(Joined {
            label: self.label,
            locks: locks.collect(),
            claimed,
            held_up: self.held_up,
        })
    }
}
