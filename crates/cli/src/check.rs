//! `tabchain check`: checks Bitcoin's data against Bitcoin's rules, with one verdict per line.

use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use chain::{
    BitcoinHeader, Block, BlockTime, ChainParams, CompactTarget, Decode, EcdsaSighashType, Hash256,
    Header, Height, Past, Reject, Script, Target, Transaction, U256, Work, bitcoin_2009,
    block_proof, check_header, decode_exact, next_target_bits, past_median, sighash::legacy,
};
use ledger::utxo::{Utxo, body_of};
use ledger::{Ledger, NoneChecked, Place, State};
use serde_json::{Value, json};

use crate::hex_args;
use crate::out::{Failure, Out, open};

/// The longest line of hex: a block of four megabytes.
const MAX_LINE: u64 = 2 * 4_000_000 + 2;

/// Some editors put this at the start of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// `check headers`; true if every header is good.
pub fn headers(file: &Path, linked: bool, out: &mut Out) -> Result<bool, Failure> {
    let mut before: Option<BitcoinHeader> = None;
    each_line(file, out, |line| {
        let bytes = hex_args::header(line).map_err(|_| "bad-header-encoding".to_string())?;
        let header = BitcoinHeader::decode(&bytes);
        let parent = before.replace(header);
        // Only the target that the header itself claims counts here, whatever network it is from.
        header
            .check_pow(Target::MAX)
            .map_err(|reject| reject.name().to_string())?;
        if let Some(parent) = parent
            && linked
            && header.prev != parent.id()
        {
            let reject = Reject::PrevBlkNotFound { prev: header.prev };
            return Err(reject.name().to_string());
        }
        let Work(work) = block_proof(header.bits);
        let (hash, work) = (header.id().to_string(), format!("{work:x}"));
        Ok((
            format!("ok {hash} {work}"),
            json!({"ok": true, "hash": hash, "work": work}),
        ))
    })
}

/// `check blocks`; true if every block is good.
pub fn blocks(file: &Path, out: &mut Out) -> Result<bool, Failure> {
    let mut params = chain::ChainParams {
        // Blocks may come from any time and network: rules introduced after 2009 do not apply, the
        // proof-of-work limit is the header's own target, and the size limit is that of the wire.
        pow_limit: Target::MAX,
        ..bitcoin_2009()
    };
    each_line(file, out, |line| {
        let block: Block = decode(line).ok_or("bad-blk-encoding")?;
        // A block without witnesses need not commit to them, whatever its coinbase says.
        let has_witness = chain::Transaction::has_witness;
        params.segwit = block.transactions.iter().any(has_witness);
        block
            .check(&params)
            .map_err(|reject| reject.name().to_string())?;
        let (hash, count) = (block.id().to_string(), block.transactions.len());
        let value = json!({"ok": true, "hash": hash, "transactions": count});
        Ok((format!("ok {hash} {count}"), value))
    })
}

/// `check blocks --full`; true if every block is good. The first line is the block after the genesis block.
pub fn full_blocks(file: &Path, out: &mut Out) -> Result<bool, Failure> {
    let mut chain = Chain::new(bitcoin_2009());
    each_line(file, out, |line| {
        let block: Block = decode(line).ok_or("bad-blk-encoding")?;
        let height = chain
            .extend(&block)
            .map_err(|reject| reject.name().to_string())?;
        let (hash, count) = (block.id().to_string(), block.transactions.len());
        let value = json!({"ok": true, "hash": hash, "height": height.0, "transactions": count});
        Ok((format!("ok {hash} {} {count}", height.0), value))
    })
}

/// A chain that every rule has been checked of, from its genesis block on.
struct Chain {
    params: Arc<ChainParams>,
    ledger: Utxo,
    headers: Vec<BitcoinHeader>,
    state: State,
}

impl Chain {
    fn new(params: ChainParams) -> Self {
        let params = Arc::new(params);
        let ledger = Utxo::new(params.clone());
        Self {
            headers: vec![params.genesis.header],
            state: ledger.genesis(),
            params,
            ledger,
        }
    }

    /// Appends a block if it keeps all rules, and returns its height. The blocks are old: none is ahead
    /// of anybody's clock.
    fn extend(&mut self, block: &Block) -> Result<Height, Reject> {
        let (header, past) = (block.header, self.headers.as_slice());
        check_header(&header, past, header.time, &self.params)?;
        let body = body_of(block);
        self.ledger.check(&Header::Bitcoin(header), &body)?;
        let place = Place {
            height: past.tip_height().next(),
            median: past_median(past)?,
            time: header.time,
        };
        self.state = self.ledger.apply(&self.state, place, &body, &NoneChecked)?;
        self.headers.push(header);
        Ok(place.height)
    }
}

