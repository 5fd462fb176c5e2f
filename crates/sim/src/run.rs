//! The run: takes the next event, lets a machine step and the checkers look. What machines ask for is
//! carried out in `act.rs`; what goes wrong is in `trouble.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{Micros, PeerId, Seat as SeatNumber, Stream, Time};
use node::Memo;
use protocol::{AskId, Entry, Event, Input, Outbox, Output, Role, Seen};
use scenario::{DisksSpec, Fault, FaultKind, Members, Place, Scenario, ScenarioError, Setting};

use crate::disk::Pool;
use crate::fingerprint::Fingerprint;
use crate::happening::{Flight, Happening, Number};
use crate::judges::Judges;
use crate::network::Network;
use crate::queue::{Due, Planned, Queue, SeatIx, usize_of};
use crate::report::{Counts, Report, Standing};
use crate::search;
use crate::seat::{Seat, toy_key};

mod act;
mod trouble;

use trouble::is_of_the_beginning;

/// A run in progress.
pub struct Sim {
    setting: Setting,
    faults: Arc<[FaultKind]>,
    acts: Arc<[Fault]>,
    /// How many of the acts have been done.
    acted: usize,
    /// Milliseconds between two transactions of a client, on average.
    every_ms: u64,
    /// What clients want, and when.
    wishes: Stream,
    seats: Vec<Seat>,
    seat_of: Arc<BTreeMap<PeerId, SeatIx>>,
    queue: Queue,
    network: Network,
    disks: DisksSpec,
    memo: Memo,
    now: Time,
    end: Time,
    /// How many events there were.
    happened: u64,
    latest: Option<Happening>,
    fingerprint: Fingerprint,
    judges: Judges,
    counts: Counts,
    /// What was told in the latest event.
    told: Vec<(SeatIx, Event)>,
}

