//! What a machine tells people. Events are for logs and displays; no decision may depend on them.

use alloc::{string::String, vec::Vec};

use chain::{Amount, BlockId, CompactTarget, Height, PeerId, Txid};
use serde::{Deserialize, Serialize};

/// Something that happened inside one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// This node completed a block itself.
    Found {
        /// The block.
        block: BlockId,
        /// Its height.
        height: Height,
    },
    /// A block became the best tip by extending the one before.
    Extended {
        /// The new tip.
        block: BlockId,
        /// Its height.
        height: Height,
        /// Whom it came from; `None` if this node found it.
        from: Option<PeerId>,
    },
    /// A valid block did not become the best tip: it competes or is stale from the start.
    Rival {
        /// The block.
        block: BlockId,
        /// Its height.
        height: Height,
    },
    /// The node moved to another branch.
    Reorganised {
        /// The tip before.
        from: BlockId,
        /// The tip now.
        to: BlockId,
        /// Height of the tip now.
        height: Height,
        /// Blocks undone.
        disconnected: u32,
        /// Blocks applied.
        connected: u32,
    },
    /// A block or header broke a rule.
    Rejected {
        /// The block.
        block: BlockId,
        /// The reason by its standard name.
        reason: String,
        /// Whom it came from.
        from: Option<PeerId>,
    },
    /// A peer sent something that no correct node sends.
    Misbehaved {
        /// Who.
        peer: PeerId,
        /// What was wrong.
        reason: String,
    },
    /// The target for the next blocks changed.
    Retargeted {
        /// The first height under the new target.
        height: Height,
        /// Compact target before.
        before: CompactTarget,
        /// Compact target now.
        after: CompactTarget,
    },
    /// The node has learnt of a heavier chain and is fetching it.
    SyncStarted {
        /// From whom.
        peer: PeerId,
        /// The height that it is heading for, as far as known.
        goal: Height,
    },
    /// The node has caught up.
    SyncDone {
        /// Its height.
        height: Height,
    },
    /// Everything that was saved has been read back.
    Restored {
        /// Height of the tip.
        height: Height,
    },
    /// A transaction waits here for a block from now on.
    TxAccepted {
        /// Which.
        txid: Txid,
        /// What it pays whoever puts it into a block.
        fee: Amount,
        /// Whom it came from; `None` if it was submitted here.
        from: Option<PeerId>,
    },
    /// A transaction waits once more: its block was undone.
    TxReturned {
        /// Which.
        txid: Txid,
    },
    /// A transaction waits no longer, and has not come into a block.
    TxDropped {
        /// Which.
        txid: Txid,
        /// Why: `replaced`, `conflict`, `evicted`, `expired`, or the rule that it breaks since blocks were
        /// undone, by its standard name.
        reason: String,
        /// The transaction that spends the same instead.
        by: Option<Txid>,
    },
    /// Saved data was damaged; what could be read was kept, the rest will be fetched again.
    Damaged {
        /// What was wrong.
        what: String,
    },
    /// The node leads from now on: as leader, or as primary.
    Leads {
        /// Its term or view.
        epoch: u64,
    },
    /// A snapshot is durable; what led to it may be dropped.
    SnapshotTaken {
        /// The last slot that is in it.
        slot: u64,
    },
    /// A snapshot that came from another node took the place of the slots up to there.
    SnapshotInstalled {
        /// The last slot that is in it.
        slot: u64,
    },
    /// The node leads no longer.
    StepsDown {
        /// The term or view that it led.
        epoch: u64,
    },
    /// The node leads, and from now on goes by other members, committed or not.
    Reconfigures {
        /// Whose majority decides.
        voters: Vec<u32>,
        /// Whose majority has to agree as well, for as long as this change takes.
        outgoing: Vec<u32>,
        /// Who is sent everything and does not count.
        learners: Vec<u32>,
    },
}
