//! What vouches for a statement. A signature can be shown to anybody. An authenticator (Castro and Liskov,
//! OSDI 1999, section 5) is a vector of MACs, one for each member, which costs a thousandth of a
//! signature: each member can check its own, and show it to nobody, since it could have made it itself.

use alloc::{sync::Arc, vec::Vec};

use chain::{Encode, PeerId, PublicKey, Seat, SecretKey, Signature, Tag, TagKey};
use protocol::Terms;
use rpds::RedBlackTreeMapSync as Map;

use super::group::Group;
use super::message::{Kind, Request, View};

/// Clients whose keys a replica has at hand.
const CLIENTS: usize = 1024;

/// What vouches for a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Anybody can check it.
    Signature(Signature),
    /// A tag for each member by seat, which nobody else can check. The sender's own is all zeros.
    Authenticator(Arc<[Tag]>),
}

impl Seal {
    /// The signature, if it is one: only that can be part of a certificate for others.
    #[must_use]
    pub fn signature(&self) -> Option<Signature> {
        match self {
            Self::Signature(signature) => Some(*signature),
            Self::Authenticator(_) => None,
        }
    }
}

/// The tag for a member.
fn tag_for(tags: &[Tag], seat: Seat) -> Option<&Tag> {
    tags.get(usize::try_from(seat.0).ok()?)
}

/// What two machines share, one key for each direction: nothing that one says can be taken for what the
/// other did.
#[derive(Clone)]
struct Link {
    said: TagKey,
    heard: TagKey,
}

/// What a machine vouches with, and checks others by.
#[derive(Clone)]
pub struct Ring {
    group: Group,
    key: Arc<SecretKey>,
    /// With MACs, what this machine shares with each member, by seat; nothing with itself.
    links: Option<Arc<[Option<Link>]>>,
}

impl Ring {
    /// The ring of these terms. With MACs, one Diffie-Hellman exchange a member.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        let mut ring = Self {
            group: Group::of(terms),
            key: Arc::new(terms.key.clone()),
            links: None,
        };
        if ring.group.has_macs() {
            let me = terms.key.public_key();
            let others = terms
                .keys
                .iter()
                .map(|other| (me != *other).then_some(other));
            let links = others.map(|other| other.map(|other| ring.link(other)));
            ring.links = Some(links.collect());
        }
        ring
    }

    /// The members.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    fn link(&self, other: &PublicKey) -> Link {
        let secret = self.key.shared_with(other);
        let (mine, theirs) = (self.key.public_key().to_bytes(), other.to_bytes());
        let chain = self.group.chain();
        let tag_key = |from: &[u8; 32], to: &[u8; 32]| {
            secret.tag_key("Tabchain/PBFT/tags", &[chain.as_bytes(), from, to])
        };
        Link {
            said: tag_key(&mine, &theirs),
            heard: tag_key(&theirs, &mine),
        }
    }

    fn link_with(&self, seat: Seat) -> Option<&Link> {
        let links = self.links.as_ref()?;
        links.get(usize::try_from(seat.0).ok()?)?.as_ref()
    }

    /// Signs what third parties have to be shown, whatever the profile.
    #[must_use]
    pub fn sign(&self, kind: Kind, body: &[u8]) -> Signature {
        self.group.sign(&self.key, kind, body)
    }

    /// Vouches to all members for a statement.
    #[must_use]
    pub fn seal(&self, kind: Kind, body: &[u8]) -> Seal {
        let Some(links) = &self.links else {
            return Seal::Signature(self.sign(kind, body));
        };
        let text = text(kind, body);
        let tag = |link: &Option<Link>| {
            let tag = link.as_ref().map(|link| link.said.tag(&text));
            tag.unwrap_or(Tag::from_bytes([0; Tag::LEN]))
        };
        Seal::Authenticator(links.iter().map(tag).collect())
    }

    /// Whether a member vouches for a statement, to this one.
    #[must_use]
    pub fn has_sealed(&self, me: Seat, from: Seat, kind: Kind, body: &[u8], seal: &Seal) -> bool {
        match (seal, self.link_with(from)) {
            (Seal::Signature(signature), None) if !self.group.has_macs() => {
                self.group.has_signed(from, kind, body, signature)
            }
            (Seal::Authenticator(tags), Some(link)) => {
                tag_for(tags, me) == Some(&link.heard.tag(&text(kind, body)))
            }
            _ => false,
        }
    }

    /// A request of this client's.
    #[must_use]
    pub fn request(&self, wish: protocol::Request) -> Request {
        let seal = self.seal(Kind::Request, &wish.to_vec());
        Request {
            wish,
            key: self.key.public_key().to_bytes(),
            seal,
        }
    }

    /// Whether a member's reply is its own. Without MACs, the host's word for it is enough: nobody else
    /// is ever shown a reply.
    #[must_use]
    pub fn has_replied(&self, from: Seat, reply: &Reply<'_>, tag: Option<&Tag>) -> bool {
        match self.link_with(from) {
            Some(link) => tag == Some(&link.heard.tag(&reply.text())),
            None => !self.group.has_macs(),
        }
    }
}

