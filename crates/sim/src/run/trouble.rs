//! What goes wrong: processes die or stand still, power fails, the network is cut or slow.

use adversary::{Kind, Lie};
use chain::{Micros, Seat as SeatNumber, Time};
use protocol::{Death, Input, Order, Outbox, Remains, Role};
use scenario::{Evil, Fault, FaultKind, Twist};

use super::Sim;
use crate::queue::{Due, Planned, SeatIx, usize_of};
use crate::seat::Crash;

/// Whether a fault at 0 is so before anything happens.
pub(super) fn is_of_the_beginning(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::TurnEvil { .. } | FaultKind::Leave { .. })
}

/// The most packets that wait for a process that stands still; later ones are lost.
const HELD: u32 = 4_096;

impl Sim {
    /// Something goes wrong.
    pub(super) fn strike(&mut self, number: u64, kind: FaultKind) {
        self.judges.trouble(self.now);
        let millis = |ms: u32| Micros::from_millis(ms.into());
        match kind {
            FaultKind::Crash { node, for_ms } => self.die(node, millis(for_ms), false),
            FaultKind::CrashInWrite { node, for_ms } => {
                self.seat(node).doomed = Some(millis(for_ms));
            }
            FaultKind::PowerLoss { node, for_ms } => self.die(node, millis(for_ms), true),
            FaultKind::Pause { node, for_ms } => self.pause(node, millis(for_ms)),
            FaultKind::Cut { groups } => {
                let seats = self.indices().end;
                self.network.cut(&groups, seats);
                self.ails(number);
            }
            FaultKind::CutOneWay { from, to } => {
                self.network.cut_one_way(&from, &to);
                self.ails(number);
            }
            FaultKind::Slow { node, delay_ms } => {
                self.network.slow(node, millis(delay_ms));
                self.ails(number);
            }
            FaultKind::TurnEvil {
                node,
                twist,
                to,
                by_ms,
            } => self.turn_evil(node, &twist, &to, millis(by_ms)),
            FaultKind::TurnHonest { node } => self.turn(node, None),
            FaultKind::Rot { node, for_ms } => {
                let lost = self.seat(node).rot();
                self.fall(node, lost);
                self.come_back(node, millis(for_ms));
            }
            FaultKind::Clock {
                node,
                ahead_ms,
                drift_ppm,
            } => {
                let now = self.now;
                self.seat(node).clock.set(now, ahead_ms, drift_ppm);
            }
            FaultKind::Leave { node } => self.leave(number, node),
            FaultKind::Join { node } => self.join(number, node),
            FaultKind::Submit { node, tx } => {
                let given = tx.map(|tx| hex::decode(tx).expect("a scenario is checked").into());
                if let Some(tx) = given.or_else(|| self.sample()) {
                    self.ask(number, node, tx);
                }
            }
            FaultKind::LosePacket { packet } => {
                let taken = self.queue.take_flight(packet);
                self.counts.lost += u64::from(taken.is_some());
            }
            FaultKind::DelayPacket { packet, by_ms } => {
                if let Some((at, due)) = self.queue.take_flight(packet) {
                    let late = at.saturating_add(millis(by_ms));
                    self.queue.put_flight(late, packet, due);
                }
            }
            FaultKind::RepeatPacket { packet, by_ms } => {
                if let Some((at, due)) = self.queue.take_flight(packet) {
                    self.queue.put_flight(at, packet, due.clone());
                    self.queue.plan(at.saturating_add(millis(by_ms)), due);
                }
            }
            FaultKind::TransferLeadership { to } => {
                let to = SeatNumber(to);
                self.order(number, &Order::TransferLeadership { to });
            }
            FaultKind::Reconfigure { voters, learners } => {
                let seats = |list: Vec<u32>| list.into_iter().map(SeatNumber).collect();
                let (voters, learners) = (seats(voters), seats(learners));
                self.order(number, &Order::Reconfigure { voters, learners });
            }
            FaultKind::Heal {} => {
                self.network.heal();
                self.judges.network(self.now, true);
                self.tell_peers(number);
            }
        }
    }

    /// All members hear what an operator orders, but those that stand still: orders do not wait.
    fn order(&mut self, number: u64, order: &Order) {
        for index in self.indices() {
            let seat = self.seat(index);
            if seat.role() == Role::Member && seat.paused.is_none() {
                self.step(number, index, Input::Order(order.clone()));
            }
        }
    }

    /// Something is wrong with the network until it is healed.
    fn ails(&mut self, number: u64) {
        self.judges.network(self.now, false);
        self.tell_peers(number);
    }

