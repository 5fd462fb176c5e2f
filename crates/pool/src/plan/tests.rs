//! The plan against a model of workers that live, die, lag and talk nonsense.

use super::*;
use crate::message::{PART, Search, part_of};
use std::collections::{BTreeMap, BTreeSet};

mod random;

const BUILD: &str = "b1";

#[derive(Debug, Default)]
struct ModelWorker {
    ready: bool,
    task: Option<Search>,
}

/// A node's job, and which part of it went to whom.
#[derive(Debug, Default)]
struct ModelJob {
    id: u64,
    number: Option<u32>,
    owners: BTreeMap<u8, WorkerId>,
    spent: bool,
}

/// Plays the host, the workers and the nodes, and checks each command.
struct Model {
    plan: Plan,
    now: u64,
    next_job: u64,
    last_worker: Option<WorkerId>,
    workers: BTreeMap<WorkerId, ModelWorker>,
    jobs: BTreeMap<NodeKey, ModelJob>,
    /// All numbers that jobs have ever had.
    numbers: BTreeSet<u32>,
    /// Whether nodes answer at once when asked for another job.
    answers: bool,
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
            numbers: BTreeSet::new(),
            answers: false,
            found: Vec::new(),
            restarts: 0,
        }
    }

    fn settle(&mut self) {
        let mut spent = Vec::new();
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
                    let known = self.jobs.get_mut(&node).expect("it has a job");
                    assert_eq!((known.id, known.owners.len()), (job, 256));
                    assert!(!core::mem::replace(&mut known.spent, true), "told twice");
                    spent.push(node);
                }
                Command::Tell(PoolEvent::Found { node, job, nonce }) => {
                    assert_eq!(self.jobs.get(&node).map(|known| known.id), Some(job));
                    self.found.push((node, job, nonce));
                }
                Command::Tell(PoolEvent::WorkerRestarted) => self.restarts += 1,
                Command::Tell(PoolEvent::OtherBuild) => {}
            }
        }
        self.nothing_idle();
        if self.answers {
            spent.into_iter().for_each(|node| self.set_job(node, true));
        }
    }

    fn post(&mut self, id: WorkerId, order: ToMiner) {
        assert_eq!(ToMiner::decode(&order.encode()), Some(order)); // it survives the wire
        let worker = self.workers.get_mut(&id).expect("it exists");
        assert!(worker.ready, "posted before it was ready");
        worker.task = match order {
            ToMiner::Duty(_) => return,
            ToMiner::Stop => None,
            ToMiner::Search(search) => Some(search),
        };
        let Some(Search { job, part, .. }) = worker.task else {
            return;
        };
        let id_of =
            |header: &[u8; 80]| u64::from_le_bytes(*header.first_chunk().expect("it is longer"));
        let wanted = worker.task.map(|search| id_of(&search.header));
        let mut jobs = self.jobs.values_mut();
        let known = jobs
            .find(|known| Some(known.id) == wanted)
            .expect("a dead job");
        if known.number.is_none() {
            assert!(self.numbers.insert(job), "a number used twice");
        }
        assert_eq!(*known.number.get_or_insert(job), job);
        assert_eq!(known.owners.insert(part, id), None, "two owners");
    }

    /// No ready worker waits while every job has parts left; none searches a dead job.
    fn nothing_idle(&self) {
        let numbers: Vec<_> = self
            .jobs
            .values()
            .filter_map(|known| known.number)
            .collect();
        let full = |known: &ModelJob| known.owners.len() == 256;
        let work = !self.jobs.is_empty() && !self.jobs.values().any(full);
        for worker in self.workers.values().filter(|worker| worker.ready) {
            match worker.task {
                Some(task) => assert!(numbers.contains(&task.job), "a dead job is searched"),
                None => assert!(!work, "a worker waits although there is work"),
            }
        }
    }

    fn set_job(&mut self, node: NodeKey, on: bool) {
        let job = on.then(|| {
            self.next_job += 1;
            let mut header = [node as u8; 80];
            header[..8].copy_from_slice(&self.next_job.to_le_bytes());
            Job {
                id: self.next_job,
                header,
                target: [0; 32],
            }
        });
        match job {
            Some(Job { id, .. }) => {
                let fresh = ModelJob {
                    id,
                    ..ModelJob::default()
                };
                self.jobs.insert(node, fresh)
            }
            None => self.jobs.remove(&node),
        };
        self.plan.set_job(self.now, node, job);
        self.settle();
    }

    fn set_share(&mut self, share: Option<Power>) {
        self.plan.set_share(self.now, share);
        self.settle();
    }

    /// The worker at a position, modulo how many there are.
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

    fn says(&mut self, id: WorkerId, message: FromMiner) {
        self.plan.hear(self.now, id, message);
        self.settle();
    }

    /// The worker reports progress.
    fn work(&mut self, id: WorkerId) {
        if self.workers[&id].task.is_some() {
            self.says(id, FromMiner::Progress { hashes: 1_000 });
        }
    }

    /// The worker has searched its part.
    fn finish(&mut self, id: WorkerId) {
        if let Some(Search { job, part, .. }) = self.workers[&id].task {
            self.says(id, FromMiner::Progress { hashes: PART });
            self.workers.get_mut(&id).expect("it was picked").task = None;
            self.says(id, FromMiner::Done { job, part });
        }
    }

    /// A worker says it has found something: that counts if and only if the part is its own, even
    /// if it is searching something else by now.
    fn find(&mut self, id: WorkerId, job: u32, nonce: u32) {
        let its = |known: &&ModelJob| {
            known.number == Some(job) && known.owners.get(&part_of(nonce)) == Some(&id)
        };
        let lives = self.workers.get(&id).is_some_and(|worker| worker.ready);
        let counts = lives && self.jobs.values().any(|known| its(&known));
        let before = self.found.len();
        self.says(id, FromMiner::Found { job, nonce });
        assert_eq!(self.found.len() - before, usize::from(counts));
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
        self.answers = false;
        self.set_share(Some(Power {
            workers: 3,
            duty: 100,
        }));
        self.pass(BACK_OFF_MOST); // all replacements are due by then
        for _ in 0..2_000 {
            self.all_ready();
            for id in self.workers.keys().copied().collect::<Vec<_>>() {
                self.finish(id);
            }
            self.pass(100);
        }
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

fn task(model: &Model, id: WorkerId) -> Search {
    model.workers[&id].task.expect("it has one")
}

/// Whose job that is.
fn node_of(model: &Model, id: WorkerId) -> NodeKey {
    task(model, id).header[79].into()
}

#[test]
fn off_means_no_workers() {
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
fn hashes_count_once_and_those_of_dead_workers_do_not() {
    let mut model = running(1, 1);
    for _ in 0..12 {
        model.pass(500);
        model.work(0);
    }
    assert_eq!(model.plan.rate(model.now), 2_000);
    model.die(0);
    model.says(0, FromMiner::Progress { hashes: PART });
    assert_eq!(model.plan.rate(model.now), 2_000);
}

#[test]
fn nodes_take_turns() {
    for (workers, nodes) in [(1, 3), (3, 1), (2, 3), (4, 3)] {
        let mut model = running(workers, nodes);
        let mut seconds = vec![0u8; nodes as usize];
        for _ in 0..3 {
            model.pass(TURN);
            for id in 0..workers {
                model.work(id.into());
                seconds[node_of(&model, id.into()) as usize] += 1;
            }
        }
        let each = workers * 3 / nodes as u8;
        assert!(seconds.iter().all(|some| *some == each), "{seconds:?}");
    }
}

#[test]
fn a_turn_outlasts_changes_of_jobs_but_not_a_find() {
    let mut model = running(1, 2);
    let first = node_of(&model, 0);
    for _ in 0..9 {
        model.set_job(first, true);
        model.finish(0);
        assert_eq!(node_of(&model, 0), first);
    }
    let Search { job, part, .. } = task(&model, 0);
    model.find(0, job, u32::from(part) << 24);
    model.set_job(first, true);
    assert_ne!(node_of(&model, 0), first, "blocks would come in runs");
}

#[test]
fn a_node_is_asked_for_a_job_before_any_worker_waits() {
    let mut model = running(64, 1);
    model.answers = true;
    for _ in 0..9 {
        for id in 0..64 {
            model.finish(id);
            assert!(model.workers.values().all(|worker| worker.task.is_some()));
        }
    }
    assert!(model.next_job > 1);
}

#[test]
fn a_new_job_preempts_the_old_one_whose_finds_no_longer_count() {
    let mut model = running(1, 1);
    let old = task(&model, 0);
    model.set_job(0, true);
    let new = task(&model, 0);
    assert_ne!(old.job, new.job);
    model.find(0, old.job, 0);
    assert_eq!(model.found, []);
    model.find(0, new.job, 0);
    assert_eq!(model.found, [(0, 2, 0)]);
    assert_eq!(
        task(&model, 0),
        new,
        "the search goes on until the node changes its job"
    );
}

#[test]
fn what_is_found_when_the_turn_ends_is_not_lost() {
    let mut model = running(1, 2);
    let Search { job, .. } = task(&model, 0);
    model.pass(TURN);
    assert_ne!(task(&model, 0).job, job);
    model.find(0, job, 7);
    assert_eq!(model.found.len(), 1);
}

#[test]
fn a_job_that_is_withdrawn_stops_its_worker() {
    let mut model = running(1, 1);
    model.set_job(0, false);
    assert_eq!(model.workers[&0].task, None);
    model.set_job(0, true);
    assert!(model.workers[&0].task.is_some());
}

#[test]
fn a_new_duty_reaches_a_worker_in_the_middle_of_its_part() {
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
fn a_dead_worker_is_replaced_within_a_second_and_gets_a_part_of_its_own() {
    let mut model = running(1, 1);
    let old = task(&model, 0);
    model.die(0);
    assert!(model.workers.is_empty());
    model.pass(BACK_OFF);
    assert_eq!((model.restarts, model.plan.restarts()), (1, 1));
    model.ready(1);
    let new = task(&model, 1);
    assert_eq!((new.job, new.part), (old.job, old.part + 1));
    model.find(0, old.job, 0);
    model.find(1, old.job, 0);
    assert_eq!(model.found, []);
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
        model.work(id);
    }
    model.die(id);
    model.pass(BACK_OFF);
    assert_eq!(model.workers.len(), 1, "a healthy life clears the record");
}

#[test]
fn a_silent_worker_is_replaced_but_an_idle_one_is_not() {
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
        model.work(1);
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
fn a_frozen_tab_does_not_mistake_its_own_sleep_for_dead_workers() {
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
