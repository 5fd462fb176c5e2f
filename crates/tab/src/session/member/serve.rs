//! What only rooms with seats have: servers that must not forget, and a client that submits.

use chain::PeerId;
use protocol::{AskId, Input, Machine, Role};
use wire::ask::Submit;
use wire::live::NoSeat;
use wire::{Answer, Failure};

use super::{Hosted, Member};
use crate::cx::{Cx, failure};
use crate::lasting::Lasting;
use crate::picture::slots::told;
use crate::session::seating;

/// Most transactions of a tab that wait for an answer.
const MOST_SUBMITTED: usize = 64;

impl Member {
    /// Somebody wants a transaction carried out. Answered at once only if that cannot be.
    pub fn submit(&mut self, cx: &mut Cx<'_>, l: &Lasting, ask: u32, submit: &Submit) {
        if let Err(why) = self.try_submit(l, ask, submit) {
            cx.answer(ask, Err(why));
        }
    }

    fn try_submit(&mut self, l: &Lasting, ask: u32, submit: &Submit) -> Result<(), Failure> {
        let forms = l.rules.ledger.forms;
        let form = forms.iter().find(|form| form.id == submit.form);
        let (true, Some(form)) = (l.has_slots(), form) else {
            return Err(failure(
                "wrong-room",
                "this room takes no such transactions",
            ));
        };
        let values: Vec<&[u8]> = submit.values.iter().map(String::as_bytes).collect();
        let tx = (form.fill)(&values)
            .ok_or_else(|| failure("bad-argument", "a field is missing, or not allowed"))?;
        let client = self.nodes.iter().find(|one| one.role == Role::Client);
        let client = client.map(|one| one.id);
        let client = client.ok_or_else(|| failure("not-ready", "this tab has no client"))?;
        self.submit_to(client, ask, tx)
    }

    /// Gives a transaction to one of this tab's machines.
    pub(super) fn submit_to(
        &mut self,
        machine: PeerId,
        ask: u32,
        tx: Vec<u8>,
    ) -> Result<(), Failure> {
        if self.submitted.len() >= MOST_SUBMITTED {
            return Err(failure("not-ready", "too many transactions are waiting"));
        }
        self.last_submitted += 1;
        let number = AskId(self.last_submitted);
        self.submitted.insert(number, ask);
        let tx = tx.into();
        self.host.give(machine, Input::Submit { ask: number, tx });
        Ok(())
    }

    /// A client says what came of a transaction.
    pub(super) fn receive(
        &mut self,
        cx: &mut Cx<'_>,
        l: &Lasting,
        number: AskId,
        receipt: Option<&[u8]>,
    ) {
        let Some(ask) = self.submitted.remove(&number) else {
            return;
        };
        let refused = || failure("not-ready", "the room does not take it now");
        let receipt = receipt.ok_or_else(refused).and_then(|bytes| {
            let receipt = (l.rules.ledger.tell_receipt)(bytes);
            receipt.ok_or_else(|| failure("interrupted", "what came of it is no longer known"))
        });
        cx.answer(ask, receipt.map(|receipt| Answer::Receipt(told(receipt))));
    }

    /// How many transactions wait for an answer.
    pub fn submitted(&self) -> usize {
        self.submitted.len()
    }

    /// Who was asked stops. What it submitted may be carried out or not: nobody here will know.
    pub(super) fn give_up_submitted(&mut self, cx: &mut Cx<'_>) {
        for ask in std::mem::take(&mut self.submitted).into_values() {
            let why = "the node was stopped; the transaction may be carried out or not";
            cx.answer(ask, Err(failure("interrupted", why)));
        }
    }

    /// A client lives once: its next life has another name, since the servers remember how far this
    /// one had counted and nobody here will.
    pub(super) fn renew_client(&mut self, cx: &mut Cx<'_>) {
        for one in self.nodes.iter_mut().filter(|one| one.role == Role::Client) {
            one.identity = seating::client(cx);
            one.id = one.identity.id();
        }
    }

    /// Others should see at once what a server has become.
    pub(super) fn watch_servers(&mut self, l: &mut Lasting) {
        let mut changed = false;
        for one in self.nodes.iter_mut().filter(|one| one.role == Role::Member) {
            if let Some(replica) = self.host.get(&one.id).and_then(|machine| machine.slots()) {
                let glance = replica.glance();
                changed |= std::mem::replace(&mut one.told, glance) != glance;
            }
        }
        if changed {
            self.heartbeat.hurry();
            l.pace.change();
        }
    }

    /// A seat is somebody else's from now on: nothing more of what its server wanted is done.
    pub fn lose_seat(&mut self, l: &mut Lasting, id: &PeerId) {
        self.host.remove(id);
        l.store.give_up_saves(|node| node != id);
    }

    /// Nothing is kept any more. A server that goes on would break its promises once it is back, so
    /// this tab's seats are free for tabs that can keep them.
    pub(super) fn give_up_seats(&mut self, l: &mut Lasting) {
        let is_server = |one: &mut Hosted| l.seat_of(&one.id).is_some();
        let servers: Vec<Hosted> = self.nodes.extract_if(.., is_server).collect();
        if servers.is_empty() {
            return;
        }
        for one in servers {
            self.host.remove(&one.id);
            self.departing.extend(one.lock);
        }
        self.no_seat = Some(NoSeat::NoStorage);
        self.change();
        l.pace.change();
    }
}
