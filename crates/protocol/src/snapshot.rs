//! A replica's state after a slot, as bytes that travel in pieces.

use alloc::{sync::Arc, vec::Vec};

use chain::{Hash256, tagged_hash};
use rpds::VectorSync as Vector;

/// The longest snapshot that is taken from others, in bytes.
pub const MAX_SNAPSHOT: u64 = 1 << 28;

/// All that replicas share after a slot: who has it needs none of the slots up to there. O(1) to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last slot that is in it.
    pub slot: u64,
    /// What only nodes can read. Replicas that executed the same slots make the same bytes of them.
    pub bytes: Arc<[u8]>,
}

impl Snapshot {
    /// What replicas compare: equal states after equal slots have equal digests.
    #[must_use]
    pub fn digest(&self) -> Hash256 {
        let slot = self.slot.to_le_bytes();
        Hash256::from_bytes(tagged_hash("tabchain/snapshot", &[&slot, &self.bytes]))
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether it has none, which no node's has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// At most `most` of its bytes, from an offset on; none from its end on.
    #[must_use]
    pub fn piece(&self, offset: u64, most: u64) -> &[u8] {
        let place = |at: u64| usize::try_from(at.min(self.len())).unwrap_or(self.bytes.len());
        &self.bytes[place(offset)..place(offset.saturating_add(most))]
    }
}

/// A snapshot of which pieces come in, in their order. O(1) to clone.
#[derive(Clone, Debug)]
pub struct Assembly {
    slot: u64,
    len: u64,
    have: u64,
    pieces: Vector<Arc<[u8]>>,
}

impl Assembly {
    /// Waits for the snapshot of a slot, which has so many bytes; `None` if that is too many.
    #[must_use]
    pub fn new(slot: u64, len: u64) -> Option<Self> {
        (len <= MAX_SNAPSHOT).then(|| Self {
            slot,
            len,
            have: 0,
            pieces: Vector::new_sync(),
        })
    }

    /// How many bytes are here; the piece that begins there is the next.
    #[must_use]
    pub fn have(&self) -> u64 {
        self.have
    }

    /// Takes a piece, if it is the next one and not too long.
    pub fn take(&mut self, offset: u64, piece: Arc<[u8]>) {
        let end = self.have.saturating_add(piece.len() as u64);
        if offset == self.have && end <= self.len && !piece.is_empty() {
            self.have = end;
            self.pieces.push_back_mut(piece);
        }
    }

    /// The snapshot, once all is here.
    #[must_use]
    pub fn complete(&self) -> Option<Snapshot> {
        let is_whole = self.have == self.len;
        is_whole.then(|| Snapshot {
            slot: self.slot,
            bytes: self
                .pieces
                .iter()
                .flat_map(|piece| piece.iter().copied())
                .collect::<Vec<u8>>()
                .into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn snapshot(len: u8) -> Snapshot {
        let bytes = (0..len).collect::<Vec<u8>>().into();
        Snapshot { slot: 7, bytes }
    }

    #[test]
    fn pieces_come_together_whatever_their_length() {
        for len in 0..40 {
            let whole = snapshot(len);
            for most in 1..45 {
                let mut here = Assembly::new(7, whole.len()).expect("short");
                while here.complete().is_none() {
                    let offset = here.have();
                    here.take(offset, whole.piece(offset, most).into());
                    here.take(offset, whole.piece(offset, most).into()); // it came twice
                }
                assert_eq!(here.complete(), Some(whole.clone()));
            }
        }
    }

    #[test]
    fn only_the_next_piece_is_taken() {
        let whole = snapshot(10);
        let mut here = Assembly::new(7, whole.len()).expect("short");
        here.take(1, whole.piece(1, 4).into());
        here.take(0, vec![0; 11].into());
        here.take(0, vec![].into());
        assert_eq!(here.have(), 0);
        here.take(0, whole.piece(0, 4).into());
        here.take(8, whole.piece(8, 4).into());
        assert_eq!((here.have(), here.complete()), (4, None));
        assert!(whole.piece(10, 4).is_empty() && whole.piece(u64::MAX, u64::MAX).is_empty());
        assert!(Assembly::new(7, MAX_SNAPSHOT + 1).is_none());
    }

    #[test]
    fn a_digest_covers_slot_and_bytes() {
        let one = snapshot(3);
        let other_slot = Snapshot {
            slot: 8,
            ..one.clone()
        };
        assert_ne!(one.digest(), other_slot.digest());
        assert_ne!(one.digest(), snapshot(4).digest());
        assert_eq!(one.digest(), snapshot(3).digest());
    }
}