impl Sim {
    /// Prepares a run.
    ///
    /// # Errors
    /// The first thing in the scenario that is outside its limits.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        Self::with(scenario, scenario.check()?)
    }

    /// Prepares a run of a protocol from another registry.
    ///
    /// # Errors
    /// The first thing in the scenario that is outside its limits.
    pub fn among(protocols: &'static [Entry], scenario: &Scenario) -> Result<Self, ScenarioError> {
        Self::with(scenario, scenario.check_among(protocols)?)
    }

    fn with(scenario: &Scenario, setting: Setting) -> Result<Self, ScenarioError> {
        let places = places(scenario);
        let judges = Judges::new(scenario, &setting, &places[0]);
        let names: Vec<&str> = judges
            .verdicts(Time::ZERO, false)
            .iter()
            .map(|claim| claim.name)
            .collect();
        if let Some(name) = scenario.expect.names().find(|name| !names.contains(name)) {
            return Err(ScenarioError::UnknownClaim(name.into()));
        }
        let pool = Pool::default();
        let seat = |place: Place| {
            let rate = scenario.hash_rate(place.seat.0);
            Seat::new(place, scenario.seed, rate, &pool)
        };
        let seats: Vec<Seat> = places.into_iter().map(seat).collect();
        let seat_of = (0..).zip(&seats).map(|(index, seat)| (seat.peer, index));
        let seat_of = Arc::new(seat_of.collect());
        let faults = scenario.faults.iter();
        let mut sim = Self {
            judges,
            setting,
            faults: faults.map(|fault| fault.kind.clone()).collect(),
            acts: Arc::default(),
            acted: 0,
            every_ms: scenario.clients.every_ms.into(),
            wishes: Stream::new(scenario.seed, 0, "workload"),
            seats,
            seat_of,
            queue: planned(scenario),
            network: network(scenario),
            disks: scenario.disks,
            memo: Memo::default(),
            now: Time::ZERO,
            end: seconds(scenario.seconds),
            happened: 0,
            latest: None,
            fingerprint: Fingerprint::default(),
            counts: Counts::default(),
            told: Vec::new(),
        };
        let faults = scenario.faults.iter();
        faults.for_each(|fault| sim.begin_with(fault));
        sim.set_acts(&scenario.acts);
        Ok(sim)
    }

    /// The same run without sharing the results of validity checks between nodes.
    #[must_use]
    pub fn without_memo(mut self) -> Self {
        self.memo = Memo::disabled();
        self
    }

    /// An independent copy, which runs on as this run would. Machines, disks and claims are copied in O(1);
    /// what is under way is copied.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            setting: self.setting.clone(),
            faults: Arc::clone(&self.faults),
            acts: Arc::clone(&self.acts),
            wishes: self.wishes.clone(),
            seats: self.seats.iter().map(Seat::fork).collect(),
            seat_of: Arc::clone(&self.seat_of),
            queue: self.queue.clone(),
            network: self.network.clone(),
            memo: self.memo.clone(),
            judges: self.judges.fork(),
            told: self.told.clone(),
            ..*self
        }
    }

    /// Runs to the scenario's end.
    pub fn run(&mut self) -> Report {
        while self.advance() {}
        self.report()
    }

    /// Goes on to the next event, or to something that comes to nothing; false at the end of the
    /// scenario.
    pub fn advance(&mut self) -> bool {
        self.told.clear();
        self.judges.begin();
        if self.queue.next_at().is_none_or(|at| at > self.end) {
            self.now = self.end;
            return false;
        }
        let Some((at, number, due)) = self.queue.next() else {
            return false;
        };
        self.now = at;
        let held = due.what.process().and_then(|seat| self.seat(seat).paused);
        if let Some(until) = held {
            self.hold(until, due);
            return true;
        }
        let happening = due.happening(at);
        self.happened += 1; // and may be the cause of others
        match self.happen(number, due.what) {
            true => self.latest = Some(happening),
            false => self.happened -= 1,
        }
        true
    }

    /// Lets something happen; false if it comes to nothing.
    fn happen(&mut self, number: u64, planned: Planned) -> bool {
        match planned {
            Planned::Boot(seat) => self.boot(number, seat),
            Planned::Deliver { to, from, packet } => {
                let from = self.seat(from).peer;
                self.step(number, to, Input::Packet { from, packet })
            }
            Planned::Timer { seat, key, armed } => {
                self.seat(seat).fires(key, armed) && self.step(number, seat, Input::Timer { key })
            }
            Planned::Mined { seat, job, life } => self.mined(number, seat, &job, life),
            Planned::Loaded { seat, key, life } => {
                let value = self.seat(seat).disk.load(&key);
                self.seat(seat).life == life
                    && self.step(number, seat, Input::Loaded { key, value })
            }
            Planned::Synced {
                seat,
                batches,
                outages,
            } => self.synced(seat, batches, outages),
            Planned::Resume { seat, life } => self.resume(number, seat, life),
            Planned::Submit(seat) => self.submit(number, seat),
            Planned::Fault(index) => {
                let kind = self.faults[usize_of(index)].clone();
                if self.now > Time::ZERO || !is_of_the_beginning(&kind) {
                    self.strike(number, kind);
                }
                true
            }
            Planned::Act(index) => {
                self.acted += 1;
                let kind = self.acts[usize_of(index)].kind.clone();
                self.strike(number, kind);
                true
            }
        }
    }

    /// How many events have happened, which is the number of the latest.
    #[must_use]
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// The latest event.
    #[must_use]
    pub fn latest(&self) -> Option<&Happening> {
        self.latest.as_ref()
    }

    /// The packets on their way, in the order in which they arrive.
    pub fn flights(&self) -> impl Iterator<Item = Flight<'_>> {
        self.queue.flights()
    }

    /// How much is under way: what a fork has to copy.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.queue.len()
    }

    /// The present event, as the cause of what follows from it.
    fn cause(&self) -> Option<Number> {
        Number::new(self.happened)
    }

    /// The claims that fell in the latest event, and what was seen.
    pub fn fallen(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.judges.fallen()
    }

    /// How many acts have been done.
    #[must_use]
    pub fn acted(&self) -> usize {
        self.acted
    }

    /// Plans other acts than those that have not been done yet. These must be as the scenario's limits have
    /// them, begin with those that have been done, and have all others from the present time on.
    pub fn set_acts(&mut self, acts: &[Fault]) {
        if *self.acts == *acts {
            return;
        }
        for (index, act) in (0..).zip(&*self.acts).skip(self.acted) {
            self.queue.cancel_act(act.at, index);
        }
        for (index, act) in (0..).zip(acts).skip(self.acted) {
            self.queue.plan_act(act.at, index);
        }
        self.acts = acts.into();
    }

    /// Plans something that follows from the present event.
    fn plan(&mut self, at: Time, what: Planned) {
        let (cause, since) = (self.cause(), self.now);
        self.queue.plan(at, Due { cause, since, what });
    }

    /// The outcome of the run so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let standing = |(index, seat): (SeatIx, &Seat)| Standing {
            peer: seat.peer,
            is_twisted: self.judges.is_twisted(index),
            role: seat.role(),
            tip: seat.glance().map(|glance| (glance.tip, glance.height)),
        };
        let is_missed = |seat: &Seat| seat.is_away && self.judges.needs(seat.peer);
        let is_away = self.seats.iter().any(is_missed);
        Report {
            now: self.now,
            fingerprint: self.fingerprint,
            claims: self.judges.verdicts(self.now, is_away),
            nodes: (0..).zip(&self.seats).map(standing).collect(),
            counts: self.counts,
        }
    }

    /// Seconds simulated so far, and in all.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.now.0 / 1_000_000, self.end.0 / 1_000_000)
    }

    /// The time of the latest event.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// What nodes told in the latest event, in this order.
    #[must_use]
    pub fn told(&self) -> &[(SeatIx, Event)] {
        &self.told
    }

    fn boot(&mut self, number: u64, index: SeatIx) -> bool {
        let (setting, memo) = (self.setting.clone(), self.memo.clone());
        let seat = self.seat(index);
        if seat.is_away || seat.machine.is_some() {
            return false;
        }
        seat.start(&setting, &memo);
        let saved = seat.disk.saved();
        self.judges.trouble(self.now);
        self.step(number, index, Input::Boot { saved });
        self.tell_peers_around(number, index);
        true
    }

    /// Tells every running node which others it can reach.
    fn tell_peers(&mut self, number: u64) {
        for index in self.indices() {
            self.tell_peers_of(number, index);
        }
    }

    /// The same for a node that came or went, and those that have links to it.
    fn tell_peers_around(&mut self, number: u64, index: SeatIx) {
        let mut around = self.network.linked(index, self.indices().end);
        around.push(index);
        around.sort_unstable();
        for other in around {
            self.tell_peers_of(number, other);
        }
    }

    /// Tells a node which others it can reach; one that stands still hears of it when it goes on.
    fn tell_peers_of(&mut self, number: u64, index: SeatIx) {
        let seat = self.seat(index);
        if seat.machine.is_none() || seat.paused.is_some() {
            return;
        }
        let others = self.network.linked(index, self.indices().end);
        let up = others
            .into_iter()
            .filter(|other| self.network.connected(index, *other))
            .filter(|other| self.seats[usize_of(*other)].machine.is_some())
            .map(|other| self.seats[usize_of(other)].peer)
            .collect();
        self.step(number, index, Input::Peers { up });
    }

    fn mined(&mut self, number: u64, index: SeatIx, job: &protocol::Job, life: u64) -> bool {
        let seat = self.seat(index);
        if seat.life != life || seat.job.as_ref() != Some(job) {
            return false; // the job was replaced: a search has no memory, so nothing is lost
        }
        let input = match search::find(job, &mut seat.rng) {
            Some(nonce) => Input::Found { job: job.id, nonce },
            None => Input::Spent { job: job.id },
        };
        self.step(number, index, input)
    }

    /// A client that is up wants something, and will want something else later.
    fn submit(&mut self, number: u64, index: SeatIx) -> bool {
        let wait = Micros::from_millis(1 + self.wishes.below(2 * self.every_ms));
        let at = self.now.saturating_add(wait);
        self.queue.begin(at, Planned::Submit(index));
        let tx = self.sample();
        tx.is_some_and(|tx| self.ask(number, index, tx))
    }

    /// Something that a client may want.
    fn sample(&mut self) -> Option<Arc<[u8]>> {
        let sample = self.setting.ledger.sample?;
        Some(sample(&mut self.wishes).into())
    }

    /// A client wants something, if it is up.
    fn ask(&mut self, number: u64, index: SeatIx, tx: Arc<[u8]>) -> bool {
        let seat = self.seat(index);
        if !seat.is_ready() {
            return false;
        }
        seat.asks += 1;
        let ask = AskId(seat.asks);
        self.counts.submitted += 1;
        self.step(number, index, Input::Submit { ask, tx })
    }

    /// Lets a machine take a step, and carries out everything that follows from it; false if there is
    /// none.
    fn step(&mut self, number: u64, index: SeatIx, input: Input) -> bool {
        let now = self.now;
        let seat = self.seat(index);
        let Some(machine) = &mut seat.machine else {
            return false;
        };
        let mut out = Outbox::new();
        machine.step(seat.clock.read(now), input.clone(), &mut out);
        let crash = self.crash_in(index, &mut out);
        self.counts.steps += 1;
        self.fingerprint.step(now, number, index, &input, &out);
        for output in &out {
            self.carry_out(index, output);
        }
        self.judge(index, &input, &out, crash.is_some());
        if let Some(away) = crash {
            self.die(index, away, false);
        }
        true
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
        0..u32::try_from(self.seats.len()).expect("seats are few")
    }
}

