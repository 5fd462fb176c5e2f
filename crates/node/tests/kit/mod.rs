//! The smallest possible protocol and ledger, and hosts to run nodes of them.
#![allow(dead_code, reason = "each test file uses another part")]

pub mod host;
pub mod net;
pub mod pay;

use std::sync::{Arc, OnceLock};

use chain::{
    Amount, BitcoinHeader, BlockId, BlockTime, ChainParams, CompactTarget, DecodeError, Header,
    MerkleRoot, PeerId, PublicKey, Reader, Reject, SecretKey, Work, block_proof, sha256,
};
use ledger::{Checked, Chosen, Draft, Ledger, Miner, Place, Position, State};
use node::{Config, Memo, Node};
use protocol::{Cx, Facts, Glance, JobId, Payee, Protocol, Role, Sheet, Terms, Values};

/// Compact targets of work 2, 2^16 and 2^32.
pub const EASY: CompactTarget = CompactTarget(0x207f_ffff);
pub const MEDIUM: CompactTarget = CompactTarget(0x1f00_ffff);
pub const HARD: CompactTarget = CompactTarget(0x1e00_00ff);

/// A header with this nonce has no work.
pub const NO_WORK: u32 = 0xbad;
/// How many seconds a block's time may lie ahead.
pub const AHEAD: u32 = 100;
/// First bytes of bodies that are invalid in themselves, and of bodies that are invalid only where
/// they stand.
pub const WRONG: u8 = 0xee;
pub const OVERPAID: u8 = 0xaa;

/// Believes the work that headers claim, without any proof.
#[derive(Clone)]
pub struct Toy {
    lookback: u32,
}

impl Protocol for Toy {
    fn judge(&self, header: &Header, facts: &Facts<'_>) -> Result<Work, Reject> {
        let Header::Bitcoin(header) = header else {
            panic!("toys are Bitcoin's")
        };
        if header.nonce == NO_WORK {
            return Err(Reject::HighHash {
                hash: header.id(),
                bits: header.bits,
            });
        }
        let tip = facts.past.tip_height();
        for height in tip.0.saturating_sub(self.lookback - 1)..=tip.0 {
            let height = chain::Height(height);
            facts
                .past
                .header(height)
                .ok_or(Reject::AncestorNotFound { height })?;
        }
        if facts.past.header(tip).map(|tip| tip.id()) != Some(header.prev) {
            return Err(Reject::PrevBlkNotFound { prev: header.prev });
        }
        let limit = facts.now.saturating_add(AHEAD);
        if header.time > limit {
            return Err(Reject::TimeTooNew {
                time: header.time,
                limit,
            });
        }
        Ok(block_proof(header.bits))
    }

    fn lookback(&self) -> u32 {
        self.lookback
    }

