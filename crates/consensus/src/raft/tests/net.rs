//! What tests look at in a network of Raft replicas.

use alloc::vec::Vec;

use chain::decode_exact;
use protocol::{Proposal, Values};

use crate::raft::ENTRY;
use crate::raft::message::{Entry, Index, Message};
use crate::raft::saved::{CUT, Cut, entry_name};
use crate::testing::Tested;

pub struct Raft;

impl Tested for Raft {
    type Message = Message;

    const ENTRY: &'static protocol::Entry = &ENTRY;

    fn decided(disk: &Values, slot: u64) -> Option<Proposal> {
        let entry: Entry = decode_exact(disk.get(&entry_name(Index(slot)))?).ok()?;
        Some((*entry.proposal).clone())
    }
}

pub type Net = crate::testing::net::Net<Raft>;

impl Net {
    /// The leader of the latest term that is up.
    pub fn leader(&self) -> Option<usize> {
        let term = |place: &usize| self.glance(*place).map(|glance| glance.epoch);
        let leads = |place: &usize| self.glance(*place).is_some_and(|glance| glance.role == 3);
        self.members().filter(leads).max_by_key(term)
    }

    /// A leader that is newly there.
    pub fn elect(&mut self) -> usize {
        self.run_until("a leader", |net| net.leader().is_some());
        self.leader().expect("just seen")
    }

    /// A replica's log, from its disk, as far as it is kept.
    pub fn log(&self, place: usize) -> Vec<Entry> {
        let disk = &self.nodes[place].disk;
        let values = disk.range(entry_name(Index(0))..entry_name(Index(u64::MAX)));
        values
            .map(|(_, value)| decode_exact(value).expect("as saved"))
            .collect()
    }

    /// Where a replica's log was cut off.
    pub fn cut_of(&self, place: usize) -> Cut {
        let cut = self.nodes[place].disk.get(CUT);
        cut.map_or(Cut::default(), |cut| decode_exact(cut).expect("as saved"))
    }
}
