//! Plans against a model of workers that live, die, lag and talk nonsense.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const BUILD: &str = "b1";

/// Disjoint ranges of nonces.
#[derive(Default, Debug)]
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add(&mut self, start: u64, end: u64) {
        assert!(self.free(start, end), "{start}..{end} twice");
        if start < end {
            self.0.push((start, end));
        }
    }

    fn free(&self, start: u64, end: u64) -> bool {
        start >= end || self.0.iter().all(|&(from, to)| end <= from || to <= start)
    }

    fn sum(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }
}

#[derive(Debug, Default)]
struct ModelWorker {
    ready: bool,
    lease: Option<(Lease, u64)>,
}

/// Plays the host, the workers and the nodes, and checks each command.
struct Model {
    plan: Plan,
    now: u64,
    next_job: u64,
    last_worker: Option<WorkerId>,
    workers: BTreeMap<WorkerId, ModelWorker>,
    /// Per node its job's id and what of it was reported as done.
    jobs: BTreeMap<NodeKey, (u64, Ranges)>,
    spent: Vec<u64>,
    found: Vec<(NodeKey, u64, u32)>,
    restarts: u32,
}

impl Model {
    fn new() -> Self {
        Self {
            plan: Plan::new(BUILD.into()),
            now: 1_000_000,
            next_job: 0,
            last_worker: None,
            workers: BTreeMap::new(),
            jobs: BTreeMap::new(),
            spent: Vec::new(),
            found: Vec::new(),
            restarts: 0,
        }
    }

    fn settle(&mut self) {
        for command in self.plan.take() {
            match command {
                Command::Spawn(id) => {
                    assert!(
                        self.last_worker.is_none_or(|last| last < id),
                        "a number used twice"
                    );
                    self.last_worker = Some(id);
                    self.workers.insert(id, ModelWorker::default());
                }
                Command::Terminate(id) => {
                    assert!(self.workers.remove(&id).is_some(), "no such worker");
                }
                Command::Post(id, order) => self.post(id, order),
                Command::Tell(PoolEvent::Spent { node, job }) => {
                    assert_eq!(self.jobs.get(&node).map(|(id, _)| *id), Some(job));
                    self.spent.push(job);
                }
                Command::Tell(PoolEvent::Found { node, job, nonce }) => {
                    assert_eq!(self.jobs.get(&node).map(|(id, _)| *id), Some(job));
                    self.found.push((node, job, nonce));
                }
                Command::Tell(PoolEvent::WorkerRestarted) => self.restarts += 1,
                Command::Tell(PoolEvent::OtherBuild) => {}
            }
        }
        self.nothing_idle();
    }

    fn post(&mut self, id: WorkerId, order: ToMiner) {
        assert!(self.workers[&id].ready, "posted before it was ready");
        let lease = match order {
            ToMiner::Duty(_) => return,
            ToMiner::Stop => None,
            ToMiner::Lease(lease) => {
                // It survives the wire.
                assert_eq!(ToMiner::decode(&order.encode()), Some(order));
                let (start, end) = (u64::from(lease.start), u64::from(lease.start) + lease.count);
                let (_, done) = self
                    .jobs
                    .values()
                    .find(|(id, _)| *id == lease.job)
                    .expect("dead job");
                assert!(done.free(start, end), "searched already");
                for other in self
                    .workers
                    .values()
                    .filter_map(|worker| worker.lease.as_ref())
                {
                    let (from, to) = (
                        u64::from(other.0.start),
                        u64::from(other.0.start) + other.0.count,
                    );
                    assert!(
                        other.0.job != lease.job || end <= from || to <= start,
                        "two owners"
                    );
                    assert_ne!(other.0.lease, lease.lease);
                }
                Some((lease, 0))
            }
        };
        let old = core::mem::replace(
            &mut self.workers.get_mut(&id).expect("it exists").lease,
            lease,
        );
        if let Some((old, done)) = old {
            let dead = self.jobs.values().all(|(id, _)| *id != old.job);
            assert!(dead || done == old.count, "a living lease was taken away");
        }
    }

    /// No ready worker waits while a job has nonces that nobody has.
    fn nothing_idle(&self) {
        let idle = self
            .workers
            .values()
            .any(|worker| worker.ready && worker.lease.is_none());
        let free = self.jobs.values().any(|(job, done)| {
            let leased: u64 = self
                .workers
                .values()
                .filter_map(|worker| worker.lease.as_ref())
                .filter(|(lease, _)| lease.job == *job)
                .map(|(lease, done)| lease.count - done)
                .sum();
            done.sum() + leased < ALL
        });
        assert!(!(idle && free), "a worker waits beside work");
    }

