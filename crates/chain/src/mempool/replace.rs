//! Replacement by fee (BIP125).

use alloc::collections::BTreeSet;

use super::family::gather;
use super::{Admission, Mempool, Refusal, Score};
use crate::hash::Txid;
use crate::units::Amount;

impl Mempool {
    /// The waiting transactions that spend the same, if this one may take their place.
    pub(super) fn check_replacement(&self, tx: &Admission) -> Result<BTreeSet<Txid>, Refusal> {
        let rivals = self.rivals(&tx.spends);
        if rivals.is_empty() {
            return Ok(rivals);
        }
        let mut fallen = rivals.clone();
        for rival in &rivals {
            // Rule 1.
            if !self.known(rival).admission.replaceable {
                return Err(Refusal::Conflict { with: *rival });
            }
            fallen.extend(self.descendants(rival));
            // Rule 5. One after the other, so that no more than the limit are ever looked at twice.
            if fallen.len() > self.limits.replaced {
                let limit = self.limits.replaced as u64;
                return Err(Refusal::TooManyReplaced { limit });
            }
        }
        self.check_needs(tx, &rivals, &fallen)?;
        self.check_fees(tx, &rivals, &fallen)?;
        Ok(rivals)
    }

    /// What it needs must not be what it replaces, and must have been needed by that, if it waits (rule 2).
    fn check_needs(
        &self,
        tx: &Admission,
        rivals: &BTreeSet<Txid>,
        fallen: &BTreeSet<Txid>,
    ) -> Result<(), Refusal> {
        let spends = rivals
            .iter()
            .map(|rival| &self.known(rival).admission.spends);
        let known = gather(spends.flat_map(|spends| self.parents(spends)));
        for parent in self.parents(&tx.spends) {
            if fallen.contains(&parent) {
                return Err(Refusal::SpendsConflicting { txid: parent });
            }
            if !known.contains(&parent) {
                return Err(Refusal::AddsUnconfirmed { txid: parent });
            }
        }
        Ok(())
    }

    /// It must pay a higher rate than each that it replaces directly, and more than all together by as much
    /// as its own relay costs (rules 3 and 4).
    fn check_fees(
        &self,
        tx: &Admission,
        rivals: &BTreeSet<Txid>,
        fallen: &BTreeSet<Txid>,
    ) -> Result<(), Refusal> {
        let fees = fallen
            .iter()
            .map(|txid| self.known(txid).admission.fee.to_sat());
        let step = self.limits.step.fee(tx.size.into());
        let least = fees.sum::<u64>().saturating_add(step.to_sat());
        let least = Amount::new(least).unwrap_or(Amount::MAX_MONEY);
        let score = Score::of(tx);
        let best = rivals
            .iter()
            .map(|rival| Score::of(&self.known(rival).admission))
            .max();
        if tx.fee < least || best.is_some_and(|best| score <= best) {
            let fee = tx.fee;
            return Err(Refusal::InsufficientFee { fee, least });
        }
        Ok(())
    }
}
