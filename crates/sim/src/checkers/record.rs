//! What the checkers know: every block that a node ever wrote to its disk, with work and coins
//! added up here, independently of any node.

use chain::{
    Block, BlockId, ChainParams, Height, OutPoint, Txid, U256, Work, block_proof, decode_exact,
};
use protocol::{Output, Space, Write};
use rpds::RedBlackTreeMapSync as Map;

/// What the record knows about a block.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) parent: BlockId,
    pub(crate) height: Height,
    /// Work from the genesis block up to this one.
    pub(crate) work: U256,
    /// Satoshi that this block added to the supply: outputs minus inputs.
    pub(crate) created: i128,
}

/// All blocks seen.
#[derive(Clone)]
pub struct Record {
    genesis: BlockId,
    entries: Map<BlockId, Entry>,
    values: Map<OutPoint, i128>,
}

const OP_RETURN: u8 = 0x6a;

impl Record {
    /// A record that knows only the genesis block.
    #[must_use]
    pub fn new(params: &ChainParams) -> Self {
        let Work(work) = block_proof(params.genesis.header.bits);
        let genesis = params.genesis_id();
        let entry = Entry {
            parent: BlockId::ZERO,
            height: Height::GENESIS,
            work,
            created: 0,
        };
        Self {
            genesis,
            entries: Map::new_sync().insert(genesis, entry),
            values: Map::new_sync(),
        }
    }

    /// Records the blocks that a step saved; returns the work of the heaviest chain that one of
    /// them ends.
    ///
    /// # Errors
    /// A saved value is not a block, or its parent is unknown.
    pub fn learn(&mut self, out: &[Output]) -> Result<U256, String> {
        let mut most = U256::ZERO;
        for output in out {
            let Output::Save(batch) = output else {
                continue;
            };
            for write in &batch.0 {
                if let Write::Put { key, value } = write
                    && key.space == Space::Shared
                {
                    most = most.max(self.add(value)?);
                }
            }
        }
        Ok(most)
    }

    /// Records a raw block; returns the work from the genesis block up to it.
    pub(crate) fn add(&mut self, raw: &[u8]) -> Result<U256, String> {
        let block: Block = decode_exact(raw).map_err(|error| format!("saved no block: {error}"))?;
        let id = block.id();
        if let Some(known) = self.entries.get(&id) {
            return Ok(known.work);
        }
        let parent = block.header.prev;
        let above = self
            .entries
            .get(&parent)
            .ok_or(format!("{id} saved before its parent"))?;
        let (height, before) = (above.height.next(), above.work);
        let work = before + block_proof(block.header.bits).0;
        let created = self.created(&block);
        self.entries.insert_mut(
            id,
            Entry {
                parent,
                height,
                work,
                created,
            },
        );
        Ok(work)
    }

    fn created(&mut self, block: &Block) -> i128 {
        let mut sum = 0;
        for tx in &block.transactions {
            let txid: Txid = tx.txid();
            for (vout, output) in (0u32..).zip(&tx.outputs) {
                if output.script_pubkey.as_bytes().first() != Some(&OP_RETURN) {
                    sum += i128::from(output.value);
                    self.values
                        .insert_mut(OutPoint { txid, vout }, output.value.into());
                }
            }
            // The value of an unknown output is not known: the sum then differs from the node's, as
            // it should.
            let spent = tx
                .inputs
                .iter()
                .filter_map(|input| self.values.get(&input.prevout));
            sum -= spent.sum::<i128>();
        }
        sum
    }

    pub(crate) fn get(&self, id: &BlockId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The blocks from `id` down to the genesis block, both inclusive.
    pub(crate) fn path(&self, id: BlockId) -> impl Iterator<Item = (BlockId, &Entry)> {
        let step = |(id, entry): &(BlockId, &Entry)| (*id != self.genesis).then_some(entry.parent);
        let with_entry = |id: BlockId| Some((id, self.entries.get(&id)?));
        std::iter::successors(with_entry(id), move |here| step(here).and_then(with_entry))
    }
}