    fn set_job(&mut self, node: NodeKey, on: bool) {
        let job = on.then(|| {
            self.next_job += 1;
            Job {
                id: self.next_job,
                header: [node as u8; 80],
                target: [0; 32],
            }
        });
        match job {
            Some(job) => self.jobs.insert(node, (job.id, Ranges::default())),
            None => self.jobs.remove(&node),
        };
        self.plan.set_job(self.now, node, job);
        self.settle();
    }

    fn set_share(&mut self, share: Option<Power>) {
        self.plan.set_share(self.now, share);
        self.settle();
    }

    /// The worker at a position, among those there are.
    fn pick(&self, at: usize) -> Option<WorkerId> {
        let ids: Vec<_> = self.workers.keys().copied().collect();
        (!ids.is_empty()).then(|| ids[at % ids.len()])
    }

    fn ready(&mut self, id: WorkerId) {
        let worker = self.workers.get_mut(&id).expect("it was picked");
        if !core::mem::replace(&mut worker.ready, true) {
            let (protocol, build) = (MINER_PROTOCOL, BUILD.into());
            self.plan
                .hear(self.now, id, FromMiner::Ready { protocol, build });
            self.settle();
        }
    }

    /// The worker reports `part` / 255 of what is left; 255 is all of it.
    fn work(&mut self, id: WorkerId, part: u8) {
        let Some((lease, done)) = &mut self.workers.get_mut(&id).expect("it was picked").lease
        else {
            return;
        };
        let hashes = (lease.count - *done) * u64::from(part) / 255;
        let (from, job) = (u64::from(lease.start) + *done, lease.job);
        *done += hashes;
        let progress = FromMiner::Progress {
            lease: lease.lease,
            done: *done,
            hashes,
        };
        if *done == lease.count {
            self.workers.get_mut(&id).expect("it was picked").lease = None;
        }
        if let Some((_, ranges)) = self.jobs.values_mut().find(|(id, _)| *id == job) {
            ranges.add(from, from + hashes);
        }
        self.plan.hear(self.now, id, progress);
        self.settle();
    }

    fn find(&mut self, id: WorkerId) {
        let Some((lease, done)) = self.workers[&id].lease else {
            return;
        };
        let nonce = (u64::from(lease.start) + done) as u32;
        let before = self.found.len();
        let message = FromMiner::Found {
            lease: lease.lease,
            job: lease.job,
            nonce,
        };
        self.plan.hear(self.now, id, message);
        self.settle();
        let alive = self.jobs.values().any(|(id, _)| *id == lease.job);
        assert_eq!(self.found.len() - before, usize::from(alive));
    }

    fn die(&mut self, id: WorkerId) {
        self.plan.died(self.now, id);
        self.settle();
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.plan.tick(self.now);
        self.settle();
    }

