//! The run: takes the next event, lets a machine step, carries out what it asks for, and lets the
//! checkers look.

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{Micros, PeerId, Seat as SeatNumber, Stream, Time};
use node::Memo;
use protocol::{AskId, Event, Input, Outbox, Output, Packet, Role, Seen, To};
use scenario::{FaultKind, Place, Scenario, ScenarioError, Setting};

use crate::fingerprint::Fingerprint;
use crate::judges::Judges;
use crate::network::Network;
use crate::queue::{Planned, Queue, SeatIx};
use crate::report::{Counts, Report, Standing};
use crate::search;
use crate::seat::{Crash, Seat, toy_key};

/// How long reading from the simulated disk takes.
const DISK_LATENCY: Micros = Micros::from_millis(1);

/// A run in progress.
pub struct Sim {
    setting: Setting,
    faults: Vec<FaultKind>,
    /// Milliseconds between two transactions of a client, on average.
    every_ms: u64,
    /// What clients want, and when.
    wishes: Stream,
    seats: Vec<Seat>,
    seat_of: BTreeMap<PeerId, SeatIx>,
    queue: Queue,
    network: Network,
    memo: Memo,
    now: Time,
    end: Time,
    fingerprint: Fingerprint,
    judges: Judges,
    counts: Counts,
    events: Vec<(Time, SeatIx, Event)>,
    forgotten: u64,
}

/// How many log entries are kept at most; the oldest are dropped first.
const LOG: usize = 10_000;

