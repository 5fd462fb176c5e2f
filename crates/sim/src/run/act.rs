//! What a host does for a machine: it writes, says, wakes and searches as the machine asks.
//!
//! A message waits until all that was written before it is synced. Nothing else waits for a disk, as
//! in every host: work, timers and reads are no promises.

use chain::Micros;
use protocol::planted::is_planted;
use protocol::{Batch, Event, Job, Output, Packet, To};

use super::Sim;
use crate::queue::{Due, Planned, SeatIx, usize_of};
use crate::search;
use crate::seat::Said;

/// How long reading from the simulated disk takes.
const DISK_LATENCY: Micros = Micros::from_millis(1);

impl Sim {
    /// Does what a machine asks for.
    pub(super) fn carry_out(&mut self, index: SeatIx, output: &Output) {
        match output {
            Output::Save(batch) => self.save(index, batch),
            Output::Load { key } => {
                let (life, at) = (self.seat(index).life, self.now.saturating_add(DISK_LATENCY));
                let (seat, key) = (index, key.clone());
                self.plan(at, Planned::Loaded { seat, key, life });
            }
            Output::Send { to, packet } => {
                self.say(index, *to, packet);
            }
            Output::Arm { key, at } => {
                let at = self.seats[usize_of(index)].clock.when(self.now, *at);
                let key = *key;
                let (cause, since, seat) = (self.cause(), self.now, index);
                let armed = self.queue.plan_with(at, |armed| Due {
                    cause,
                    since,
                    what: Planned::Timer { seat, key, armed },
                });
                self.seat(index).timers.insert(key, armed);
            }
            Output::Disarm { key } => {
                self.seat(index).timers.remove(key);
            }
            Output::Work(job) => self.work(index, job),
            Output::Stop(id) => {
                let seat = self.seat(index);
                seat.job = seat.job.filter(|job| job.id != *id);
            }
            Output::Answer { .. } => self.counts.answered += 1,
            // For claims.
            Output::Admitted { .. } | Output::Executed { .. } | Output::Restored { .. } => {}
            Output::Tell(event) => self.note(index, event),
        }
    }

    fn save(&mut self, index: SeatIx, batch: &Batch) {
        let (now, disks) = (self.now, self.disks);
        let seat = self.seat(index);
        let Some(at) = seat.save(batch, now, disks) else {
            return;
        };
        let planned = Planned::Synced {
            seat: index,
            batches: seat.disk.written(),
            outages: seat.outages,
        };
        self.plan(at, planned);
    }

    /// So much of a disk is synced: what waited for it is said.
    pub(super) fn synced(&mut self, index: SeatIx, batches: u64, outages: u64) -> bool {
        let seat = self.seat(index);
        if seat.outages != outages {
            return false;
        }
        seat.disk.sync(batches);
        self.release(index);
        true
    }

    /// What a machine says leaves when all that it wrote before is synced.
    fn say(&mut self, index: SeatIx, to: To, packet: &Packet) {
        let event = self.cause();
        let seat = self.seat(index);
        let early = is_planted("host/sent-before-synced");
        let after = if early { 0 } else { seat.disk.written() };
        seat.waiting.push_back(Said {
            after,
            to,
            packet: packet.clone(),
            event,
        });
        self.release(index);
    }

    /// Lets go all messages that need not wait any longer.
    pub(super) fn release(&mut self, index: SeatIx) {
        while self.seat(index).paused.is_none()
            && let Some(said) = self.seat(index).next_said()
        {
            self.send(index, &said);
        }
    }

    fn work(&mut self, index: SeatIx, job: &Job) {
        let now = self.now;
        let seat = self.seat(index);
        let life = seat.life;
        seat.job = Some(*job);
        let wait = search::time_to_find(job, seat.hash_rate, &mut seat.rng);
        if let Some(at) = wait.and_then(|wait| now.checked_add(wait)) {
            let (seat, job) = (index, Box::new(*job));
            self.plan(at, Planned::Mined { seat, job, life });
        }
    }