    fn all_ready(&mut self) {
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            self.ready(id);
        }
    }

    /// Searches everything to the end.
    fn drain(&mut self) {
        self.set_share(Some(Power {
            workers: 3,
            duty: 100,
        }));
        self.pass(BACK_OFF_MOST); // whoever is due comes
        for _ in 0..2_000 {
            self.all_ready();
            let busy: Vec<_> = self
                .workers
                .iter()
                .filter(|(_, worker)| worker.lease.is_some())
                .map(|(id, _)| *id)
                .collect();
            if busy.is_empty() {
                break;
            }
            self.now += 1;
            for id in busy {
                self.work(id, 255);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Action {
    Job(u8, bool),
    Share(Option<(u8, u8)>),
    Ready(usize),
    Work(usize, u8),
    Find(usize),
    Die(usize),
    Pass(u16),
    Nonsense(WorkerId, u32, u64, u32),
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (0..4u8, any::<bool>()).prop_map(|(node, on)| Action::Job(node, on)),
        1 => prop::option::weighted(0.8, (0..6u8, 0..=120u8)).prop_map(Action::Share),
        4 => any::<usize>().prop_map(Action::Ready),
        6 => (any::<usize>(), any::<u8>()).prop_map(|(at, part)| Action::Work(at, part)),
        4 => any::<usize>().prop_map(|at| Action::Work(at, 255)),
        2 => any::<usize>().prop_map(Action::Find),
        1 => any::<usize>().prop_map(Action::Die),
        3 => (0..7_000u16).prop_map(Action::Pass),
        1 => (0..9u32, 0..9u32, any::<u64>(), any::<u32>())
            .prop_map(|(id, lease, number, nonce)| Action::Nonsense(id, lease, number, nonce)),
    ]
}

fn act(model: &mut Model, action: Action) {
    match action {
        Action::Job(node, on) => model.set_job(node.into(), on),
        Action::Share(share) => {
            model.set_share(share.map(|(workers, duty)| Power { workers, duty }));
        }
        Action::Ready(at) => {
            if let Some(id) = model.pick(at) {
                model.ready(id);
            }
        }
        Action::Work(at, part) => {
            if let Some(id) = model.pick(at) {
                model.work(id, part);
            }
        }
        Action::Find(at) => {
            if let Some(id) = model.pick(at) {
                model.find(id);
            }
        }
        Action::Die(at) => {
            if let Some(id) = model.pick(at) {
                model.die(id);
            }
        }
        Action::Pass(ms) => model.pass(ms.into()),
        Action::Nonsense(id, lease, number, nonce) => {
            // Of workers that are gone, of leases that are over: none of it may count.
            let held = model
                .workers
                .get(&id)
                .and_then(|worker| worker.lease.as_ref());
            if held.is_none_or(|(held, _)| held.lease != lease) {
                let (job, done, hashes) = (number, number, number);
                model
                    .plan
                    .hear(model.now, id, FromMiner::Found { lease, job, nonce });
                model.plan.hear(
                    model.now,
                    id,
                    FromMiner::Progress {
                        lease,
                        done,
                        hashes,
                    },
                );
                model.settle();
            }
        }
    }
}

proptest! {
    #[test]
    fn no_nonce_has_two_owners_and_none_is_lost(actions in prop::collection::vec(actions(), 0..150)) {
        let mut model = Model::new();
        for action in actions {
            act(&mut model, action);
        }
        model.drain();
        for (job, done) in model.jobs.values() {
            prop_assert_eq!(done.sum(), ALL, "job {} {:?}", job, done);
            prop_assert_eq!(model.spent.iter().filter(|spent| *spent == job).count(), 1);
        }
        prop_assert_eq!(model.restarts, model.plan.restarts());
        model.set_share(None);
        prop_assert!(model.workers.is_empty());
    }
}

fn running(workers: u8, nodes: u64) -> Model {
    let mut model = Model::new();
    for node in 0..nodes {
        model.set_job(node, true);
    }
    model.set_share(Some(Power { workers, duty: 100 }));
    model.all_ready();
    model
}

fn lease(model: &Model, id: WorkerId) -> Lease {
    model.workers[&id].lease.expect("it has one").0
}

#[test]
fn off_means_that_no_worker_exists() {
    let mut model = running(4, 1);
    assert_eq!(model.workers.len(), 4);
    model.set_share(None);
    assert!(model.workers.is_empty());
    model.set_job(0, true);
    model.pass(60_000);
    assert!(model.workers.is_empty());
    assert_eq!(model.plan.rate(model.now), 0);
}

#[test]
fn nodes_take_turns() {
    let mut model = running(1, 3);
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(lease(&model, 0).job);
        model.now += 1_000;
        model.work(0, 255);
    }
    assert_eq!(jobs, [2, 3, 1, 2, 3, 1]); // nodes 1, 2, 0, ...
}

#[test]
fn leases_grow_towards_a_second_of_work() {
    let mut model = running(1, 1);
    for _ in 0..20 {
        model.now += lease(&model, 0).count / 6_000; // 6 MH/s
        model.work(0, 255);
    }
    let count = lease(&model, 0).count;
    assert!(count.abs_diff(6_000_000) < 60_000, "{count}");
}

#[test]
fn a_new_job_preempts_the_old_one_and_drops_its_answers() {
    let mut model = running(1, 1);
    let old = lease(&model, 0);
    model.set_job(0, true);
    let new = lease(&model, 0);
    assert_ne!(old.job, new.job);
    let late = |lease: Lease| FromMiner::Found {
        lease: lease.lease,
        job: lease.job,
        nonce: 0,
    };
    model.plan.hear(model.now, 0, late(old));
    model.plan.hear(
        model.now,
        0,
        FromMiner::Found {
            lease: new.lease,
            job: old.job,
            nonce: 0,
        },
    );
    model.settle();
    assert_eq!(model.found, []);
    model.plan.hear(model.now, 0, late(new));
    model.settle();
    assert_eq!(model.found, [(0, new.job, 0)]);
    assert_eq!(
        lease(&model, 0),
        new,
        "the search goes on until the node changes its job"
    );
}

#[test]
fn a_job_that_is_withdrawn_stops_its_worker() {
    let mut model = running(1, 1);
    model.set_job(0, false);
    assert_eq!(model.workers[&0].lease, None);
    model.set_job(0, true);
    assert!(model.workers[&0].lease.is_some());
}

#[test]
fn a_new_duty_reaches_a_worker_in_the_middle_of_its_lease() {
    let mut model = running(1, 1);
    model.plan.set_share(
        model.now,
        Some(Power {
            workers: 1,
            duty: 5,
        }),
    );
    assert_eq!(model.plan.take(), [Command::Post(0, ToMiner::Duty(5))]);
}

#[test]
fn a_dead_worker_is_replaced_within_a_second_and_its_lease_searched_again() {
    let mut model = running(1, 1);
    model.work(0, 100);
    let (old, done) = model.workers[&0].lease.expect("it has one");
    model.die(0);
    assert!(model.workers.is_empty());
    model.pass(BACK_OFF);
    assert_eq!((model.restarts, model.plan.restarts()), (1, 1));
    model.ready(1);
    let new = lease(&model, 1);
    assert_eq!((u64::from(new.start), new.job), (done, old.job));
}

#[test]
fn a_worker_that_keeps_dying_is_replaced_ever_later() {
    let mut model = running(1, 1);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        model.die(model.pick(0).expect("it is back"));
        let from = model.now;
        while model.workers.is_empty() {
            model.pass(50);
        }
        pauses.push(model.now - from);
    }
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    let id = model.pick(0).expect("it is back");
    model.ready(id);
    for _ in 0..=HEALTHY_AFTER / 1_000 {
        model.pass(1_000);
        model.work(id, 1);
    }
    model.die(id);
    model.pass(BACK_OFF);
    assert_eq!(model.workers.len(), 1, "a healthy life makes good");
}

