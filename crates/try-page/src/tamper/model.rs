//! A short chain of real blocks, what somebody changed in it, and which checks fail where.

use std::collections::BTreeMap;

use chain::block::Block;
use chain::hash::{BlockId, MerkleRoot};
use chain::header::BitcoinHeader;
use chain::keys::SecretKey;
use chain::lock::Lock;
use chain::sighash::{SighashType, Sighasher, verify_key_spend};
use chain::target::CompactTarget;
use chain::transaction::{OutPoint, Transaction, TxIn, TxOut, Witness};
use chain::units::{Amount, BlockTime, Height};

/// How many blocks the sample has.
pub const BLOCKS: usize = 5;
/// One hash in 16,384 is at or below this target.
pub const BITS: CompactTarget = CompactTarget(0x1f03_ffff);
/// The mean number of tries until a block is found.
pub const EXPECTED: u64 = 16_384;
/// What a block may create, in satoshi.
pub const SUBSIDY: i64 = 5_000_000_000;

/// The first nonces with which the sample's blocks meet the target. To search for them takes 125,878
/// tries, too many for whoever opens the room to wait for.
const NONCES: [u32; BLOCKS] = [11_406, 71_650, 7_964, 30_296, 4_557];

/// A header's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The version.
    Version,
    /// The id of the block before.
    Previous,
    /// The Merkle root of the payments.
    Root,
    /// When it was found.
    Time,
    /// The target, in compact form.
    Bits,
    /// What the miner searched for.
    Nonce,
}

impl Field {
    /// All fields, in the order of a header's bytes.
    pub const ALL: [Self; 6] = [
        Self::Version,
        Self::Previous,
        Self::Root,
        Self::Time,
        Self::Bits,
        Self::Nonce,
    ];

    /// Its letter in links.
    pub fn letter(self) -> char {
        match self {
            Self::Version => 'v',
            Self::Previous => 'p',
            Self::Root => 'r',
            Self::Time => 't',
            Self::Bits => 'b',
            Self::Nonce => 'n',
        }
    }

    /// Where it stands in the 80 bytes.
    pub fn range(self) -> std::ops::Range<usize> {
        match self {
            Self::Version => 0..4,
            Self::Previous => 4..36,
            Self::Root => 36..68,
            Self::Time => 68..72,
            Self::Bits => 72..76,
            Self::Nonce => 76..80,
        }
    }
}

/// Something that was done to the copy. Blocks are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// One bit of a header's field flipped, counted from the most significant of its first byte.
    Flip(u8, Field, u16),
    /// A block's payment pays another amount, in satoshi.
    Amount(u8, i64),
    /// A block's payment pays somebody else: the thief.
    Payee(u8),
    /// A block's payment left out.
    LeaveOut(u8),
    /// A block's miner rewards itself with so much, in satoshi.
    Reward(u8, i64),
    /// The payment of the block before put into a block once more.
    Twice(u8),
    /// A block mended: made to name the block before and its own payments, with a nonce that was found.
    Mend(u8, u32),
}

impl Deed {
    /// The block that it was done to.
    pub fn block(self) -> u8 {
        match self {
            Self::Flip(block, ..)
            | Self::Amount(block, _)
            | Self::Payee(block)
            | Self::LeaveOut(block)
            | Self::Reward(block, _)
            | Self::Twice(block)
            | Self::Mend(block, _) => block,
        }
    }
}

/// Which of a block's checks hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Its Merkle root is that of its payments.
    pub root: bool,
    /// It names the block before as that is now.
    pub link: bool,
    /// Its hash is at or below its target, which is the chain's.
    pub work: bool,
    /// Whoever pays has signed.
    pub signature: bool,
    /// Nothing pays out more than it takes in, nor the miner more than the subsidy.
    pub amounts: bool,
    /// What is spent is there, and was not spent before.
    pub coins: bool,
    /// Its hash is the one that everybody else has at this height.
    pub same: bool,
}

impl Checks {
    /// Whether a node would take the block, if it took the one before.
    pub fn hold(&self) -> bool {
        self.is_worked() && !self.is_beyond_work()
    }

    /// Whether nothing fails that work mends.
    pub fn is_worked(&self) -> bool {
        self.root && self.link && self.work
    }

    /// Whether something fails that no work mends.
    pub fn is_beyond_work(&self) -> bool {
        !(self.signature && self.amounts && self.coins)
    }