    fn send(&mut self, from: SeatIx, said: &Said) {
        let receivers: Vec<SeatIx> = match said.to {
            To::All => self.network.linked(from, self.indices().end),
            To::Peer(peer) => self.seat_of.get(&peer).copied().into_iter().collect(),
        };
        let (cause, since) = (said.event, self.now);
        for to in receivers {
            self.counts.packets += 1;
            let bytes = said.packet.wire_size.into();
            let arrivals = self.network.arrivals(self.now, from, to, bytes);
            if arrivals.is_empty() {
                self.counts.lost += 1;
            }
            for at in arrivals {
                let packet = said.packet.clone();
                let what = Planned::Deliver { to, from, packet };
                self.queue.plan(at, Due { cause, since, what });
            }
        }
    }

    fn note(&mut self, index: SeatIx, event: &Event) {
        match event {
            Event::Found { .. } => self.counts.found += 1,
            Event::Reorganised { .. } => self.counts.reorganisations += 1,
            _ => {}
        }
        self.told.push((index, event.clone()));
    }
}

#[cfg(test)]
mod tests {
    use chain::Time;
    use protocol::{Key, Write};

    use super::*;

    const SCENARIO: &str = r#"
        title = "A disk that takes half a second"
        seed = 1
        seconds = 10
        chain = { name = "disk", protocol = "raft", ledger = "kv" }
        nodes = { count = 2 }
        disks = { sync_min_ms = 500, sync_max_ms = 500 }
    "#;

    fn save(sim: &mut Sim, name: u8) {
        let (key, value) = (Key::own([name]), [name][..].into());
        let batch = Batch(vec![Write::Put { key, value }]);
        sim.carry_out(0, &Output::Save(batch));
    }

    fn say(sim: &mut Sim) {
        let (to, packet) = (To::All, protocol::pack(&chain::Script(Vec::new())));
        sim.carry_out(0, &Output::Send { to, packet });
    }

    /// Two nodes, booted, and nothing planned.
    fn sim() -> Sim {
        let scenario = toml::from_str(SCENARIO).expect("a scenario");
        let mut sim = Sim::new(&scenario).expect("within limits");
        while sim.now < Time(1_000) && sim.advance() {}
        sim.queue = crate::queue::Queue::default();
        sim
    }

    /// Lets time pass.
    fn pass(sim: &mut Sim, millis: u64) {
        let until = sim.now.saturating_add(Micros::from_millis(millis));
        while sim.queue.next_at().is_some_and(|next| next <= until) {
            sim.advance();
        }
        sim.now = until;
    }

    #[test]
    fn a_message_leaves_when_all_that_was_saved_before_it_is_synced() {
        let mut sim = sim();
        say(&mut sim);
        assert_eq!(sim.counts.packets, 1, "nothing was saved");
        sim.counts.packets = 0;
        save(&mut sim, 1);
        save(&mut sim, 2); // begins when the first is synced
        say(&mut sim);
        save(&mut sim, 3);
        pass(&mut sim, 999);
        assert_eq!(sim.counts.packets, 0);
        pass(&mut sim, 1);
        assert_eq!(sim.counts.packets, 1, "the third save came after it");
    }

    #[test]
    fn what_an_earlier_life_saved_holds_messages_back_too() {
        let mut sim = sim();
        save(&mut sim, 1);
        say(&mut sim);
        sim.die(0, Micros::from_millis(10), false);
        assert!(sim.seat(0).waiting.is_empty(), "that is never said");
        pass(&mut sim, 10);
        assert!(sim.seat(0).machine.is_some(), "it is back");
        say(&mut sim);
        assert_eq!(sim.counts.packets, 0);
        pass(&mut sim, 489);
        assert_eq!(sim.counts.packets, 0);
        pass(&mut sim, 1);
        assert!(sim.counts.packets > 0, "with the votes that it asks for");
    }

    #[test]
    fn syncs_under_way_when_the_power_fails_are_worth_nothing_afterwards() {
        let mut sim = sim();
        save(&mut sim, 1);
        sim.die(0, Micros::from_secs(9), true);
        let seat = sim.seat(0);
        assert_eq!(seat.disk.synced(), seat.disk.written());
        save(&mut sim, 2);
        save(&mut sim, 3);
        say(&mut sim);
        pass(&mut sim, 999);
        assert_eq!(sim.counts.packets, 0);
        pass(&mut sim, 1);
        assert_eq!(sim.counts.packets, 1);
    }
}
