//! What nodes say to nodes of other tabs, with a tag for each tab that is to hear it, so that
//! nobody else of the same origin can say it in their name.
//!
//! A signature for each packet would cost too much, so two tabs that have heard each other's
//! heartbeats share a secret (ECDH of the keys whose hashes are their names). A tag covers room,
//! channel, sender, recipient, number, generation and the hash of the message, under a key for this
//! room and this direction. It covers a hash because only the message may be long: junk costs a
//! listener one tag, however large it is. Numbers rise, so nothing is heard twice.
//!
//! Layout of a packet's payload, integers little-endian: generation (4), count of tags (1), tags
//! (16 each), hash of the message (32), message.

use std::collections::{BTreeMap, BTreeSet};

use chain::{PeerId, PublicKey, SecretKey, Tag, TagKey, sha256};
use protocol::envelope::{Envelope, MAX_PAYLOAD, RoomId};

use super::heartbeat::MOST_TABS;
use crate::planted::{Bug, is_planted};

/// Most tags of a packet: one for each other tab.
const MOST_TAGS: usize = MOST_TABS as usize - 1;
/// Most tabs to share a secret with; some may be gone and come back.
const MOST_LINKS: usize = 2 * MOST_TABS as usize;

/// What a tab shares with the others of its room.
#[derive(Default)]
pub struct Links {
    links: BTreeMap<PeerId, Link>,
}

/// What a tab shares with one other.
struct Link {
    /// Tags what this tab says to it.
    speak: TagKey,
    /// Tags what it says to this tab.
    listen: TagKey,
    /// The highest number heard from it.
    heard: u64,
}

/// What a link to another tab is made from.
pub struct Other {
    /// Its name.
    pub id: PeerId,
    /// The key whose hash is that name.
    pub key: PublicKey,
    /// The number of what it said last: anything up to that is old.
    pub sequence: u64,
}

/// A packet that comes from whom it claims.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The chain that it belongs to.
    pub generation: u32,
    /// What the node says.
    pub message: &'a [u8],
}

/// Why a packet is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeard {
    /// No tag for this tab: meant for others only, or forged. There is no telling which.
    Untagged,
    /// Cut short, or with more tags than there are other tabs.
    Malformed,
    /// Heard before, or older than what was.
    Again,
    /// The tag belongs to another message.
    Altered,
}

impl<'a> Opened<'a> {
    /// What a payload says, whoever said it: for checkers, which see it as it leaves.
    #[must_use]
    pub fn unchecked(payload: &'a [u8]) -> Option<Self> {
        let sealed = Sealed::read(payload)?;
        Some(Self {
            generation: sealed.generation,
            message: sealed.message,
        })
    }
}

impl Links {
    /// Makes a link to each of these tabs that has none. Links to others stay while there is room,
    /// so that a tab that was out of sight cannot be replayed, either.
    pub fn meet(&mut self, secret: &SecretKey, room: RoomId, others: &[Other]) {
        for other in others {
            if self.links.contains_key(&other.id) {
                continue;
            }
            if self.links.len() >= MOST_LINKS {
                let present: BTreeSet<PeerId> = others.iter().map(|other| other.id).collect();
                self.links.retain(|id, _| present.contains(id));
            }
            self.links.insert(other.id, Link::new(secret, room, other));
        }
    }

    /// The envelope, its payload made of a packet's message and a tag for each of these tabs.
    /// `None` if none of them could hear it, or if it is too large to travel.
    #[must_use]
    pub fn seal(
        &self,
        envelope: Envelope,
        (generation, message): (u32, &[u8]),
        listeners: &BTreeSet<PeerId>,
    ) -> Option<Envelope> {
        let hash = sha256(message);
        let covered = covered(&envelope, generation, &hash);
        let links = listeners.iter().filter_map(|id| self.links.get(id));
        let tags = links.map(|link| *link.speak.tag(&covered).as_bytes());
        let tags: Vec<[u8; Tag::LEN]> = tags.take(MOST_TAGS).collect();
        let count = u8::try_from(tags.len()).ok().filter(|count| *count > 0)?;
        let payload = [
            &generation.to_le_bytes()[..],
            &[count],
            tags.as_flattened(),
            &hash,
            message,
        ]
        .concat();
        (payload.len() <= MAX_PAYLOAD).then_some(Envelope {
            payload,
            ..envelope
        })
    }

    /// What a packet says, if the tab that hosts its sender says it to this one for the first time.
    ///
    /// # Errors
    /// Why it is not heard.
    pub fn open<'a>(
        &mut self,
        host: &PeerId,
        envelope: &'a Envelope,
    ) -> Result<Opened<'a>, NotHeard> {
        let sealed = Sealed::read(&envelope.payload).ok_or(NotHeard::Malformed)?;
        let opened = Opened {
            generation: sealed.generation,
            message: sealed.message,
        };
        if is_planted(Bug::UntaggedHeard) {
            return Ok(opened);
        }
        let link = self.links.get_mut(host).ok_or(NotHeard::Untagged)?;
        let covered = covered(envelope, sealed.generation, sealed.hash);
        let right = link.listen.tag(&covered);
        if !sealed.tags.iter().any(|tag| Tag::from_bytes(*tag) == right) {
            return Err(NotHeard::Untagged);
        }
        if envelope.sequence <= link.heard {
            return Err(NotHeard::Again);
        }
        if sha256(sealed.message) != *sealed.hash {
            return Err(NotHeard::Altered);
        }
        link.heard = envelope.sequence;
        Ok(opened)
    }
}

impl Link {
    fn new(secret: &SecretKey, room: RoomId, other: &Other) -> Self {
        let shared = secret.shared_with(&other.key);
        let (ours, theirs) = (secret.public_key().peer_id(), other.id);
        let key = |from: PeerId, to: PeerId| {
            shared.tag_key(
                "Tabchain/Packet",
                &[&room.0, from.as_bytes(), to.as_bytes()],
            )
        };
        Self {
            speak: key(ours, theirs),
            listen: key(theirs, ours),
            heard: other.sequence,
        }
    }
}

/// The parts of a packet's payload.
struct Sealed<'a> {
    generation: u32,
    tags: &'a [[u8; Tag::LEN]],
    hash: &'a [u8; 32],
    message: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let (generation, rest) = payload.split_first_chunk()?;
        let (count, rest) = rest.split_first()?;
        let count = usize::from(*count);
        let (tags, rest) = rest.split_at_checked(count * Tag::LEN)?;
        let (hash, message) = rest.split_first_chunk()?;
        (count <= MOST_TAGS).then_some(Self {
            generation: u32::from_le_bytes(*generation),
            tags: tags.as_chunks().0,
            hash,
            message,
        })
    }
}

/// What a tag covers.
fn covered(envelope: &Envelope, generation: u32, hash: &[u8; 32]) -> Vec<u8> {
    let to = envelope.recipient.as_ref();
    [
        &envelope.room.0[..],
        &[envelope.channel.0, u8::from(to.is_some())],
        envelope.sender.as_bytes(),
        to.map_or(&[], |to| &to.as_bytes()[..]),
        &envelope.sequence.to_le_bytes(),
        &generation.to_le_bytes(),
        hash,
    ]
    .concat()
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
pub(crate) mod tests;
