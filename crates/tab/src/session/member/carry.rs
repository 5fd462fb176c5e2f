//! Carries out what nodes want: saves, reads, messages, work, events.

use chain::PeerId;
use pool::plan::Job as PoolJob;
use protocol::envelope::{Envelope, Kind};
use protocol::{Batch, Event, Input, Job, JobId, Key, Packet, To};

use scenario::Assembled;

use super::Member;
use crate::cx::Cx;
use crate::door::{Channel, Effect as Outside};
use crate::host::Effect;
use crate::lasting::Lasting;
use crate::picture;
use crate::storage::DbError;

/// Longest text from a node in the log, in characters.
const LONGEST: usize = 120;

impl Member {
    pub(super) fn carry_out(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        for effect in self.host.take_effects() {
            match effect {
                Effect::Save {
                    ticket,
                    node,
                    batch,
                } => self.save(l, node, ticket, &batch),
                Effect::Load { node, key } => self.load(l, node, key),
                Effect::Cast { from, to, packet } => self.cast(cx, l, from, to, &packet),
                Effect::Work { node, job } => self.work(cx, l, node, Some(job)),
                Effect::Stop { node, job } => self.stop(cx, l, node, job),
                Effect::Tell { node, event } => self.tell(cx, l, node, event),
                Effect::Admitted { ask, result, .. } => self.admitted(cx, ask, result),
                Effect::Answer { ask, receipt, .. } => {
                    self.receive(cx, l, ask, receipt.as_deref());
                }
            }
        }
    }

    fn save(&mut self, l: &mut Lasting, node: PeerId, ticket: u64, batch: &Batch) {
        l.store.save(node, ticket, batch);
        if !l.store.is_kept() {
            self.give_up_seats(l);
            self.host.durable(ticket);
        }
    }

    fn load(&mut self, l: &mut Lasting, node: PeerId, key: Key) {
        match l.store.load(&node, &key) {
            Ok(value) => self.host.give(node, Input::Loaded { key, value }),
            Err(name) => l.writer.ask(node, key, name),
        }
    }

    /// Carries a packet to those nodes of other tabs that its sender reaches. What is too large for
    /// an envelope is lost: no room allows such blocks.
    fn cast(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, from: PeerId, to: To, packet: &Packet) {
        let recipient = match to {
            To::All => None,
            To::Peer(peer) => Some(peer),
        };
        l.sequence += 1;
        let envelope = Envelope {
            kind: Kind::Packet,
            room: l.room.id(),
            channel: packet.channel,
            sender: from,
            recipient,
            sequence: l.sequence,
            payload: Vec::new(),
        };
        let meant = |node: &PeerId| {
            recipient.is_none_or(|to| to == *node) && self.host.reaches(&from, node)
        };
        let hosts = self.tabs.nodes().filter(|(_, node)| meant(&node.id));
        let listeners = hosts.map(|(tab, _)| *tab).collect();
        let said = (l.store.generation().current, &*packet.bytes);
        if let Some(envelope) = l.me.links.seal(envelope, said, &listeners) {
            cx.act(Outside::Say(Channel::Room, envelope.encode()));
        }
    }

    /// Sets what a node wants searched.
    fn work(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, node: PeerId, job: Option<Job>) {
        let Some(hosted) = self.hosted_mut(&node) else {
            return;
        };
        hosted.job = job.map(|job| job.id);
        let job = job.map(|job| PoolJob {
            id: job.id.0,
            header: job.header,
            target: job.target,
        });
        let key = hosted.key();
        l.mining.set_job(cx, key, job);
    }

    /// Ends a job, unless the node has another one by now.
    fn stop(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, node: PeerId, job: JobId) {
        if self.hosted(&node).is_some_and(|one| one.job == Some(job)) {
            self.work(cx, l, node, None);
        }
    }