    /// Cuts off the rest of a step in which a doomed node dies; says for how long it is away then.
    pub(super) fn crash_in(&mut self, index: SeatIx, out: &mut Outbox) -> Option<Micros> {
        let seat = self.seat(index);
        let Crash { torn, away } = seat.crash_in(out)?;
        if let Some(batch) = torn {
            let bytes = seat.rng.next_u64();
            seat.disk.tear(&batch, bytes);
            self.counts.torn_writes += 1;
        }
        Some(away)
    }

    /// A process dies, and with the power also what was not synced; it comes back after a while.
    pub(super) fn die(&mut self, index: SeatIx, away: Micros, power: bool) {
        let lost = if power {
            self.seat(index).lose_power()
        } else {
            0
        };
        if self.fall(index, lost) {
            self.come_back(index, away);
        }
    }

    /// A process dies, if there is one, and so many of its saves are lost. Says whether there was one.
    fn fall(&mut self, index: SeatIx, lost: u64) -> bool {
        let now = self.now;
        let seat = self.seat(index);
        let lives = seat.machine.is_some();
        seat.die();
        let seat = &self.seats[usize_of(index)];
        let left = (lost > 0).then(|| seat.disk.values());
        let remains = left.as_ref().map(|[own, shared]| Remains { own, shared });
        let (seat, peer) = (index, seat.peer);
        let death = Death {
            seat,
            peer,
            remains,
        };
        self.judges.died(now, &death);
        self.counts.lost_writes += lost;
        self.counts.crashes += u64::from(lives);
        lives
    }

    /// A process starts again after a while.
    fn come_back(&mut self, index: SeatIx, away: Micros) {
        let back = self.now.saturating_add(away);
        self.judges.trouble(back);
        self.plan(back, Planned::Boot(index));
    }

    /// A node is not there any more.
    fn leave(&mut self, number: u64, index: SeatIx) {
        let seat = self.seat(index);
        seat.is_away = true;
        if seat.machine.is_some() {
            self.fall(index, 0);
            self.tell_peers_around(number, index);
        }
    }

    /// A node comes.
    fn join(&mut self, number: u64, index: SeatIx) {
        if std::mem::take(&mut self.seat(index).is_away) {
            self.boot(number, index);
        }
    }

    /// What a scenario says of the beginning is so before anything happens.
    pub(super) fn begin_with(&mut self, fault: &Fault) {
        if fault.at == Time::ZERO && is_of_the_beginning(&fault.kind) {
            self.strike(0, fault.kind.clone());
        }
    }

    /// A node lies on purpose from now on.
    fn turn_evil(&mut self, index: SeatIx, twist: &str, to: &[SeatIx], by: Micros) {
        let twist = self.setting.twist(twist).expect("a scenario is checked");
        let evil = match twist {
            Twist::Own(twist) => Evil::Own(twist),
            Twist::Any(twist) => {
                let odd = |seat: &SeatIx| twist.kind == Kind::Twins && seat % 2 == 1;
                let others = self.indices().filter(|_| to.is_empty()).filter(odd);
                let to = others.chain(to.iter().copied());
                let to = to.map(|seat| self.seats[usize_of(seat)].peer).collect();
                let kind = twist.kind;
                Evil::Any(Lie { kind, to, by })
            }
        };
        self.judges.twisted(index);
        self.turn(index, Some(evil));
    }

    /// Another process takes the place of a node's, if there is one.
    fn turn(&mut self, index: SeatIx, evil: Option<Evil>) {
        let seat = self.seat(index);
        seat.evil = evil;
        if seat.machine.is_some() {
            self.die(index, Micros(0), false);
        }
    }

    fn pause(&mut self, index: SeatIx, lasts: Micros) {
        let until = self.now.saturating_add(lasts);
        let seat = self.seat(index);
        if seat.machine.is_none() {
            return;
        }
        let until = seat.paused.map_or(until, |paused| paused.max(until));
        seat.paused = Some(until);
        let life = seat.life;
        self.judges.trouble(until);
        self.plan(until, Planned::Resume { seat: index, life });
    }

    /// A process that stood still goes on: it says what is synced by now, and learns what has changed.
    pub(super) fn resume(&mut self, number: u64, index: SeatIx, life: u64) -> bool {
        let now = self.now;
        let seat = self.seat(index);
        if seat.life != life || seat.paused.is_none_or(|until| until > now) {
            return false;
        }
        (seat.paused, seat.held) = (None, 0);
        self.release(index);
        self.tell_peers_of(number, index);
        true
    }

    /// What happens to a process that stands still happens to it when it goes on.
    pub(super) fn hold(&mut self, until: Time, due: Due) {
        if let Planned::Deliver { to, .. } = &due.what {
            let seat = self.seat(*to);
            if seat.held == HELD {
                self.counts.lost += 1;
                return;
            }
            seat.held += 1;
        }
        self.queue.plan(until, due);
    }
}
