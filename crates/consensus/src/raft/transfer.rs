//! Leadership changes hands because an operator says so (dissertation section 3.10): the leader proposes
//! nothing more, waits until the other member has its whole log, and asks it to stand for election at
//! once. Nobody has to notice that a leader is missing.

use chain::{Seat, Time};
use protocol::Cx;

use super::message::{Message, Stage, Term};
use super::state::{Replica, Role};

/// A leader wants another member to lead.
#[derive(Clone, Copy)]
pub(super) struct Transfer {
    to: Seat,
    /// When it gives up and goes on itself: the other one may be down.
    until: Time,
}

impl Replica {
    /// Begins to hand over. If this replica does not lead, whoever does hears of it, too.
    pub fn transfer(&mut self, cx: &mut Cx<'_>, to: Seat) {
        let until = cx.now.saturating_add(self.setup.election);
        let may_lead = self.is_voter(to) && to != self.setup.me;
        if let Role::Leader(leader) = &mut self.role
            && may_lead
        {
            leader.transfer = Some(Transfer { to, until });
            self.call_on(cx);
        }
    }

    /// Calls on the member that is to lead, if it has all that this leader has. What gets lost is said
    /// again with the next heartbeat.
    pub fn call_on(&mut self, cx: &mut Cx<'_>) {
        let (term, last) = (self.term(), self.log.last().index);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let Some(Transfer { to, until }) = leader.transfer else {
            return;
        };
        if cx.now >= until {
            leader.transfer = None;
            return self.advance(cx);
        }
        let progress = leader.followers.get(&to);
        if progress.is_some_and(|progress| progress.matched == last) {
            self.send(cx, to, &Message::TimeoutNow { term });
        }
    }

    /// The leader wants this replica to lead.
    pub fn on_timeout_now(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term) {
        if self.heed(cx, from, term)
            && self.may_stand()
            && let Some(next) = self.term().next()
        {
            self.campaign(cx, next, Stage::Transfer);
        }
    }
}
