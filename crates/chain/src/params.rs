//! What distinguishes one chain from another: genesis and the numbers in the rules.

use alloc::{vec, vec::Vec};
use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::hash::{BlockId, MerkleRoot};
use crate::header::BitcoinHeader;
use crate::keys::ecdsa::EcdsaKey;
use crate::lock::Lock;
use crate::script::Script;
use crate::target::{CompactTarget, Target, TargetError};
use crate::transaction::{OutPoint, Transaction, TxIn, TxOut};
use crate::units::{Amount, BlockTime};

/// Where the first retarget window starts measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Anchor {
    /// At the genesis block, as Bitcoin does.
    Genesis,
    /// At block 1, because the time of genesis is only nominal: a room's first block may be mined
    /// years after it, and that pause says nothing about the hash rate.
    FirstBlock,
}

/// A chain's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainParams {
    /// The block that everyone accepts without checking it.
    pub genesis: Block,
    /// The easiest target allowed.
    pub pow_limit: Target,
    /// Seconds that a block should take on average.
    pub spacing_secs: u32,
    /// Blocks between two retargets.
    pub window: u32,
    /// Where the first window starts measuring.
    pub retarget_anchor: Anchor,
    /// Seconds by which a window's first block may predate its parent; its last block may not predate
    /// its first one (BIP54). `None`: neither rule.
    pub timewarp_grace: Option<u32>,
    /// Seconds by which a block may be ahead of a node's clock.
    pub future_limit: u32,
    /// Blocks between two halvings of the subsidy.
    pub halving: u32,
    /// What a coinbase may create before the first halving.
    pub subsidy: Amount,
    /// How many blocks above its own a coinbase may first be spent.
    pub coinbase_maturity: u32,
    /// The most bytes of a block without witnesses; its weight may be four times that.
    pub max_block_size: u32,
    /// Whether lock times are compared with the median time past of a block's parent (BIP113), not with
    /// the block's own time.
    pub median_lock_times: bool,
    /// Whether sequence numbers say how long after an output it may be spent (BIP68).
    pub relative_locks: bool,
    /// Whether coinbases must start with their height (BIP34).
    pub height_in_coinbase: bool,
    /// Whether witnesses are allowed and committed to (BIP141).
    pub segwit: bool,
    /// Whether signatures cover the chain's genesis block besides, so that none counts on another chain
    /// (see [`Spender`](crate::Spender)).
    pub signatures_name_chain: bool,
    /// Whether transactions as long as two Merkle nodes are invalid (BIP54).
    pub forbid_64_byte_tx: bool,
}

/// Why parameters do not make a chain; each variant carries what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// The name does not fit into the genesis coinbase.
    #[error("a name of {len} bytes is longer than {max}")]
    NameTooLong {
        /// Its length in bytes.
        len: u64,
        /// The most bytes that fit.
        max: u64,
    },
    /// No time between blocks, or more than a day.
    #[error("a spacing of {0} s is not within 1 to 86400")]
    Spacing(u32),
    /// A window too short to measure the hash rate over, or longer than any chain needs.
    #[error("a retarget window of {0} blocks is not within 4 to 100000")]
    Window(u32),
    /// No blocks between halvings, or so many that the subsidies exceed
    /// [`Amount::MAX_MONEY`].
    #[error("halving every {0} blocks is not within 1 to {MAX_HALVING}")]
    Halving(u32),
    /// The starting bits do not encode a target.
    #[error(transparent)]
    Bits(#[from] TargetError),
    /// The starting bits encode a target that is easier than the easiest one allowed.
    #[error("starting target {0} is easier than the limit")]
    TooEasy(CompactTarget),
}

/// 2026-01-01T00:00:00Z, the nominal time of every room's genesis block.
pub const TABCHAIN_GENESIS_TIME: BlockTime = BlockTime(1_767_225_600);

