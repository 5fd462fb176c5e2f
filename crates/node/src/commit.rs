//! Incoming blocks are checked, applied, stored and announced, our own in the same way as everybody
//! else's.

use alloc::{sync::Arc, vec::Vec};

use chain::{BitcoinHeader, BlockId, Reject};
use protocol::planted::is_planted;
use protocol::{Event, Output, To};

use crate::intake::Source;
use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};

impl Node {
    /// Takes in a block whose header is stored.
    pub(crate) fn take_block(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        id: BlockId,
        block: &Arc<[u8]>,
    ) {
        let index = &self.books.index;
        let Some(header) = index.header(&id).filter(|_| index.lacks_body(&id)) else {
            return;
        };
        let body = block.get(BitcoinHeader::LEN..).unwrap_or_default();
        if let Err(reject) = self.books.check_body(id, header, body) {
            return self.refuse_body(turn, source, id, &reject);
        }
        let waits = !index.is_ready(&header.prev);
        if waits && index.waiting() + block.len() as u64 > limits::WAITING {
            return; // it will be asked for again when its turn comes
        }
        self.take_credit(&id);
        self.note_moved(turn.now, &id);
        let block = self.books.memo.intern(id, block);
        let before = self.books.index.tree.best();
        let ready = self.books.index.arrive(id, block);
        self.apply_all(turn, source, before, ready);
    }

    /// Applies blocks that became ready, parents first, then stores them and announces the outcome.
    fn apply_all(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        before: BlockId,
        ready: Vec<BlockId>,
    ) {
        let mut applied = Vec::with_capacity(ready.len());
        for (place, id) in ready.into_iter().enumerate() {
            if !self.books.index.is_ready(&id) {
                continue; // an ancestor has just failed
            }
            match self.books.apply(&id, &self.pool) {
                Ok(()) => applied.push(id),
                Err(reject) => {
                    // The blocks above were already waiting here and may come from somebody else.
                    let culprit = if place == 0 { source } else { Source::Disk };
                    self.condemn(turn, culprit, id, &reject);
                }
            }
        }
        if applied.is_empty() {
            return;
        }
        self.books.index.forget_states();
        if source != Source::Disk {
            self.publish_applied(turn, source, before, &applied);
        }
    }

    /// Saves the blocks before telling people or peers, so that a crash cannot lose what was
    /// announced.
    fn publish_applied(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        before: BlockId,
        applied: &[BlockId],
    ) {
        let tip = self.books.index.tree.best();
        let batch = self
            .log
            .record(&self.books.index, applied, (tip != before).then_some(tip));
        if !is_planted("node/block-not-saved") {
            turn.out.push(Output::Save(batch));
        }
        if let Some(peer) = source
            .peer()
            .and_then(|id| self.tables_mut().peers.get_mut(&id))
        {
            (peer.given, peer.vain) = (peer.given.saturating_add(1), 0);
        }
        if source == Source::Own {
            for id in applied {
                let height = self.books.index.height(id).unwrap_or_default();
                turn.tell(Event::Found { block: *id, height });
            }
        }
        for id in applied {
            if !self.books.index.tree.is_ancestor(id, &tip) {
                self.tell_rival(turn, *id);
            }
        }
        if tip != before {
            self.tell_tip(turn, source, before, tip);
            self.follow_chain(turn, &before, &tip);
            self.moved = true;
        }
        self.tidy_goals(turn, applied);
        if self.pose.is_some() {
            self.tell_protocol(turn, source == Source::Own, applied);
        }
    }

    /// Tells a protocol that poses what has come, each block for itself.
    fn tell_protocol(&mut self, turn: &mut Turn<'_>, is_own: bool, applied: &[BlockId]) {
        for id in applied {
            let height = self.books.index.height(id).unwrap_or_default();
            self.consult(turn, |protocol, cx| {
                protocol.on_block(cx, *id, height, is_own);
            });
        }
    }

    fn tell_rival(&mut self, turn: &mut Turn<'_>, id: BlockId) {
        let height = self.books.index.height(&id).unwrap_or_default();
        turn.tell(Event::Rival { block: id, height });
        let index = &self.books.index;
        let is_on_the_way = self
            .tables
            .goals
            .keys()
            .any(|goal| *goal != id && index.tree.is_ancestor(&id, goal));
        let is_said = self.pose.is_none() && !is_on_the_way;
        if is_said && let Some(claim) = self.claim(&id) {
            turn.send(To::All, &Message::Inv(claim));
        }
    }

    fn tell_tip(&mut self, turn: &mut Turn<'_>, source: Source, before: BlockId, tip: BlockId) {
        let index = &self.books.index;
        let route = index.tree.route(&before, &tip).unwrap_or_default();
        let count = |blocks: &[BlockId]| u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        let height = |id: &BlockId| index.height(id).unwrap_or_default();
        if route.disconnect.is_empty() {
            for block in &route.connect {
                let (block, height) = (*block, height(block));
                turn.tell(Event::Extended {
                    block,
                    height,
                    from: source.peer(),
                });
            }
        } else {
            turn.tell(Event::Reorganised {
                from: before,
                to: tip,
                height: height(&tip),
                disconnected: count(&route.disconnect),
                connected: count(&route.connect),
            });
        }
        for id in &route.connect {
            let Some(header) = index.header(id) else {
                continue;
            };
            let Some(parent) = index.header(&header.prev) else {
                continue;
            };
            if header.bits != parent.bits {
                let (before, after) = (parent.bits, header.bits);
                turn.tell(Event::Retargeted {
                    height: height(id),
                    before,
                    after,
                });
            }
        }
    }

    /// Refuses the block for good, or only this body: a mutated one must not condemn the block
    /// (CVE-2012-2459).
    fn refuse_body(&mut self, turn: &mut Turn<'_>, source: Source, id: BlockId, reject: &Reject) {
        if reject.is_permanent() {
            return self.condemn(turn, source, id, reject);
        }
        self.tell_rejected(turn, source, id, reject);
        self.blame(turn, source, 25, reject);
    }

    /// Marks a block and its descendants as invalid for good.
    fn condemn(&mut self, turn: &mut Turn<'_>, source: Source, id: BlockId, reject: &Reject) {
        let fallen = self.books.index.invalidate(id);
        fallen.iter().for_each(|id| self.take_credit(id));
        self.remember_invalid(&fallen);
        self.tell_rejected(turn, source, id, reject);
        self.blame(turn, source, 50, reject);
        self.tidy_goals(turn, &[]);
    }
}
