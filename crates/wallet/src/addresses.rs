//! The addresses of an account: which have been told or paid, and which of them a script pays to.
//!
//! Whoever restores a wallet looks for [`GAP_LIMIT`] addresses beyond the last one that was paid (BIP44), so
//! no more than that many are given out before one of them is.

use alloc::collections::BTreeMap;

use chain::{Address, Script};

use crate::keys::{Branch, DeriveError, KeyPath, Viewer};

/// How many addresses in a row may be unpaid.
pub const GAP_LIMIT: u32 = 20;

/// Why there is no new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GapError {
    /// A restored wallet would not look so far.
    #[error("{GAP_LIMIT} addresses wait for a payment already: use one of them")]
    Full,
    /// There are no more, or one hash in 2^127.
    #[error(transparent)]
    Derive(#[from] DeriveError),
}

/// One branch: the first address that has neither been told nor paid, and the first beyond all paid ones.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    next: u32,
    beyond_paid: u32,
}

/// The addresses of an account that matter so far.
#[derive(Clone, Debug)]
pub struct Addresses {
    viewer: Viewer,
    counts: [Counts; 2],
    paths: BTreeMap<Script, KeyPath>,
}

impl Addresses {
    /// Those of an account that nothing is known of.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn new(viewer: Viewer) -> Result<Self, DeriveError> {
        let mut addresses = Self {
            viewer,
            counts: [Counts::default(); 2],
            paths: BTreeMap::new(),
        };
        for branch in Branch::ALL {
            addresses.derive(branch, 0..GAP_LIMIT)?;
        }
        Ok(addresses)
    }

    /// Which of them a script pays to.
    #[must_use]
    pub fn find(&self, script: &Script) -> Option<KeyPath> {
        self.paths.get(script).copied()
    }

    /// All of them by their scripts, [`GAP_LIMIT`] beyond the last paid one included.
    pub fn scripts(&self) -> impl Iterator<Item = (&Script, KeyPath)> {
        self.paths.iter().map(|(script, path)| (script, *path))
    }

    /// The next address of a branch that has neither been told nor paid.
    ///
    /// # Errors
    /// [`GapError::Derive`].
    pub fn next(&self, branch: Branch) -> Result<(KeyPath, Address), GapError> {
        let index = self.counts(branch).next;
        let path = KeyPath { branch, index };
        Ok((path, self.viewer.address(path)?))
    }

    /// The same, and from now on it has been told: the next one is another.
    ///
    /// # Errors
    /// [`GapError::Full`] if a restored wallet would not find it.
    pub fn tell(&mut self, branch: Branch) -> Result<(KeyPath, Address), GapError> {
        let Counts { next, beyond_paid } = self.counts(branch);
        if next - beyond_paid >= GAP_LIMIT {
            return Err(GapError::Full);
        }
        let told = self.next(branch)?;
        self.counts_mut(branch).next += 1;
        Ok(told)
    }

    /// One of them was paid: addresses up to [`GAP_LIMIT`] beyond it matter as well. Returns whether some
    /// did not before, so that whoever looks for payments must look again.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn mark_paid(&mut self, path: KeyPath) -> Result<bool, DeriveError> {
        let before = self.counts(path.branch);
        let beyond = path.index.saturating_add(1);
        if beyond <= before.beyond_paid {
            return Ok(false);
        }
        let first_new = before.beyond_paid.saturating_add(GAP_LIMIT);
        self.derive(path.branch, first_new..beyond.saturating_add(GAP_LIMIT))?;
        *self.counts_mut(path.branch) = Counts {
            next: before.next.max(beyond),
            beyond_paid: beyond,
        };
        Ok(true)
    }

    fn derive(
        &mut self,
        branch: Branch,
        indices: core::ops::Range<u32>,
    ) -> Result<(), DeriveError> {
        for index in indices {
            let path = KeyPath { branch, index };
            let script = self.viewer.address(path)?.script_pubkey();
            self.paths.insert(script, path);
        }
        Ok(())
    }

    fn counts(&self, branch: Branch) -> Counts {
        self.counts[branch as usize]
    }

    fn counts_mut(&mut self, branch: Branch) -> &mut Counts {
        &mut self.counts[branch as usize]
    }
}