    fn on_boot(&mut self, _cx: &mut Cx<'_>, _saved: &Values) {}

    /// The host decides when a toy finds a block; the number of the job makes each block different.
    fn on_job(&mut self, cx: &mut Cx<'_>, job: JobId, found: Option<u32>) {
        let Some(nonce) = found else { return };
        let draft = cx.chain.forks().unwrap().draft(job.0);
        let time = cx.clock;
        let header = BitcoinHeader {
            version: 1,
            prev: draft.parent,
            merkle_root: draft.root,
            time,
            bits: EASY,
            nonce,
        };
        cx.publish(Header::Bitcoin(header), draft.body);
    }

    fn glance(&self) -> Glance {
        Glance::default()
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("toy")
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}

/// Its state is a hash over all bodies so far, and their number.
pub struct Tally;

/// The body's last byte is not committed to and must be zero: changing it mutates a body without
/// changing the block's id.
pub fn root_of(body: &[u8]) -> MerkleRoot {
    let (_, committed) = body.split_last().unwrap_or((&0, &[]));
    MerkleRoot::from_bytes(sha256(committed))
}

impl Ledger for Tally {
    fn genesis(&self) -> State {
        State::new(([0u8; 32], 0u64))
    }

    fn check(&self, header: &Header, body: &[u8]) -> Result<(), Reject> {
        let Header::Bitcoin(header) = header else {
            panic!("toys are Bitcoin's")
        };
        let (found, computed) = (header.merkle_root, root_of(body));
        if found != computed {
            return Err(Reject::BadTxnMrklRoot { found, computed });
        }
        match (body.first(), body.last()) {
            (_, Some(1..)) => Err(Reject::BadTxnsDuplicate),
            (Some(&WRONG), _) => Err(Reject::BadCbMissing),
            _ => Ok(()),
        }
    }

    fn apply(
        &self,
        parent: &State,
        place: Place,
        body: &[u8],
        _checked: &dyn Checked,
    ) -> Result<State, Reject> {
        let (root, count) = parent.inner::<([u8; 32], u64)>();
        assert_eq!(
            u64::from(place.height.0),
            count + 1,
            "on the parent's state"
        );
        if body.first() == Some(&OVERPAID) {
            let (claimed, allowed) = (Amount::COIN, Amount::ZERO);
            return Err(Reject::BadCbAmount { claimed, allowed });
        }
        Ok(State::new((
            sha256(&[root.as_slice(), body].concat()),
            count + 1,
        )))
    }

    /// The receipt is the transaction's number, counted from 1.
    fn execute(&self, at: &State, place: Position, tx: &[u8]) -> (State, Arc<[u8]>) {
        let (root, count) = at.inner::<([u8; 32], u64)>();
        let place = [place.height.0.to_le_bytes(), place.index.to_le_bytes()].concat();
        let root = sha256(&[root.as_slice(), tx, &place].concat());
        let count = count + 1;
        (State::new((root, count)), count.to_le_bytes().into())
    }

    /// The number of the last transaction, for who asks.
    fn query(&self, at: &State, tx: &[u8]) -> Option<Arc<[u8]>> {
        let (_, count) = at.inner::<([u8; 32], u64)>();
        (tx == b"?").then(|| count.to_le_bytes().into())
    }

    fn draft(
        &self,
        _parent: &State,
        place: Place,
        miner: &Miner,
        extra: u64,
        _chosen: &[Chosen],
    ) -> Draft {
        let mut body = vec![0];
        body.extend_from_slice(&miner.key.to_bytes());
        body.extend_from_slice(&extra.to_le_bytes());
        body.extend_from_slice(&place.height.0.to_le_bytes());
        body.push(0);
        Draft {
            root: root_of(&body),
            body,
        }
    }

    fn maker(&self, body: &[u8]) -> Option<PeerId> {
        let bytes = body.get(1..33)?.try_into().ok()?;
        Some(PublicKey::from_bytes(&bytes).ok()?.peer_id())
    }

    fn supply(&self, at: &State) -> Amount {
        Amount::new(at.inner::<([u8; 32], u64)>().1).unwrap()
    }

    fn root(&self, at: &State) -> [u8; 32] {
        at.inner::<([u8; 32], u64)>().0
    }

    fn snapshot(&self, at: &State) -> Vec<u8> {
        let (root, count) = at.inner::<([u8; 32], u64)>();
        [root.as_slice(), &count.to_le_bytes()].concat()
    }

    fn restore(&self, bytes: &[u8]) -> Result<State, DecodeError> {
        let mut reader = Reader::new(bytes);
        let state = (reader.array::<32>()?, reader.u64()?);
        reader.finish().map(|()| State::new(state))
    }
}

pub fn params() -> Arc<ChainParams> {
    Arc::new(chain::tabchain("toy", 10, EASY, 8, 1000).unwrap())
}

/// Keys are slow to make, so each is made once.
pub fn key(seat: u8) -> PublicKey {
    static KEYS: [OnceLock<PublicKey>; 256] = [const { OnceLock::new() }; 256];
    let make = || {
        SecretKey::from_bytes(&[seat, 1].repeat(16).try_into().unwrap())
            .unwrap()
            .public_key()
    };
    *KEYS[usize::from(seat)].get_or_init(make)
}

pub fn peer(seat: u8) -> PeerId {
    static IDS: [OnceLock<PeerId>; 256] = [const { OnceLock::new() }; 256];
    *IDS[usize::from(seat)].get_or_init(|| key(seat).peer_id())
}

pub fn config(seat: u8) -> Config {
    let payee = Payee(key(seat));
    Config {
        searches: true,
        me: peer(seat),
        payee,
        seed: u64::from(seat),
        params: params(),
    }
}

pub fn toy_node(seat: u8, memo: &Memo) -> Node {
    Node::new(
        config(seat),
        Box::new(Toy { lookback: 11 }),
        Arc::new(Tally),
        memo.clone(),
    )
}

/// A node with proof of work and unspent outputs, as in a live room.
pub fn real_node(seat: u8, memo: &Memo) -> Node {
    let params = params();
    let protocol = (consensus::pow::ENTRY.build)(&Terms {
        chain: params.clone(),
        values: Arc::new([]),
        members: Arc::new([]),
        keys: Arc::new([]),
        key: chain::SecretKey::from_bytes(&[1; 32]).expect("below the order"),
        role: Role::Member,
        seat: chain::Seat(0),
    });
    let ledger = Arc::new(ledger::utxo::Utxo::new(params));
    Node::new(config(seat), protocol, ledger, memo.clone())
}

/// A block made by hand.
#[derive(Clone, Debug)]
pub struct Made {
    pub header: BitcoinHeader,
    pub body: Vec<u8>,
}

impl Made {
    pub fn genesis() -> Self {
        let block = chain::Encode::to_vec(&params().genesis);
        Self {
            header: params().genesis.header,
            body: block[80..].to_vec(),
        }
    }

    pub fn id(&self) -> BlockId {
        self.header.id()
    }

    pub fn raw(&self) -> Arc<[u8]> {
        [self.header.encode().as_slice(), &self.body]
            .concat()
            .into()
    }

    /// A child whose body starts with `kind`; `salt` tells siblings apart.
    pub fn child(&self, bits: CompactTarget, kind: u8, salt: u64) -> Self {
        let mut body = vec![kind];
        body.extend_from_slice(&salt.to_le_bytes());
        body.push(0);
        let header = BitcoinHeader {
            version: 1,
            prev: self.id(),
            merkle_root: root_of(&body),
            time: BlockTime(self.header.time.0 + 1),
            bits,
            nonce: 0,
        };
        Self { header, body }
    }

    /// `count` valid blocks above this one.
    pub fn chain(&self, bits: CompactTarget, count: usize, salt: u64) -> Vec<Self> {
        let next = |last: &Self| Some(last.child(bits, 0, salt));
        std::iter::successors(next(self), next)
            .take(count)
            .collect()
    }
}