    /// Where in [`Checks::all`] those are that no work mends.
    pub const BEYOND_WORK: std::ops::Range<usize> = 3..6;

    /// All of them, in the order in which they are shown.
    pub fn all(&self) -> [bool; 7] {
        [
            self.root,
            self.link,
            self.work,
            self.signature,
            self.amounts,
            self.coins,
            self.same,
        ]
    }
}

/// The people of the sample, by the numbers that names and shapes go by; the last one is the thief.
const PEOPLE: u8 = 6;
/// The thief.
pub const THIEF: u8 = PEOPLE - 1;

/// Everybody's keys come from a number: they guard nothing.
fn key(person: u8) -> SecretKey {
    SecretKey::from_bytes(&[person + 1; 32]).expect("far below the group's order")
}

fn pays(value: i64, person: u8) -> TxOut {
    TxOut {
        value,
        script_pubkey: Lock::Taproot(key(person).public_key().to_bytes()).script(),
    }
}

/// A chain whose blocks after the first one hold one payment each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The blocks, the first one being block 1.
    pub blocks: Vec<Block>,
}

impl Sample {
    /// Makes the chain.
    pub fn new() -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for (height, nonce) in (1u8..).zip(NONCES) {
            let coinbase = Transaction::coinbase(
                Height(u32::from(height)),
                b"sample",
                vec![pays(SUBSIDY, height - 1)],
            );
            let mut transactions = vec![coinbase];
            if let Some(before) = blocks.last() {
                transactions.push(payment(&before.transactions[0], height));
            }
            let header = BitcoinHeader {
                version: 2,
                prev: BlockId::ZERO,
                merkle_root: MerkleRoot::ZERO,
                time: BlockTime(1_767_225_600 + 10 * u32::from(height)),
                bits: BITS,
                nonce,
            };
            let at = blocks.len();
            blocks.push(Block {
                header,
                transactions,
            });
            blocks[at].header = ready(&blocks, at, nonce);
        }
        Self { blocks }
    }

    /// The chain after what was done to it.
    pub fn after(&self, deeds: &[Deed]) -> Vec<Block> {
        let mut blocks = self.blocks.clone();
        for deed in deeds {
            let at = usize::from(deed.block()).wrapping_sub(1);
            if at < blocks.len() {
                apply(&mut blocks, at, *deed);
            }
        }
        blocks
    }

    /// What each block's checks say of a copy.
    pub fn check(&self, copy: &[Block]) -> Vec<Checks> {
        let mut coins: BTreeMap<OutPoint, TxOut> = BTreeMap::new();
        let mut before = BlockId::ZERO;
        let mut all = Vec::with_capacity(copy.len());
        for (block, theirs) in copy.iter().zip(&self.blocks) {
            let spends = check_payments(block, &mut coins);
            let id = block.id();
            let meets = |target: chain::target::Target| target.is_met_by(id);
            all.push(Checks {
                root: block.header.merkle_root == block.merkle_root().0,
                link: block.header.prev == before,
                work: block.header.bits == BITS && BITS.to_target().is_ok_and(meets),
                same: id == theirs.id(),
                ..spends
            });
            before = id;
        }
        all
    }
}

/// Whoever was paid by a coinbase pays a part of it to the next person.
fn payment(coinbase: &Transaction, height: u8) -> Transaction {
    let owner = height - 2;
    let spent = coinbase.outputs[0].clone();
    let amount = 250_000_000 * i64::from(height);
    let prevout = OutPoint {
        txid: coinbase.txid(),
        vout: 0,
    };
    let mut tx = Transaction {
        version: 2,
        inputs: vec![TxIn::new(prevout)],
        outputs: vec![
            pays(amount, owner + 1),
            pays(spent.value - amount - 1_000, owner),
        ],
        lock_time: 0,
    };
    let spent = [spent];
    let signed = Sighasher::new(&tx, &spent, None)
        .and_then(|hasher| hasher.sign_key_spend(0, SighashType::DEFAULT, &key(owner)));
    // One input, one spent output, its own key: nothing can be wrong with it.
    tx.inputs[0].witness = Witness::new([signed.expect("the owner's own coin")]);
    tx
}

