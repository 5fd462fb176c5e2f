//! A host for one node: keeps its timers and its disk, and records what it sends and reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{Height, PeerId, Time, Work};
use node::Node;
use node::message::{Claim, Message};
use protocol::{
    AskId, Batch, Event, Input, Key, Machine, Output, Saved, Space, TimerKey, To, Values,
    encode_packet,
};

use super::Made;

/// What survives a crash.
#[derive(Clone, Default)]
pub struct Disk {
    pub own: Values,
    pub shared: Values,
}

impl Disk {
    pub fn save(&mut self, batch: &Batch) {
        for write in &batch.0 {
            write.apply(&mut self.own, &mut self.shared);
        }
    }

    pub fn load(&self, key: &Key) -> Option<Arc<[u8]>> {
        let values = match key.space {
            Space::Own => &self.own,
            Space::Shared => &self.shared,
        };
        values.get(&key.name).cloned()
    }

    pub fn saved(&self) -> Saved {
        Saved::of(&self.own)
    }
}

/// A node, and everything it has put out.
pub struct Solo {
    pub node: Node,
    pub now: Time,
    pub disk: Disk,
    pub timers: BTreeMap<TimerKey, Time>,
    pub sent: Vec<(To, Message)>,
    pub events: Vec<Event>,
    pub admitted: Vec<(AskId, Result<chain::Txid, &'static str>)>,
    pub answers: Vec<(AskId, Option<Arc<[u8]>>)>,
    /// Everything it ever put out.
    pub log: Vec<Output>,
}

impl Solo {
    pub fn asleep(node: Node, disk: Disk) -> Self {
        Self {
            node,
            now: Time(1_000_000_000_000),
            disk,
            timers: BTreeMap::new(),
            sent: vec![],
            events: vec![],
            answers: vec![],
            admitted: vec![],
            log: vec![],
        }
    }

    /// A node that has booted from a disk.
    pub fn boot(node: Node, disk: Disk) -> Self {
        let mut solo = Self::asleep(node, disk);
        solo.start();
        solo
    }

    pub fn start(&mut self) {
        let saved = self.disk.saved();
        self.step(Input::Boot { saved });
    }

    /// One step, and the loads that it asks for.
    pub fn step(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let mut out = vec![];
            self.node.step(self.now, input, &mut out);
            for output in out {
                inputs.extend(self.perform(output));
            }
        }
    }

    pub fn perform(&mut self, output: Output) -> Option<Input> {
        self.log.push(output.clone());
        match output {
            Output::Save(batch) => self.disk.save(&batch),
            Output::Load { key } => {
                let value = self.disk.load(&key);
                return Some(Input::Loaded { key, value });
            }
            Output::Send { to, packet } => {
                self.sent.push((
                    to,
                    Message::decode(&packet.bytes).expect("its own messages"),
                ));
            }
            Output::Arm { key, at } => {
                self.timers.insert(key, at);
            }
            Output::Disarm { key } => {
                self.timers.remove(&key);
            }
            Output::Admitted { ask, result } => self.admitted.push((ask, result)),
            Output::Answer { ask, receipt } => self.answers.push((ask, receipt)),
            Output::Executed { .. } | Output::Restored { .. } => {
                panic!("trees execute no slots")
            }
            Output::Tell(event) => self.events.push(event),
            Output::Work(_) | Output::Stop(_) => {}
        }
        None
    }

    pub fn hear(&mut self, from: PeerId, message: &Message) {
        self.step(Input::Packet {
            from,
            packet: encode_packet(message.encode()),
        });
    }

    pub fn found(&mut self, salt: u64) {
        self.step(Input::Found {
            job: protocol::JobId(salt),
            nonce: 1,
        });
    }

    /// Lets time pass and fires timers.
    pub fn wait(&mut self, millis: u64) {
        let end = Time(self.now.0 + millis * 1000);
        while let Some((&key, &at)) = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= end)
            .min_by_key(|(_, at)| **at)
        {
            self.timers.remove(&key);
            self.now = self.now.max(at);
            self.step(Input::Timer { key });
        }
        self.now = end;
    }

    /// Header, then body, as an honest peer would after being asked.
    pub fn feed(&mut self, from: PeerId, block: &Made) {
        self.hear(from, &Message::Headers(vec![block.header]));
        self.hear(from, &Message::Body(block.raw()));
    }

    /// Headers in one message, then the bodies.
    pub fn feed_all(&mut self, from: PeerId, blocks: &[Made]) {
        for part in blocks.chunks(2000) {
            let headers = part.iter().map(|block| block.header).collect();
            self.hear(from, &Message::Headers(headers));
        }
        for block in blocks {
            self.hear(from, &Message::Body(block.raw()));
        }
    }

    pub fn claim(block: &Made, height: u32, work: Work) -> Claim {
        Claim {
            header: block.header,
            height: Height(height),
            work,
        }
    }

    pub fn has_tip(&self, block: &Made) -> bool {
        self.node.tip().0 == block.id()
    }

    /// A number from the node's sheet.
    pub fn number(&self, label: &str) -> u64 {
        let sheet = self.node.inspect();
        let row = sheet
            .rows
            .iter()
            .find(|row| row.label == label)
            .expect("a known row");
        match row.value {
            protocol::Value::Number(number) => number,
            _ => panic!("{label} is no number"),
        }
    }
}