/// `check tx`; true if every transaction is good.
pub fn transactions(file: &Path, out: &mut Out) -> Result<bool, Failure> {
    each_line(file, out, |line| {
        let tx: Transaction = decode(line).ok_or("bad-tx-encoding")?;
        tx.check(bitcoin_2009().max_block_size)
            .map_err(|reject| reject.name().to_string())?;
        let (txid, weight) = (tx.txid().to_string(), tx.weight());
        let value = json!({
            "ok": true,
            "txid": txid,
            "wtxid": tx.wtxid().to_string(),
            "size": tx.total_size(),
            "weight": weight,
        });
        Ok((format!("ok {txid} {weight}"), value))
    })
}

/// `check sighash`; true if every line could be read.
pub fn sighashes(file: &Path, out: &mut Out) -> Result<bool, Failure> {
    each_line(file, out, |line| {
        let hash = sighash(line)?.to_string();
        let value = json!({"ok": true, "hash": hash});
        Ok((hash, value))
    })
}

/// The digest of one line; else what is wrong with it.
fn sighash(line: &str) -> Result<Hash256, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [tx, script, input, kind] = words[..] else {
        return Err(format!(
            "{} words instead of four: tx script index type",
            words.len()
        ));
    };
    let tx: Transaction = decode(tx).ok_or("bad-tx-encoding")?;
    let script = match script {
        "-" => Some(Vec::new()),
        hex => bytes(hex),
    };
    let script = script.ok_or("the script is neither hex nor -")?;
    let input = input.parse();
    let input = input.map_err(|_| "the index is no number of an input".to_string())?;
    let kind: i32 = kind
        .parse()
        .map_err(|_| "the type is no number of 32 bits".to_string())?;
    let kind = EcdsaSighashType(kind.cast_unsigned());
    let hash = legacy::hash(&tx, input, &Script(script), kind);
    hash.map(Hash256::from_bytes)
        .map_err(|error| error.to_string())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    hex::decode(hex_args::digits(hex)).ok()
}

/// What exactly these hex digits encode.
fn decode<T: Decode>(hex: &str) -> Option<T> {
    decode_exact(&bytes(hex)?).ok()
}

/// `check retarget`.
pub fn retarget(
    first: u32,
    last: u32,
    bits: CompactTarget,
    out: &mut Out,
) -> Result<bool, Failure> {
    bits.to_target()
        .map_err(|error| Failure::no_target(&error))?;
    let bits = next_target_bits(BlockTime(first), BlockTime(last), bits, &bitcoin_2009());
    let bits = format!("{:08x}", bits.0);
    out.line(&bits, json!({"bits": bits}))?;
    out.finish()?;
    Ok(true)
}

/// `check compact`.
pub fn compact(bits: CompactTarget, out: &mut Out) -> Result<bool, Failure> {
    let compact = bits.expand();
    let Target(target) = if compact.overflow {
        Target(U256::ZERO)
    } else {
        compact.target
    };
    let target = (!compact.overflow).then(|| format!("{target:064x}"));
    let canonical = (!compact.overflow).then(|| format!("{:08x}", compact.canonical().0));
    let dash = || "-".to_string();
    let text = format!(
        "target {}\nnegative {}\noverflow {}\ncanonical {}",
        target.clone().unwrap_or_else(dash),
        compact.negative,
        compact.overflow,
        canonical.clone().unwrap_or_else(dash),
    );
    let value = json!({
        "target": target,
        "negative": compact.negative,
        "overflow": compact.overflow,
        "canonical": canonical,
    });
    out.line(text, value)?;
    out.finish()?;
    Ok(true)
}

/// Judges each line that is not empty; a bad line is reported and does not end the run. In JSON, a
/// verdict names its line, because blank lines get no verdict.
fn each_line(
    file: &Path,
    out: &mut Out,
    mut judge: impl FnMut(&str) -> Result<(String, Value), String>,
) -> Result<bool, Failure> {
    let read_error = |error| Failure::Read(file.into(), error);
    let mut input = open(file)?;
    let mut all_good = true;
    let mut line = Vec::new();
    let is_live = file == Path::new("-");
    for number in 1u64.. {
        line.clear();
        let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(read_error)? == 0 {
            break;
        }
        let is_too_long = line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE;
        if is_too_long {
            input.skip_until(b'\n').map_err(read_error)?;
            line.clear(); // judged as neither a header nor a block
        }
        let text = String::from_utf8_lossy(&line);
        let text = match number {
            1 => text.trim_start_matches(BYTE_ORDER_MARK),
            _ => &text,
        };
        if text.trim().is_empty() && !is_too_long {
            continue;
        }
        let (text, mut value) = judge(text.trim()).unwrap_or_else(|reason| {
            all_good = false;
            (
                format!("bad {reason}"),
                json!({"ok": false, "reason": reason}),
            )
        });
        value["line"] = number.into();
        out.line(text, value)?;
        if is_live {
            out.finish()?; // whoever types or watches is waiting for the verdict
        }
    }
    out.finish()?;
    Ok(all_good)
}