    fn tell(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, node: PeerId, event: Event) {
        match &event {
            // Other tabs should see the new tip at once.
            Event::Found { .. } | Event::Extended { .. } | Event::Reorganised { .. } => {
                self.change();
            }
            Event::Damaged { .. } => self.lost(l, &node, None),
            Event::Restored { height } => self.lost(l, &node, Some(height.0)),
            _ => {}
        }
        l.pace.change();
        let Some(hosted) = self.hosted(&node) else {
            return;
        };
        let seat = hosted.identity.seat;
        let miner = block_of(&event).and_then(|block| picture::miner_of(l, self, &node, &block));
        if is_news(&event, self.is_syncing(&node)) {
            l.note_event(cx, seat, shortened(event), miner);
        }
    }

    /// A node may have failed to read what it had saved: puts that aside, and tells people.
    /// `restored` is the height that it got back, once known.
    fn lost(&mut self, l: &mut Lasting, node: &PeerId, restored: Option<u32>) {
        let Some(hosted) = self.hosted_mut(node) else {
            return;
        };
        let fell = |height: u32| hosted.saved_height.is_some_and(|saved| height < saved);
        let is_lost = restored.is_none_or(fell);
        if is_lost {
            let (height, records) = l.damaged.unwrap_or((u32::MAX, 0));
            l.store.put_aside(node);
            l.damaged = Some((height, records.saturating_add(1)));
        }
        if let (Some(height), Some((least, records))) = (restored, l.damaged) {
            l.damaged = Some((least.min(height), records));
        }
    }

    fn is_syncing(&self, node: &PeerId) -> bool {
        let node = self.host.get(node).and_then(Assembled::forks);
        let progress = node.map(node::Node::progress);
        matches!(progress, Some(node::Progress::Syncing { .. }))
    }

    /// A write is done or failed.
    pub fn written(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, done: Result<u64, DbError>) {
        match done {
            Ok(save) => {
                self.host.durable(save);
                self.carry_out(cx, l);
            }
            Err(error) => self.lose_storage(cx, l, error),
        }
    }

    /// The database was taken away, or does not answer: it cannot be read, either.
    pub fn lose_database(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, why: DbError) {
        self.lose_storage(cx, l, why.clone());
        l.store.lose(why);
        for (node, input) in l.writer.give_up() {
            self.host.give(node, input);
        }
    }

    /// Nothing written will be found again: the database refuses, or is full. From now on
    /// everything is in memory, and nothing waits for writes.
    pub fn lose_storage(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, why: DbError) {
        self.retain_blocks(l);
        l.store.fail(why);
        self.give_up_seats(l);
        self.host.durable(l.store.last_ticket());
        self.carry_out(cx, l);
        l.pace.change();
    }
}

/// Whether an event is worth a line in the log, and so whether scripts hear of it.
fn is_news(event: &Event, syncing: bool) -> bool {
    match event {
        // A node's own block was logged when found, and a sync only counts its blocks.
        Event::Extended { from, .. } => from.is_some() && !syncing,
        // Without saved blocks there was nothing to restore.
        Event::Restored { height } => height.0 > 0,
        _ => true,
    }
}

/// The block in an event whose finder is named.
fn block_of(event: &Event) -> Option<chain::BlockId> {
    match event {
        Event::Extended { block, .. } | Event::Rival { block, .. } => Some(*block),
        _ => None,
    }
}

/// The same event with its texts cut to a bounded length.
fn shortened(mut event: Event) -> Event {
    if let Event::Rejected { reason: text, .. }
    | Event::Misbehaved { reason: text, .. }
    | Event::TxDropped { reason: text, .. }
    | Event::Damaged { what: text } = &mut event
        && let Some((end, _)) = text.char_indices().nth(LONGEST)
    {
        text.truncate(end);
    }
    event
}

#[cfg(test)]
mod tests {
    use chain::{BlockId, Height};

    use super::*;

    #[test]
    fn only_what_is_not_known_already_is_news() {
        let extended = |from| Event::Extended {
            block: BlockId::ZERO,
            height: Height(1),
            from,
        };
        let peer = Some(PeerId::from_bytes([9; 32]));
        assert!(is_news(&extended(peer), false));
        assert!(!is_news(&extended(peer), true), "a sync counts its blocks");
        assert!(!is_news(&extended(None), false), "it was logged when found");
        let restored = |height| Event::Restored { height };
        assert!(is_news(&restored(Height(1)), false));
        assert!(!is_news(&restored(Height(0)), false));
    }
}