/// Everybody's place: nodes first, then clients.
fn places(scenario: &Scenario) -> Vec<Place> {
    let (nodes, clients) = (scenario.nodes.count, scenario.clients.count);
    let key = |index| toy_key(scenario.seed, index);
    let members: Members = (0..nodes).map(|index| key(index).public_key()).collect();
    let place = |index| Place {
        key: key(index),
        members: members.clone(),
        role: if index < nodes {
            Role::Member
        } else {
            Role::Client
        },
        seat: SeatNumber(index),
        seed: 0,
        searches: scenario.hash_rate(index) > 0,
    };
    (0..nodes + clients).map(place).collect()
}

fn network(scenario: &Scenario) -> Network {
    let network = Network::new(scenario);
    let seats = scenario.nodes.count + scenario.clients.count;
    match scenario.peers {
        Some(peers) => network.sparse(seats, peers, scenario.seed),
        None => network,
    }
}

/// What happens of itself: nodes start a millisecond apart (nothing depends on which is first), clients
/// a second later, and faults when the scenario says.
fn planned(scenario: &Scenario) -> Queue {
    let mut queue = Queue::default();
    let (nodes, clients) = (scenario.nodes.count, scenario.clients.count);
    for index in 0..nodes + clients {
        queue.begin(Time(u64::from(index) * 1_000), Planned::Boot(index));
    }
    for (index, fault) in (0..).zip(&scenario.faults) {
        queue.begin(fault.at, Planned::Fault(index));
    }
    for index in nodes..nodes + clients {
        queue.begin(seconds(1), Planned::Submit(index));
    }
    queue
}

fn seconds(seconds: u32) -> Time {
    Time(u64::from(seconds) * 1_000_000)
}
