//! The run: takes the next event, lets a machine step, carries out what it asks for, and lets the
//! checkers look.

use std::collections::BTreeMap;

use chain::{BlockId, Height, Micros, PeerId, Time};
use node::Memo;
use protocol::{Event, Input, Outbox, Output, Packet, Sheet, To, Value};
use scenario::{FaultKind, Room, Scenario, ScenarioError};

use crate::checkers::{self, Checker};
use crate::fingerprint::Fingerprint;
use crate::network::Network;
use crate::queue::{Planned, Queue, SeatIx};
use crate::search;
use crate::seat::{Crash, Seat};

/// How long reading from the simulated disk takes.
const DISK_LATENCY: Micros = Micros::from_millis(1);

/// A run in progress.
pub struct Sim {
    room: Room,
    faults: Vec<FaultKind>,
    seats: Vec<Seat>,
    seat_of: BTreeMap<PeerId, SeatIx>,
    queue: Queue,
    network: Network,
    memo: Memo,
    now: Time,
    end: Time,
    fingerprint: Fingerprint,
    checkers: Vec<Box<dyn Checker>>,
    broken: BTreeMap<&'static str, (Time, String)>,
    counts: Counts,
    events: Vec<(Time, SeatIx, Event)>,
    forgotten: u64,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Steps that machines took.
    pub steps: u64,
    /// Packets sent; a broadcast counts once per receiver.
    pub packets: u64,
    /// Packets lost on a link or to a cut.
    pub lost: u64,
    /// Blocks found.
    pub found: u64,
    /// How often a node switched branches.
    pub reorganisations: u64,
    /// Crashes.
    pub crashes: u64,
    /// Writes torn by a crash.
    pub torn_writes: u64,
}

/// What a checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claim held throughout.
    Held,
    /// The claim was broken.
    Broken {
        /// When it was first broken.
        at: Time,
        /// What was seen.
        what: String,
    },
}

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The node.
    pub peer: PeerId,
    /// Its tip; `None` while it is down.
    pub tip: Option<(BlockId, Height)>,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The simulated time it reached.
    pub now: Time,
    /// Identifies the run.
    pub fingerprint: Fingerprint,
    /// All claims.
    pub claims: Vec<Claim>,
    /// All nodes, in the scenario's order.
    pub nodes: Vec<Standing>,
    /// The numbers.
    pub counts: Counts,
}

/// How many log entries are kept at most; the oldest are dropped first.
const LOG: usize = 10_000;

impl Sim {
    /// Prepares a run.
    ///
    /// # Errors
    /// The first thing in the scenario that is outside its limits.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let room = scenario.check()?;
        let seats: Vec<Seat> = (0..scenario.nodes.count)
            .map(|index| Seat::new(index, scenario.seed, scenario.hash_rate(index)))
            .collect();
        let seat_of = (0..)
            .zip(&seats)
            .map(|(index, seat)| (seat.peer, index))
            .collect();
        let mut queue = Queue::default();
        for index in 0..scenario.nodes.count {
            // Nodes start a millisecond apart; nothing depends on which is first.
            queue.plan(Time(u64::from(index) * 1_000), Planned::Boot(index));
        }
        for (index, fault) in (0..).zip(&scenario.faults) {
            queue.plan(seconds(fault.at), Planned::Fault(index));
        }
        Ok(Self {
            checkers: checkers::all(&room.params(), scenario.depth),
            room,
            faults: scenario
                .faults
                .iter()
                .map(|fault| fault.kind.clone())
                .collect(),
            seats,
            seat_of,
            queue,
            network: Network::new(scenario.links, scenario.seed),
            memo: Memo::default(),
            now: Time::ZERO,
            end: seconds(scenario.seconds),
            fingerprint: Fingerprint::default(),
            broken: BTreeMap::new(),
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
            Planned::Fault(index) => self.fault(number, index),
        }
        true
    }

    /// The outcome of the run so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let claim = |checker: &dyn Checker| {
            let name = checker.name();
            let verdict = match self.broken.get(name) {
                None => Verdict::Held,
                Some((at, what)) => Verdict::Broken {
                    at: *at,
                    what: what.clone(),
                },
            };
            Claim { name, verdict }
        };
        let standing = |seat: &Seat| Standing {
            peer: seat.peer,
            tip: seat
                .machine
                .as_ref()
                .and_then(|machine| tip(&machine.inspect())),
        };
        Report {
            now: self.now,
            fingerprint: self.fingerprint,
            claims: self
                .checkers
                .iter()
                .map(|checker| claim(checker.as_ref()))
                .collect(),
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
        let (room, memo) = (self.room.clone(), self.memo.clone());
        let seat = self.seat(index);
        seat.start(&room, &memo);
        let saved = seat.disk.saved();
        self.checkers
            .iter_mut()
            .for_each(|checker| checker.booted(index));
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

    fn fault(&mut self, number: u64, index: u32) {
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
                self.tell_peers(number);
            }
            FaultKind::Heal {} => {
                self.network.heal();
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
            self.judge(|checker| checker.died(index, &out));
            self.seat(index).die();
            self.queue
                .plan(now.saturating_add(away), Planned::Boot(index));
        } else {
            self.judge_step(index, &out);
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

    /// Lets every checker look at a node after its step.
    fn judge_step(&mut self, index: SeatIx, out: &[Output]) {
        let Some(machine) = &self.seats[usize_of(index)].machine else {
            return;
        };
        let sheet = machine.inspect();
        self.judge(|checker| checker.after_step(index, out, &sheet));
    }

    fn judge(&mut self, mut look: impl FnMut(&mut dyn Checker) -> Result<(), String>) {
        for checker in &mut self.checkers {
            if let Err(what) = look(checker.as_mut()) {
                self.broken
                    .entry(checker.name())
                    .or_insert((self.now, what));
            }
        }
    }

    fn seat(&mut self, index: SeatIx) -> &mut Seat {
        &mut self.seats[usize_of(index)]
    }

    fn indices(&self) -> std::ops::Range<SeatIx> {
        0..u32::try_from(self.seats.len()).expect("at most 64 nodes")
    }
}

/// A node's tip, according to its sheet.
fn tip(sheet: &Sheet) -> Option<(BlockId, Height)> {
    let row = |label| {
        sheet
            .rows
            .iter()
            .find(|row| row.label == label)
            .map(|row| &row.value)
    };
    match (row("tip"), row("height")) {
        (Some(Value::Block(id)), Some(Value::Number(height))) => {
            Some((*id, Height(u32::try_from(*height).ok()?)))
        }
        _ => None,
    }
}

fn seconds(seconds: u32) -> Time {
    Time(u64::from(seconds) * 1_000_000)
}

fn usize_of(index: SeatIx) -> usize {
    usize::try_from(index).expect("seats are few")
}