impl Sim {
    /// Prepares a run.
    ///
    /// # Errors
    /// The first thing in the scenario that is outside its limits.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let setting = scenario.check()?;
        let places = places(scenario);
        let judges = Judges::new(scenario, &setting, &places[0]);
        let seat = |place: Place| {
            let rate = scenario.hash_rate(place.seat.0);
            Seat::new(place, scenario.seed, rate)
        };
        let seats: Vec<Seat> = places.into_iter().map(seat).collect();
        let seat_of = (0..)
            .zip(&seats)
            .map(|(index, seat)| (seat.peer, index))
            .collect();
        Ok(Self {
            judges,
            setting,
            faults: scenario
                .faults
                .iter()
                .map(|fault| fault.kind.clone())
                .collect(),
            every_ms: scenario.clients.every_ms.into(),
            wishes: Stream::new(scenario.seed, 0, "workload"),
            seats,
            seat_of,
            queue: planned(scenario),
            network: Network::new(scenario.links, scenario.seed),
            memo: Memo::default(),
            now: Time::ZERO,
            end: seconds(scenario.seconds),
            fingerprint: Fingerprint::default(),
            counts: Counts::default(),
            events: Vec::new(),
            forgotten: 0,
        })
    }

    /// The same run without sharing the results of validity checks between nodes.
    #[must_use]
    pub fn without_memo(mut self) -> Self {
        self.memo = Memo::disabled();
        self
    }

    /// Runs to the scenario's end.
    pub fn run(&mut self) -> Report {
        while self.advance() {}
        self.report()
    }

    /// Takes the next event; false at the end of the scenario.
    pub fn advance(&mut self) -> bool {
        if self.queue.next_at().is_none_or(|at| at > self.end) {
            self.now = self.end;
            return false;
        }
        let Some((at, number, planned)) = self.queue.next() else {
            return false;
        };
        self.now = at;
        match planned {
            Planned::Boot(seat) => self.boot(number, seat),
            Planned::Deliver { to, from, packet } => {
                self.step(number, to, Input::Packet { from, packet });
            }
            Planned::Timer { seat, key, armed } => {
                if self.seat(seat).timers.get(&key) == Some(&armed) {
                    self.seat(seat).timers.remove(&key);
                    self.step(number, seat, Input::Timer { key });
                }
            }
            Planned::Mined { seat, job, life } => self.mined(number, seat, &job, life),
            Planned::Loaded { seat, key, life } => {
                if self.seat(seat).life == life {
                    let value = self.seat(seat).disk.load(&key);
                    self.step(number, seat, Input::Loaded { key, value });
                }
            }
            Planned::Submit(seat) => self.submit(number, seat),
            Planned::Fault(index) => self.fault(number, index),
        }
        true
    }

    /// The outcome of the run so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let standing = |seat: &Seat| Standing {
            peer: seat.peer,
            role: seat.role(),
            tip: seat.machine.as_ref().map(|machine| {
                let glance = machine.glance();
                (glance.tip, glance.height)
            }),
        };
        Report {
            now: self.now,
            fingerprint: self.fingerprint,
            claims: self.judges.verdicts(self.now),
            nodes: self.seats.iter().map(standing).collect(),
            counts: self.counts,
        }
    }

    /// Seconds simulated so far, and in all.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.now.0 / 1_000_000, self.end.0 / 1_000_000)
    }

    /// How many of the oldest events are no longer kept.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What the nodes reported, oldest first: all of up to 10,000 events, and at least the last
    /// 5,000 of a longer run.
    #[must_use]
    pub fn events(&self) -> &[(Time, SeatIx, Event)] {
        &self.events
    }

    fn boot(&mut self, number: u64, index: SeatIx) {
        let (setting, memo) = (self.setting.clone(), self.memo.clone());
        let seat = self.seat(index);
        seat.start(&setting, &memo);
        let saved = seat.disk.saved();
        self.judges.trouble(self.now);
        self.step(number, index, Input::Boot { saved });
        self.tell_peers(number);
    }

    /// Tells every running node which others it can reach.
    fn tell_peers(&mut self, number: u64) {
        for index in self.indices() {
            let up = self
                .indices()
                .filter(|other| *other != index && self.network.connected(index, *other))
                .filter(|other| self.seats[usize_of(*other)].machine.is_some())
                .map(|other| self.seats[usize_of(other)].peer)
                .collect();
            self.step(number, index, Input::Peers { up });
        }
    }

    fn mined(&mut self, number: u64, index: SeatIx, job: &protocol::Job, life: u64) {
        let seat = self.seat(index);
        if seat.life != life || seat.job.as_ref() != Some(job) {
            return; // the job was replaced: a search has no memory, so nothing is lost
        }
        let input = match search::find(job, &mut seat.rng) {
            Some(nonce) => Input::Found { job: job.id, nonce },
            None => Input::Spent { job: job.id },
        };
        self.step(number, index, input);
    }

    /// A client that is up wants something, and will want something else later.
    fn submit(&mut self, number: u64, index: SeatIx) {
        let wait = Micros::from_millis(1 + self.wishes.below(2 * self.every_ms));
        let at = self.now.saturating_add(wait);
        self.queue.plan(at, Planned::Submit(index));
        let Some(sample) = self.setting.ledger.sample else {
            return;
        };
        let tx = sample(&mut self.wishes).into();
        let seat = self.seat(index);
        if !seat.is_ready() {
            return;
        }
        seat.asks += 1;
        let ask = AskId(seat.asks);
        self.counts.submitted += 1;
        self.step(number, index, Input::Submit { ask, tx });
    }

    fn fault(&mut self, number: u64, index: u32) {
        self.judges.trouble(self.now);
        match self.faults[usize_of(index)].clone() {
            FaultKind::Crash {
                node,
                seconds: away,
            } => {
                self.seat(node).doomed = Some(Micros::from_secs(away.into()));
            }
            FaultKind::Cut { groups } => {
                self.network
                    .cut(&groups, u32::try_from(self.seats.len()).unwrap_or(u32::MAX));
                self.judges.trouble(Time(u64::MAX)); // until it heals
                self.tell_peers(number);
            }
            FaultKind::Heal {} => {
                self.network.heal();
                self.judges.heal(self.now);
                self.tell_peers(number);
            }
        }
    }

    /// Lets a machine take a step, and carries out everything that follows from it.
    fn step(&mut self, number: u64, index: SeatIx, input: Input) {
        let now = self.now;
        let seat = self.seat(index);
        let Some(machine) = &mut seat.machine else {
            return;
        };
        let mut out = Outbox::new();
        machine.step(now, input.clone(), &mut out);
        let crash = seat.crash_in(&mut out);
        if let Some(Crash {
            torn: Some(batch), ..
        }) = &crash
        {
            let bytes = seat.rng.next_u64();
            seat.disk.tear(batch, bytes);
            self.counts.torn_writes += 1;
        }
        self.counts.steps += 1;
        self.fingerprint.step(now, number, index, &input, &out);
        for output in &out {
            self.carry_out(index, output);
        }
        if let Some(Crash { away, .. }) = crash {
            self.counts.crashes += 1;
            self.judge(index, &input, &out, true);
            self.seat(index).die();
            self.queue
                .plan(now.saturating_add(away), Planned::Boot(index));
        } else {
            self.judge(index, &input, &out, false);
        }
    }

    fn carry_out(&mut self, index: SeatIx, output: &Output) {
        match output {
            Output::Save(batch) => self.seat(index).disk.save(batch),
            Output::Load { key } => {
                let (life, at) = (self.seat(index).life, self.now.saturating_add(DISK_LATENCY));
                self.queue.plan(
                    at,
                    Planned::Loaded {
                        seat: index,
                        key: key.clone(),
                        life,
                    },
                );
            }
            Output::Send { to, packet } => self.send(index, *to, packet),
            Output::Arm { key, at } => {
                let (key, at) = (*key, (*at).max(self.now));
                let armed = self.queue.plan_with(at, |armed| Planned::Timer {
                    seat: index,
                    key,
                    armed,
                });
                self.seat(index).timers.insert(key, armed);
            }
            Output::Disarm { key } => {
                self.seat(index).timers.remove(key);
            }
            Output::Work(job) => {
                let now = self.now;
                let seat = self.seat(index);
                let life = seat.life;
                seat.job = Some(*job);
                let wait = search::time_to_find(job, seat.hash_rate, &mut seat.rng);
                if let Some(at) = wait.and_then(|wait| now.checked_add(wait)) {
                    self.queue.plan(
                        at,
                        Planned::Mined {
                            seat: index,
                            job: *job,
                            life,
                        },
                    );
                }
            }
            Output::Stop(id) => {
                let seat = self.seat(index);
                seat.job = seat.job.filter(|job| job.id != *id);
            }
            Output::Answer { .. } => self.counts.answered += 1,
            Output::Executed { .. } | Output::Restored { .. } => {} // for claims
            Output::Tell(event) => self.note(index, event),
        }
    }

    fn send(&mut self, index: SeatIx, to: To, packet: &Packet) {
        let from = self.seat(index).peer;
        let receivers: Vec<SeatIx> = match to {
            To::All => self.indices().filter(|other| *other != index).collect(),
            To::Peer(peer) => self.seat_of.get(&peer).copied().into_iter().collect(),
        };
        for to in receivers {
            self.counts.packets += 1;
            let arrivals = if self.network.connected(index, to) {
                self.network.arrivals(self.now)
            } else {
                Vec::new()
            };
            if arrivals.is_empty() {
                self.counts.lost += 1;
            }
            for at in arrivals {
                self.queue.plan(
                    at,
                    Planned::Deliver {
                        to,
                        from,
                        packet: packet.clone(),
                    },
                );
            }
        }
    }

    fn note(&mut self, index: SeatIx, event: &Event) {
        match event {
            Event::Found { .. } => self.counts.found += 1,
            Event::Reorganised { .. } => self.counts.reorganisations += 1,
            _ => {}
        }
        if self.events.len() == LOG {
            self.events.drain(..LOG / 2);
            self.forgotten += LOG as u64 / 2;
        }
        self.events.push((self.now, index, event.clone()));
    }

    /// Lets every claim look at a step. A machine that crashed in it is still here, but has no glance.
    fn judge(&mut self, index: SeatIx, input: &Input, out: &[Output], crashed: bool) {
        let seat = &self.seats[usize_of(index)];
        let glance = seat.machine.as_ref().filter(|_| !crashed);
        self.judges.after(&Seen {
            at: self.now,
            seat: index,
            peer: seat.peer,
            input,
            out,
            glance: glance.map(|machine| machine.glance()),
        });
    }

    fn seat(&mut self, index: SeatIx) -> &mut Seat {
        &mut self.seats[usize_of(index)]
    }

    fn indices(&self) -> std::ops::Range<SeatIx> {
        0..u32::try_from(self.seats.len()).expect("at most 128 seats")
    }
}

