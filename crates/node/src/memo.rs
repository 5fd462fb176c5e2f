//! Results of pure functions, shared by all nodes of a worker, so that sixteen nodes check and
//! apply a block once and hold its bytes once. A memo changes how long a step takes and nothing
//! else.

use alloc::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};
use core::cell::RefCell;

use chain::{BlockId, Reject, sha256};
use ledger::State;

use crate::limits;

/// A handle to a shared memo. All nodes that hold it must be on the same chain.
#[derive(Clone)]
pub struct Memo(Option<Rc<RefCell<Tables>>>);

/// A block and the digest of the bytes that claim to be its body. The id commits to the header and
/// so to all ancestors, which determine the parent's state and the block's place.
type Key = (BlockId, [u8; 32]);

struct Tables {
    checks: Recent<Key, Result<(), Reject>>,
    states: Recent<Key, Result<State, Reject>>,
    blocks: Recent<BlockId, Arc<[u8]>>,
}

/// A bounded map that forgets the oldest entry first.
struct Recent<K, V> {
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
    limit: usize,
}

impl Memo {
    /// An empty memo.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Rc::new(RefCell::new(Tables {
            checks: Recent::new(limits::MEMO),
            states: Recent::new(limits::MEMO),
            blocks: Recent::new(limits::INTERNED),
        }))))
    }

    /// A memo that remembers nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// The result of checking a body, computed only if it is not known yet.
    pub(crate) fn check(
        &self,
        id: BlockId,
        body: &[u8],
        compute: impl FnOnce() -> Result<(), Reject>,
    ) -> Result<(), Reject> {
        self.remember(id, body, |tables| &mut tables.checks, compute)
    }

    /// The state after a block, computed only if it is not known yet.
    pub(crate) fn state(
        &self,
        id: BlockId,
        body: &[u8],
        compute: impl FnOnce() -> Result<State, Reject>,
    ) -> Result<State, Reject> {
        self.remember(id, body, |tables| &mut tables.states, compute)
    }

    /// The same bytes, shared with other nodes that hold them.
    pub(crate) fn intern(&self, id: BlockId, block: &Arc<[u8]>) -> Arc<[u8]> {
        let Some(tables) = &self.0 else {
            return block.clone();
        };
        let blocks = &mut tables.borrow_mut().blocks;
        match blocks.get(&id) {
            Some(shared) if shared == block => shared.clone(),
            Some(_) => block.clone(),
            None => {
                blocks.insert(id, block.clone());
                block.clone()
            }
        }
    }

    fn remember<V: Clone>(
        &self,
        id: BlockId,
        body: &[u8],
        table: impl Fn(&mut Tables) -> &mut Recent<Key, V>,
        compute: impl FnOnce() -> V,
    ) -> V {
        let Some(tables) = &self.0 else {
            return compute();
        };
        let key = (id, sha256(body));
        let known = table(&mut tables.borrow_mut()).get(&key).cloned();
        known.unwrap_or_else(|| {
            let value = compute();
            table(&mut tables.borrow_mut()).insert(key, value.clone());
            value
        })
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord + Copy, V> Recent<K, V> {
    fn new(limit: usize) -> Self {
        Self {
            map: BTreeMap::new(),
            order: VecDeque::new(),
            limit,
        }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::new(2);
        for key in [1, 2, 1, 3] {
            recent.insert(key, key * 10);
        }
        assert_eq!(
            (recent.get(&1), recent.get(&2), recent.get(&3)),
            (None, Some(&20), Some(&30))
        );
        assert_eq!((recent.map.len(), recent.order.len()), (2, 2));
    }

    #[test]
    fn another_body_of_the_same_block_has_a_result_of_its_own() {
        let memo = Memo::new();
        let id = BlockId::ZERO;
        let bad = Err(Reject::BadTxnsDuplicate);
        assert_eq!(memo.check(id, b"mutated", || bad), bad);
        assert_eq!(memo.check(id, b"honest", || Ok(())), Ok(()));
        assert_eq!(memo.check(id, b"mutated", || Ok(())), bad, "known by now");
    }

    #[test]
    fn equal_blocks_share_their_bytes() {
        let memo = Memo::new();
        let [one, two]: [Arc<[u8]>; 2] = [[7; 90].into(), [7; 90].into()];
        let kept = memo.intern(BlockId::ZERO, &one);
        assert!(Arc::ptr_eq(&kept, &memo.intern(BlockId::ZERO, &two)));
    }
}