#[test]
fn a_silent_worker_is_replaced_and_a_waiting_one_is_not() {
    let mut model = running(2, 1);
    model.set_job(0, false);
    for _ in 0..20 {
        model.pass(1_000);
    }
    assert_eq!(
        model.workers.keys().copied().collect::<Vec<_>>(),
        [0, 1],
        "nothing to say"
    );
    for _ in 0..8 {
        model.set_job(0, true); // new work is no excuse for silence
        model.pass(1_000);
        model.work(1, 1);
    }
    assert_eq!(model.workers.keys().copied().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_worker_that_never_comes_up_is_replaced() {
    let mut model = Model::new();
    model.set_share(Some(Power {
        workers: 1,
        duty: 100,
    }));
    for _ in 0..11 {
        model.pass(1_000);
    }
    assert_eq!(model.workers.keys().copied().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_frozen_tab_does_not_take_its_own_sleep_for_a_dead_worker() {
    let mut model = running(2, 1);
    model.pass(3_600_000);
    assert_eq!(model.workers.keys().copied().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_worker_of_another_build_or_protocol_gets_no_work() {
    for (protocol, build) in [(MINER_PROTOCOL, "b2"), (MINER_PROTOCOL + 1, BUILD)] {
        let mut plan = Plan::new(BUILD.into());
        let job = Job {
            id: 1,
            header: [0; 80],
            target: [0; 32],
        };
        plan.set_job(0, 0, Some(job));
        plan.set_share(0, Some(Power::GENTLE));
        let _ = plan.take();
        plan.hear(
            0,
            0,
            FromMiner::Ready {
                protocol,
                build: build.into(),
            },
        );
        assert_eq!(
            plan.take(),
            [Command::Tell(PoolEvent::OtherBuild), Command::Terminate(0)]
        );
    }
}

#[test]
fn the_same_job_again_changes_nothing() {
    let mut model = running(1, 1);
    let job = Job {
        id: model.next_job,
        header: [0; 80],
        target: [0; 32],
    };
    model.plan.set_job(model.now, 0, Some(job));
    assert_eq!(model.plan.take(), []);
}
