//! Who counts, how many are enough, and whether what is shown was really signed by so many.

use alloc::{sync::Arc, vec::Vec};

use chain::{BlockId, Encode as _, PeerId, PublicKey, Seat, SecretKey, Signature, tagged_hash};
use protocol::Terms;
use protocol::planted::is_planted;

use super::message::{
    Checkpoint, Kind, NewView, Prepared, Request, Signatures, Slot, Stable, View, ViewChange, Vote,
};
use super::state::REMEMBERED;
use crate::members;

/// The most members that may be faulty among `n`.
#[must_use]
pub fn faults(n: usize) -> usize {
    n.saturating_sub(1) / 3
}

/// How many of `n` are a quorum: any two have a correct member in common. The paper's 2f + 1 is that
/// only where n = 3f + 1.
#[must_use]
pub fn quorum(n: usize) -> usize {
    (n + faults(n) + 1).div_ceil(2)
}

/// The members of a run, and what their signatures are bound to.
#[derive(Clone)]
pub struct Group {
    members: Arc<[PeerId]>,
    keys: Arc<[PublicKey]>,
    /// Signatures are worth nothing on another chain.
    chain: BlockId,
    has_macs: bool,
}

impl Group {
    /// The group of these terms.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        Self {
            members: terms.members.clone(),
            keys: terms.keys.clone(),
            chain: terms.chain.genesis_id(),
            has_macs: terms.value(super::MACS) == 1,
        }
    }

    /// The chain that all is bound to.
    #[must_use]
    pub fn chain(&self) -> BlockId {
        self.chain
    }

    /// Whether the normal case goes without signatures.
    #[must_use]
    pub fn has_macs(&self) -> bool {
        self.has_macs
    }

    /// The profile, for people.
    #[must_use]
    pub fn profile(&self) -> &'static str {
        if self.has_macs { "macs" } else { "signatures" }
    }

    /// The most members that may be faulty.
    #[must_use]
    pub fn faults(&self) -> usize {
        faults(self.members.len())
    }

    /// How many members are a quorum.
    #[must_use]
    pub fn quorum(&self) -> usize {
        let missing = usize::from(is_planted("pbft/quorum-too-small"));
        quorum(self.members.len()) - missing
    }

    /// How many members make a checkpoint stable.
    #[must_use]
    pub fn enough_for_stable(&self) -> usize {
        match is_planted("pbft/minority-checkpoint") {
            true => self.faults() + 1,
            false => self.quorum(),
        }
    }

    /// The primary of a view.
    #[must_use]
    pub fn primary(&self, view: View) -> Seat {
        let count = (self.members.len() as u64).max(1);
        Seat(u32::try_from(view.0 % count).unwrap_or(0))
    }

    /// All seats.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        members::seats(&self.members)
    }

    /// The seat of a member; `None` for all who do not count.
    #[must_use]
    pub fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        members::seat_of(&self.members, peer)
    }

    /// The member at a seat; `None` if there is none.
    #[must_use]
    pub fn member(&self, seat: Seat) -> Option<PeerId> {
        members::member(&self.members, seat)
    }

    fn statement(&self, kind: Kind, body: &[u8]) -> [u8; 32] {
        tagged_hash(
            "Tabchain/PBFT",
            &[self.chain.as_bytes(), &[kind as u8], body],
        )
    }

    /// Signs a statement.
    #[must_use]
    pub fn sign(&self, key: &SecretKey, kind: Kind, body: &[u8]) -> Signature {
        key.sign(&self.statement(kind, body))
    }

    /// Whether a member has signed a statement.
    #[must_use]
    pub fn has_signed(&self, seat: Seat, kind: Kind, body: &[u8], signature: &Signature) -> bool {
        let key = usize::try_from(seat.0)
            .ok()
            .and_then(|place| self.keys.get(place));
        let statement = self.statement(kind, body);
        key.is_some_and(|key| key.verify(&statement, signature).is_ok())
    }

    /// Whether its client has signed a request.
    #[must_use]
    pub fn is_signed(&self, request: &Request, signature: &Signature) -> bool {
        let statement = self.statement(Kind::Request, &request.wish.to_vec());
        PublicKey::from_bytes(&request.key).is_ok_and(|key| {
            key.peer_id() == request.wish.client && key.verify(&statement, signature).is_ok()
        })
    }

    /// Whether so many different members, in the order of their seats, have all signed a statement.
    fn have_signed(&self, least: usize, kind: Kind, body: &[u8], signatures: &Signatures) -> bool {
        signatures.len() >= least
            && signatures.is_sorted_by(|one, other| one.0 < other.0)
            && signatures
                .iter()
                .all(|(seat, signature)| self.has_signed(*seat, kind, body, signature))
    }

    /// Whether a prepared certificate is one. With MACs there is nothing to be shown: what such claims are
    /// worth shows when they are counted.
    #[must_use]
    pub fn is_prepared(&self, prepared: &Prepared) -> bool {
        let Some(pre_prepare) = &prepared.pre_prepare else {
            return self.has_macs && prepared.prepares.is_empty();
        };
        let (vote, body) = (prepared.vote, prepared.vote.to_vec());
        let primary = self.primary(vote.view);
        let by_primary = prepared.prepares.iter().any(|(seat, _)| *seat == primary);
        let least = self.quorum() - 1; // the pre-prepare is the primary's part
        !self.has_macs
            && !by_primary
            && self.have_signed(least, Kind::Prepare, &body, &prepared.prepares)
            && self.has_signed(primary, Kind::PrePrepare, &body, pre_prepare)
    }

    /// Whether so many have signed a commit that it is decided. With MACs, nobody has.
    #[must_use]
    pub fn is_decided(&self, vote: Vote, commits: &Signatures) -> bool {
        self.have_signed(self.quorum(), Kind::Commit, &vote.to_vec(), commits)
    }

    /// Whether a checkpoint is stable.
    #[must_use]
    pub fn is_stable(&self, stable: &Stable) -> bool {
        let Checkpoint { slot, .. } = stable.checkpoint;
        let body = stable.checkpoint.to_vec();
        *stable == Stable::GENESIS
            || slot > Slot(0)
                && self.have_signed(
                    self.enough_for_stable(),
                    Kind::Checkpoint,
                    &body,
                    &stable.signatures,
                )
    }

    /// Whether a view change is in order, with a log of `window` slots.
    #[must_use]
    pub fn is_view_change(&self, change: &ViewChange, window: u64) -> bool {
        let low = change.stable.checkpoint.slot;
        let high = low.plus(window);
        let slots = || change.prepared.iter().map(|prepared| prepared.vote.slot);
        slots().is_sorted_by(|one, other| one < other)
            && slots().all(|slot| low < slot && slot <= high)
            && change
                .prepared
                .iter()
                .all(|one| one.vote.view < change.view)
            && self.are_pre_prepared(change, window)
            && self.has_signed(
                change.seat,
                Kind::ViewChange,
                &change.statement(),
                &change.signature,
            )
            && self.is_stable(&change.stable)
            && change.prepared.iter().all(|one| self.is_prepared(one))
    }

    /// Whether what a view change says was pre-prepared is in order and not too much.
    fn are_pre_prepared(&self, change: &ViewChange, window: u64) -> bool {
        let (all, low) = (&change.pre_prepared, change.stable.checkpoint.slot);
        let most = window.saturating_mul(REMEMBERED as u64 + 1);
        let is_due = |vote: &Vote| {
            low < vote.slot && vote.slot <= low.plus(window) && vote.view < change.view
        };
        (self.has_macs || all.is_empty())
            && all.len() as u64 <= most
            && all.is_sorted_by(|one, other| (one.slot, one.digest) < (other.slot, other.digest))
            && all.iter().all(is_due)
    }

    /// Whether a new view is in order, given that each of its view changes is: a quorum's, and what the
    /// primary makes of them is what anybody would (paper section 4.4).
    #[must_use]
    pub fn is_new_view(&self, new_view: &NewView) -> bool {
        let NewView { view, changes, .. } = new_view;
        let primary = self.primary(*view);
        let body = new_view.statement();
        let Some((start, digests)) = self.order(changes) else {
            return false;
        };
        let votes = start.checkpoint.slot.until(Slot(u64::MAX)).zip(&digests);
        changes.len() >= self.quorum()
            && changes.is_sorted_by(|one, other| one.seat < other.seat)
            && changes.iter().all(|change| change.view == *view)
            && digests.len() == new_view.pre_prepares.len()
            && self.has_signed(primary, Kind::NewView, &body, &new_view.signature)
            && votes
                .zip(&new_view.pre_prepares)
                .all(|((slot, digest), (said, signature))| {
                    let vote = Vote {
                        view: *view,
                        slot,
                        digest: *digest,
                    };
                    let is_signed = |signature: &Signature| {
                        self.has_signed(primary, Kind::PrePrepare, &vote.to_vec(), signature)
                    };
                    // With MACs, the primary signs the new view alone.
                    let is_sealed = signature.as_ref().map_or(self.has_macs, is_signed);
                    digest == said && is_sealed && signature.is_none() == self.has_macs
                })
    }
}

impl ViewChange {
    /// What is signed of it: all but the signature.
    #[must_use]
    pub fn statement(&self) -> Vec<u8> {
        let mut body = self.to_vec();
        body.truncate(body.len() - Signature::LEN);
        body
    }
}

impl NewView {
    /// What is signed of it: all but the signature.
    #[must_use]
    pub fn statement(&self) -> Vec<u8> {
        let mut body = self.to_vec();
        body.truncate(body.len() - Signature::LEN);
        body
    }
}