/// The easiest target of a room, which half of all hashes meet: Bitcoin's choice for regtest. A
/// room normally starts at a lower one, so that its difficulty can also fall below the start.
pub const TABCHAIN_POW_LIMIT: CompactTarget = CompactTarget(0x207f_ffff);

/// The most bytes of a room's block without witnesses. A block that is nearly all witness can have
/// four times as many and still fits into one message between tabs.
pub const TABCHAIN_BLOCK_SIZE: u32 = 125_000;

/// How many blocks above its own a room's coinbase may first be spent. Bitcoin waits for 100, most of a day;
/// here a newcomer's first reward should be worth something within a minute. A reorganisation that is
/// deeper takes back what was bought with it, as it takes back any payment.
pub const TABCHAIN_MATURITY: u32 = 4;

/// The most blocks between two halvings. It is Bitcoin's number, with which all subsidies add up to
/// just under 21 million coins.
pub const MAX_HALVING: u32 = 210_000;

/// The longest room name in bytes: together with the rules it still fits into the 100 bytes of a
/// coinbase script.
pub const MAX_NAME_LEN: usize = 80;

impl ChainParams {
    /// The genesis block's identity.
    pub fn genesis_id(&self) -> BlockId {
        self.genesis.id()
    }

    /// Seconds that a window should take.
    pub fn window_secs(&self) -> u64 {
        u64::from(self.window) * u64::from(self.spacing_secs)
    }
}

/// Bitcoin's main network as of 2009, before any of its later soft forks. The size limit of one
/// million bytes and the limit on signatures only became rules in 2010, but all earlier blocks keep them.
pub fn bitcoin_2009() -> ChainParams {
    let headline: &[u8] = b"The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
    let script_sig = Script::default()
        .push(&0x1d00_ffff_u32.to_le_bytes())
        .push(&[4])
        .push(headline);
    let key = EcdsaKey::from_bytes(&SATOSHI_KEY).expect("65 bytes that begin with 4");
    let pay = Lock::PublicKey(key).script();
    let subsidy =
        Amount::new(50 * Amount::COIN.to_sat()).expect("50 coins are fewer than 21 million");
    let header = BitcoinHeader {
        version: 1,
        prev: BlockId::ZERO,
        merkle_root: MerkleRoot::ZERO,
        time: BlockTime(1_231_006_505),
        bits: CompactTarget(0x1d00_ffff),
        nonce: 2_083_236_893,
    };
    ChainParams {
        genesis: genesis(header, script_sig, TxOut::new(subsidy, pay)),
        pow_limit: CompactTarget(0x1d00_ffff).expand().target,
        spacing_secs: 600,
        window: 2016,
        retarget_anchor: Anchor::Genesis,
        timewarp_grace: None,
        future_limit: 7200,
        halving: 210_000,
        subsidy,
        coinbase_maturity: 100,
        max_block_size: 1_000_000,
        median_lock_times: false,
        relative_locks: false,
        height_in_coinbase: false,
        segwit: false,
        signatures_name_chain: false,
        forbid_64_byte_tx: false,
    }
}

