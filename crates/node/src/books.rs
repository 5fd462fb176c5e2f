//! A node's chain together with the ledger that gives its blocks meaning.

use alloc::{sync::Arc, vec::Vec};

use chain::{Amount, BitcoinHeader, BlockId, Header, Reject};
use ledger::{Checked, Chosen, Draft, Ledger, Miner, NoneChecked, Place, State};
use protocol::Payee;

use crate::index::Index;
use crate::memo::Memo;
use crate::node::Config;
use crate::view::Branch;

#[derive(Clone)]
pub(crate) struct Books {
    pub config: Arc<Config>,
    /// Who is paid for the blocks that this node finds.
    pub payee: Payee,
    pub ledger: Arc<dyn Ledger>,
    pub memo: Memo,
    pub index: Index,
}

impl Books {
    pub fn new(config: Config, ledger: Arc<dyn Ledger>, memo: Memo) -> Self {
        let index = Index::new(&config.params, ledger.genesis());
        Self {
            payee: config.payee,
            config: Arc::new(config),
            ledger,
            memo,
            index,
        }
    }

    /// Checks what can be checked of a body without its parent's state.
    pub fn check_body(
        &self,
        id: BlockId,
        header: BitcoinHeader,
        body: &[u8],
    ) -> Result<(), Reject> {
        self.memo.check(id, body, || {
            self.ledger.check(&Header::Bitcoin(header), body)
        })
    }

    /// Computes and keeps the state after a block whose ancestors have all been applied.
    pub fn apply(&mut self, id: &BlockId, checked: &dyn Checked) -> Result<(), Reject> {
        let link = self
            .index
            .tree
            .get(id)
            .ok_or(Reject::PrevBlkNotFound { prev: *id })?;
        let height = link.height;
        let parent = self.index.tree.parent_of(link);
        let parent = parent.ok_or(Reject::BadGenesis { id: *id })?.id;
        let state = self.state_after(&self.state_at(&parent), id, checked)?;
        self.index.put_state(*id, height, state);
        Ok(())
    }

    /// The state after a ready block, rebuilt from the nearest kept one below if it was forgotten.
    pub fn state_at(&self, id: &BlockId) -> State {
        let mut missing = Vec::new();
        let mut at = *id;
        let mut state = loop {
            if let Some(state) = self.index.kept_state(&at) {
                break state.clone();
            }
            missing.push(at);
            let parent = self.index.tree.parent(&at);
            at = parent.expect("the state of the genesis block is always kept");
        };
        while let Some(next) = missing.pop() {
            state = self
                .state_after(&state, &next, &NoneChecked)
                .expect("a ready block was applied before");
        }
        state
    }

    /// The state after `id`, given its parent's.
    fn state_after(
        &self,
        parent: &State,
        id: &BlockId,
        checked: &dyn Checked,
    ) -> Result<State, Reject> {
        let missing = Reject::PrevBlkNotFound { prev: *id };
        let body = self.index.body(id).ok_or(missing)?;
        let above = self.index.tree.parent(id).ok_or(missing)?;
        let branch = Branch::stored(&self.index, above).ok_or(missing)?;
        let time = self.index.header(id).ok_or(missing)?.time;
        let place = branch.next_place(Some(time)).ok_or(missing)?;
        self.memo.state(*id, body, || {
            self.ledger.apply(parent, place, body, checked)
        })
    }

    pub fn draft(&self, parent: &BlockId, place: Place, extra: u64, chosen: &[Chosen]) -> Draft {
        let state = self.state_at(parent);
        let miner = Miner {
            key: self.config.payee.0,
            payee: self.payee,
        };
        self.ledger.draft(&state, place, &miner, extra, chosen)
    }

    pub fn supply(&self) -> Amount {
        let best = self.index.tree.best();
        match self.index.kept_state(&best) {
            Some(state) => self.ledger.supply(state),
            None => self.ledger.supply(&self.state_at(&best)),
        }
    }
}
