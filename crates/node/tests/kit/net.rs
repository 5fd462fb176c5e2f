//! Several nodes, links that lose, duplicate, delay and reorder packets, and a clock.

use std::collections::{BTreeMap, BTreeSet};

use chain::{PeerId, Stream, Time};
use node::Node;
use protocol::{Input, Job, Machine, Output, Packet, TimerKey, To};

use super::host::Disk;
use super::peer;

pub struct Seat {
    pub node: Node,
    pub disk: Disk,
    pub job: Option<Job>,
    timers: BTreeMap<TimerKey, Time>,
    pub events: Vec<protocol::Event>,
    pub admitted: Vec<(protocol::AskId, Result<chain::Txid, &'static str>)>,
    pub answers: Vec<(protocol::AskId, Option<std::sync::Arc<[u8]>>)>,
}

pub struct Net {
    pub seats: Vec<Seat>,
    pub now: Time,
    pub dice: Stream,
    /// How many packets in a million get lost, and how many are duplicated.
    pub loss: u32,
    pub double: u32,
    /// The longest that a packet takes, in microseconds.
    pub delay: u64,
    /// The group of each node: nodes hear each other within a group.
    pub groups: Vec<u8>,
    queue: BTreeMap<(Time, u64), (usize, PeerId, Packet)>,
    sequence: u64,
    /// Every step's outputs in order, for comparing runs.
    pub trace: Vec<(Time, usize, Vec<Output>)>,
    pub packets: u64,
}

impl Net {
    pub fn new(nodes: Vec<Node>, seed: u64) -> Self {
        let groups = vec![0; nodes.len()];
        let seat = |node| Seat {
            node,
            disk: Disk::default(),
            job: None,
            timers: BTreeMap::new(),
            events: vec![],
            answers: vec![],
            admitted: vec![],
        };
        let mut net = Self {
            seats: nodes.into_iter().map(seat).collect(),
            now: Time(1_000_000_000_000),
            dice: Stream::new(seed, 0, "net"),
            loss: 0,
            double: 0,
            delay: 50_000,
            groups,
            queue: BTreeMap::new(),
            sequence: 0,
            trace: vec![],
            packets: 0,
        };
        for seat in 0..net.seats.len() {
            net.input(
                seat,
                Input::Boot {
                    saved: Default::default(),
                },
            );
        }
        net.regroup(net.groups.clone());
        net
    }

    /// Cuts and joins links.
    pub fn regroup(&mut self, groups: Vec<u8>) {
        self.groups = groups;
        for seat in 0..self.seats.len() {
            let up = (0..self.seats.len()).filter(|other| self.hears(seat, *other));
            let up = up.map(|other| peer(other as u8)).collect();
            self.input(seat, Input::Peers { up });
        }
    }

    fn hears(&self, a: usize, b: usize) -> bool {
        a != b && self.groups[a] == self.groups[b]
    }

    /// A crash: what is on disk stays, everything else is gone.
    pub fn restart(&mut self, seat: usize, node: Node) {
        self.seats[seat].node = node;
        self.seats[seat].timers.clear();
        let saved = self.seats[seat].disk.saved();
        self.input(seat, Input::Boot { saved });
        self.regroup(self.groups.clone());
    }

    pub fn input(&mut self, seat: usize, input: Input) {
        let mut out = vec![];
        self.seats[seat].node.step(self.now, input, &mut out);
        self.trace.push((self.now, seat, out.clone()));
        for output in out {
            self.perform(seat, output);
        }
    }

    fn perform(&mut self, seat: usize, output: Output) {
        let at = &mut self.seats[seat];
        match output {
            Output::Save(batch) => at.disk.save(&batch),
            Output::Load { key } => {
                let value = at.disk.load(&key);
                self.input(seat, Input::Loaded { key, value });
            }
            Output::Send { to, packet } => self.carry(seat, to, &packet),
            Output::Arm { key, at: due } => {
                at.timers.insert(key, due);
            }
            Output::Disarm { key } => {
                at.timers.remove(&key);
            }
            Output::Work(job) => at.job = Some(job),
            Output::Stop(_) => at.job = None,
            Output::Admitted { ask, result } => at.admitted.push((ask, result)),
            Output::Answer { ask, receipt } => at.answers.push((ask, receipt)),
            Output::Executed { .. } | Output::Restored { .. } => {
                panic!("trees execute no slots")
            }
            Output::Tell(event) => at.events.push(event),
        }
    }

    fn carry(&mut self, from: usize, to: To, packet: &Packet) {
        for seat in 0..self.seats.len() {
            let is_meant = match to {
                To::All => true,
                To::Peer(id) => id == peer(seat as u8),
            };
            if !is_meant || !self.hears(from, seat) || self.dice.chance(self.loss) {
                continue;
            }
            for _ in 0..1 + u32::from(self.dice.chance(self.double)) {
                let due = Time(self.now.0 + 1 + self.dice.below(self.delay));
                self.sequence += 1;
                self.packets += 1;
                self.queue.insert(
                    (due, self.sequence),
                    (seat, peer(from as u8), packet.clone()),
                );
            }
        }
    }

    pub fn run(&mut self, millis: u64) {
        let end = Time(self.now.0 + millis * 1000);
        loop {
            let packet = self.queue.keys().next().map(|(due, _)| *due);
            let timers =
                self.seats.iter().enumerate().flat_map(|(seat, at)| {
                    at.timers.iter().map(move |(key, due)| (*due, seat, *key))
                });
            let timer = timers.min();
            let next = packet.into_iter().chain(timer.map(|(due, ..)| due)).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if packet == Some(next) {
                let ((..), (seat, from, packet)) = self.queue.pop_first().unwrap();
                if self.hears(seat, self.seat_of(from)) {
                    self.input(seat, Input::Packet { from, packet });
                }
            } else if let Some((_, seat, key)) = timer {
                self.seats[seat].timers.remove(&key);
                self.input(seat, Input::Timer { key });
            }
        }
        self.now = end;
    }

    fn seat_of(&self, id: PeerId) -> usize {
        (0..self.seats.len())
            .find(|seat| peer(*seat as u8) == id)
            .unwrap()
    }

    /// A toy node finds a block.
    pub fn found(&mut self, seat: usize) {
        self.sequence += 1;
        let job = protocol::JobId(self.sequence);
        self.input(seat, Input::Found { job, nonce: 1 });
    }

    /// Searches the node's job for real, as a miner would.
    pub fn mine(&mut self, seat: usize) {
        let job = self.seats[seat].job.expect("a node that is up has a job");
        let target = chain::U256::from_le_bytes(job.target);
        let nonce = (0..).find(|nonce: &u32| {
            let mut header = job.header;
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            chain::U256::from_le_bytes(chain::sha256d(&header)) <= target
        });
        self.input(
            seat,
            Input::Found {
                job: job.id,
                nonce: nonce.unwrap(),
            },
        );
    }

    pub fn tips(&self) -> BTreeSet<chain::BlockId> {
        self.seats.iter().map(|seat| seat.node.tip().0).collect()
    }
}