/// A room's chain: today's Bitcoin rules at the room's own pace.
///
/// Everyone who knows the parameters derives the same genesis block: its coinbase carries the name
/// and the numbers, its time is nominal, and it needs no proof of work. Two rooms that differ in
/// any parameter therefore differ from the genesis block on. Its only output is worth nothing and
/// cannot be spent.
///
/// Clock limits scale with the spacing. A block may be 12 spacings ahead of a node's clock, as
/// Bitcoin's two hours are 12 blocks, but never less than 2 minutes or more than 2 hours: with a
/// flat two hours, one wrong clock could spoil many windows of a room whose blocks take ten
/// seconds. A window's first block may predate its parent by one spacing. BIP54 grants 12, for old
/// mining software that a room need not support, and each spacing of grace lets a majority shorten
/// each window by one spacing.
///
/// Of today's rules, one is missing: the refusal of block versions below 4, which only helped Bitcoin to
/// upgrade.
///
/// # Errors
/// [`ParamsError`] for numbers outside their ranges.
pub fn tabchain(
    name: &str,
    spacing_secs: u32,
    bits: CompactTarget,
    window: u32,
    halving: u32,
) -> Result<ChainParams, ParamsError> {
    check_ranges(name, spacing_secs, window, halving)?;
    let pow_limit = TABCHAIN_POW_LIMIT.expand().target;
    if bits.to_target()? > pow_limit {
        return Err(ParamsError::TooEasy(bits));
    }
    let rules: Vec<u8> = [spacing_secs, window, halving]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let script_sig = Script::default().push(&rules).push(name.as_bytes());
    let header = BitcoinHeader {
        version: 1,
        prev: BlockId::ZERO,
        merkle_root: MerkleRoot::ZERO,
        time: TABCHAIN_GENESIS_TIME,
        bits,
        nonce: 0,
    };
    Ok(ChainParams {
        genesis: genesis(
            header,
            script_sig,
            TxOut::new(Amount::ZERO, Lock::Burn.script()),
        ),
        pow_limit,
        spacing_secs,
        window,
        retarget_anchor: Anchor::FirstBlock,
        timewarp_grace: Some(spacing_secs),
        future_limit: spacing_secs.saturating_mul(12).clamp(120, 7200),
        halving,
        coinbase_maturity: TABCHAIN_MATURITY,
        max_block_size: TABCHAIN_BLOCK_SIZE,
        median_lock_times: true,
        relative_locks: true,
        height_in_coinbase: true,
        segwit: true,
        signatures_name_chain: true,
        forbid_64_byte_tx: true,
        ..bitcoin_2009()
    })
}

fn check_ranges(name: &str, spacing: u32, window: u32, halving: u32) -> Result<(), ParamsError> {
    if name.len() > MAX_NAME_LEN {
        let (len, max) = (name.len() as u64, MAX_NAME_LEN as u64);
        return Err(ParamsError::NameTooLong { len, max });
    }
    if !(1..=86_400).contains(&spacing) {
        return Err(ParamsError::Spacing(spacing));
    }
    if !(4..=100_000).contains(&window) {
        return Err(ParamsError::Window(window));
    }
    if !(1..=MAX_HALVING).contains(&halving) {
        return Err(ParamsError::Halving(halving));
    }
    Ok(())
}

/// A block with only a coinbase, with the Merkle root set.
fn genesis(header: BitcoinHeader, script_sig: Script, output: TxOut) -> Block {
    let input = TxIn {
        script_sig,
        ..TxIn::new(OutPoint::NULL)
    };
    let coinbase = Transaction {
        version: 1,
        inputs: vec![input],
        outputs: vec![output],
        lock_time: 0,
    };
    let mut block = Block {
        header,
        transactions: vec![coinbase],
    };
    block.commit();
    block
}

/// The public key that Bitcoin's genesis block pays to.
const SATOSHI_KEY: [u8; 65] = [
    0x04, 0x67, 0x8a, 0xfd, 0xb0, 0xfe, 0x55, 0x48, 0x27, 0x19, 0x67, 0xf1, 0xa6, 0x71, 0x30, 0xb7,
    0x10, 0x5c, 0xd6, 0xa8, 0x28, 0xe0, 0x39, 0x09, 0xa6, 0x79, 0x62, 0xe0, 0xea, 0x1f, 0x61, 0xde,
    0xb6, 0x49, 0xf6, 0xbc, 0x3f, 0x4c, 0xef, 0x38, 0xc4, 0xf3, 0x55, 0x04, 0xe5, 0x1e, 0xc1, 0x12,
    0xde, 0x5c, 0x38, 0x4d, 0xf7, 0xba, 0x0b, 0x8d, 0x57, 0x8a, 0x4c, 0x70, 0x2b, 0x6b, 0xf1, 0x1d,
    0x5f,
];