/// Everybody's place: nodes first, then clients.
fn places(scenario: &Scenario) -> Vec<Place> {
    let (nodes, clients) = (scenario.nodes.count, scenario.clients.count);
    let key = |index| toy_key(scenario.seed, index);
    let members = (0..nodes).map(|index| key(index).public_key()).collect();
    let place = |index| Place {
        key: key(index),
        members: Arc::clone(&members),
        role: if index < nodes {
            Role::Member
        } else {
            Role::Client
        },
        seat: SeatNumber(index),
        seed: 0,
    };
    (0..nodes + clients).map(place).collect()
}

/// What happens of itself: nodes start a millisecond apart (nothing depends on which is first), clients
/// a second later, and faults when the scenario says.
fn planned(scenario: &Scenario) -> Queue {
    let mut queue = Queue::default();
    let (nodes, clients) = (scenario.nodes.count, scenario.clients.count);
    for index in 0..nodes + clients {
        queue.plan(Time(u64::from(index) * 1_000), Planned::Boot(index));
    }
    for (index, fault) in (0..).zip(&scenario.faults) {
        queue.plan(seconds(fault.at), Planned::Fault(index));
    }
    for index in nodes..nodes + clients {
        queue.plan(seconds(1), Planned::Submit(index));
    }
    queue
}

fn seconds(seconds: u32) -> Time {
    Time(u64::from(seconds) * 1_000_000)
}

fn usize_of(index: SeatIx) -> usize {
    usize::try_from(index).expect("seats are few")
}