fn apply(blocks: &mut [Block], at: usize, deed: Deed) {
    match deed {
        Deed::Flip(_, field, bit) => {
            let mut bytes = blocks[at].header.encode();
            let byte = bytes[field.range()].get_mut(usize::from(bit / 8));
            if let Some(byte) = byte {
                *byte ^= 0x80 >> (bit % 8);
            }
            blocks[at].header = BitcoinHeader::decode(&bytes);
        }
        Deed::Amount(_, value) => {
            if let Some(payment) = blocks[at].transactions.get_mut(1) {
                payment.outputs[0].value = value;
            }
        }
        Deed::Payee(_) => {
            if let Some(payment) = blocks[at].transactions.get_mut(1) {
                payment.outputs[0] = pays(payment.outputs[0].value, THIEF);
            }
        }
        Deed::LeaveOut(_) => blocks[at].transactions.truncate(1),
        Deed::Reward(_, value) => blocks[at].transactions[0].outputs[0].value = value,
        Deed::Twice(_) => {
            let before = at
                .checked_sub(1)
                .and_then(|before| blocks[before].transactions.get(1));
            if let Some(again) = before.cloned() {
                blocks[at].transactions.push(again);
            }
        }
        Deed::Mend(_, nonce) => blocks[at].header = ready(blocks, at, nonce),
    }
}

/// A block's header, made to name the block before and its own payments.
pub fn ready(blocks: &[Block], at: usize, nonce: u32) -> BitcoinHeader {
    let before = at.checked_sub(1).map(|before| blocks[before].id());
    BitcoinHeader {
        prev: before.unwrap_or(BlockId::ZERO),
        merkle_root: blocks[at].merkle_root().0,
        bits: BITS,
        nonce,
        ..blocks[at].header
    }
}

/// Checks a block's payments against the coins before it, and makes the coins after it, also where
/// something fails: what comes later is judged by itself.
fn check_payments(block: &Block, coins: &mut BTreeMap<OutPoint, TxOut>) -> Checks {
    let mut checks = Checks {
        root: true,
        link: true,
        work: true,
        signature: true,
        amounts: true,
        coins: true,
        same: true,
    };
    let mut fees = 0i64;
    for tx in block.transactions.iter().skip(1) {
        let spent: Option<Vec<TxOut>> = tx
            .inputs
            .iter()
            .map(|input| coins.remove(&input.prevout))
            .collect();
        match spent {
            None => checks.coins = false,
            Some(spent) => {
                let fee = total(&spent)
                    .zip(total(&tx.outputs))
                    .map(|(taken, given)| taken - given);
                match fee {
                    Some(fee) if fee >= 0 => fees += fee,
                    _ => checks.amounts = false,
                }
                let verify = |input| verify_key_spend(tx, input, &spent, None);
                checks.signature &= (0..tx.inputs.len() as u32).all(|input| verify(input).is_ok());
            }
        }
    }
    let reward = block.transactions.first().and_then(|tx| total(&tx.outputs));
    checks.amounts &= reward.is_some_and(|reward| reward <= SUBSIDY + fees);
    for tx in &block.transactions {
        let txid = tx.txid();
        for (vout, output) in (0u32..).zip(&tx.outputs) {
            coins.insert(OutPoint { txid, vout }, output.clone());
        }
    }
    checks
}

/// The sum of amounts that each are amounts; at most all coins there are.
fn total(outputs: &[TxOut]) -> Option<i64> {
    let amounts: Result<Vec<Amount>, _> = outputs.iter().map(TxOut::amount).collect();
    let sum = Amount::sum(amounts.ok()?)?;
    i64::try_from(sum.to_sat()).ok()
}

/// The search for a nonce that mends a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mending {
    header: BitcoinHeader,
    tries: u32,
    found: Option<u32>,
}

impl Mending {
    /// A search that has not begun, for a header that [`ready`] made.
    pub fn new(header: BitcoinHeader) -> Self {
        Self {
            header,
            tries: 0,
            found: None,
        }
    }

    /// Tries so many nonces, or fewer if one is found.
    pub fn step(&mut self, tries: u32) {
        let Ok(target) = self.header.bits.to_target() else {
            return;
        };
        for _ in 0..tries {
            if self.found.is_some() {
                return;
            }
            self.header.nonce = self.tries;
            self.tries = self.tries.saturating_add(1);
            if target.is_met_by(self.header.id()) {
                self.found = Some(self.header.nonce);
            }
        }
    }

    /// How many nonces were tried.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The nonce that was found.
    pub fn found(&self) -> Option<u32> {
        self.found
    }
}