/// What is authenticated of a reply.
pub struct Reply<'a> {
    /// The view that the member is in.
    pub view: View,
    /// Which of the client's requests.
    pub number: u64,
    /// The ledger's receipt.
    pub receipt: &'a [u8],
}

impl Reply<'_> {
    fn text(&self) -> Vec<u8> {
        let numbers = [self.view.0.to_le_bytes(), self.number.to_le_bytes()];
        text(
            Kind::Reply,
            &[numbers.as_flattened(), self.receipt].concat(),
        )
    }
}

/// What is tagged: no statement of one kind is one of another. The chain is in the key.
fn text(kind: Kind, body: &[u8]) -> Vec<u8> {
    [&[kind as u8], body].concat()
}

/// What a replica shares with clients, worked out once for each: a cache, which is forgotten with it.
#[derive(Clone, Default)]
pub struct Clients {
    links: Map<PeerId, ([u8; 32], Link)>,
}

impl Clients {
    /// Whether a request is its client's own, to the member at a seat.
    pub fn is_genuine(&mut self, ring: &Ring, me: Seat, request: &Request) -> bool {
        match &request.seal {
            Seal::Signature(signature) => {
                !ring.group.has_macs() && ring.group.is_signed(request, signature)
            }
            Seal::Authenticator(tags) => {
                let is_whole = tags.len() == ring.group.seats().count();
                is_whole
                    && self.link(ring, request).is_some_and(|link| {
                        let text = text(Kind::Request, &request.wish.to_vec());
                        tag_for(tags, me) == Some(&link.heard.tag(&text))
                    })
            }
        }
    }

    /// Makes sure that a request's client can be replied to.
    pub fn meet(&mut self, ring: &Ring, request: &Request) {
        let _ = self.link(ring, request);
    }

    /// The tag of a reply to a client; none without MACs, or for a client that never asked.
    pub fn tag(&self, client: PeerId, reply: &Reply<'_>) -> Option<Tag> {
        let (_, link) = self.links.get(&client)?;
        Some(link.said.tag(&reply.text()))
    }

    /// What this replica shares with the client that has made a request; none without MACs, or if the key
    /// is not the client's.
    fn link(&mut self, ring: &Ring, request: &Request) -> Option<&Link> {
        if !ring.group.has_macs() {
            return None;
        }
        let client = request.wish.client;
        let is_known = |known: &([u8; 32], Link)| known.0 == request.key;
        if !self.links.get(&client).is_some_and(is_known) {
            let key = PublicKey::from_bytes(&request.key).ok();
            let key = key.filter(|key| key.peer_id() == client)?;
            if self.links.size() >= CLIENTS
                && let Some(some) = self.links.first().map(|(client, _)| *client)
            {
                self.links.remove_mut(&some);
            }
            self.links
                .insert_mut(client, (request.key, ring.link(&key)));
        }
        self.links.get(&client).map(|(_, link)| link)
    }
}
