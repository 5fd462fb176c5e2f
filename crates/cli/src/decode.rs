//! `tabchain decode`: says what each byte of a header, block or transaction means, and where bytes stop making
//! sense.

use std::io::Read as _;
use std::path::Path;

use chain::{
    Amount, BitcoinHeader, Block, BlockId, BlockTime, CompactTarget, Decode as _, DecodeError,
    LOCK_TIME_THRESHOLD, Lock, MerkleRoot, OutPoint, Reader, Script, Target, Transaction, TxIn,
    Txid, Witness, decode_exact,
};
use serde_json::{Value, json};

use crate::hex_args::digits;
use crate::out::{Failure, Out, open};

/// The most hex digits: a block of four megabytes, with what people copy along.
const MOST_DIGITS: u64 = 2 * 4_000_000 + 100;

/// What bytes can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The 80 bytes of a block's header.
    Header,
    /// A block with its transactions.
    Block,
    /// A transaction.
    Tx,
}

impl Kind {
    /// What bytes are, if nobody says so: what they decode as; else a block, if their first 80 bytes have a
    /// proof of work.
    fn of(bytes: &[u8]) -> Self {
        let header: Option<[u8; BitcoinHeader::LEN]> = bytes
            .get(..BitcoinHeader::LEN)
            .and_then(|header| header.try_into().ok());
        let has_work = header.is_some_and(|header| {
            BitcoinHeader::decode(&header)
                .check_pow(Target::MAX)
                .is_ok()
        });
        if decode_exact::<Transaction>(bytes).is_ok() {
            Self::Tx
        } else if bytes.len() == BitcoinHeader::LEN {
            Self::Header
        } else if has_work || decode_exact::<Block>(bytes).is_ok() {
            Self::Block
        } else {
            Self::Tx
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Block => "block",
            Self::Tx => "transaction",
        }
    }
}

/// One field.
struct Field {
    at: usize,
    len: usize,
    name: String,
    means: String,
}

/// Why the bytes make no sense from some place on.
struct Stop {
    at: usize,
    reason: String,
}

/// Reads bytes field by field.
struct Walk<'a> {
    len: usize,
    reader: Reader<'a>,
    fields: Vec<Field>,
}

/// `decode`; true if all bytes make sense.
pub fn decode(text: &str, kind: Option<Kind>, out: &mut Out) -> Result<bool, Failure> {
    let text = match text {
        "-" => read_all()?,
        text => text.to_string(),
    };
    let bytes = hex::decode(digits(&text)).map_err(|error| Failure::Input {
        error: format!("not hexadecimal: {error}"),
        help: "give two hex digits for each byte, or - for standard input",
    })?;
    let kind = kind.unwrap_or_else(|| Kind::of(&bytes));
    let mut walk = Walk {
        len: bytes.len(),
        reader: Reader::new(&bytes),
        fields: Vec::new(),
    };
    let stop = walk.all(kind).err();
    for field in &walk.fields {
        let Field {
            at,
            len,
            name,
            means,
        } = field;
        out.line(
            format_args!("{at:>7} {len:>5}  {name:<24} {means}"),
            json!({"at": at, "len": len, "field": name, "means": means}),
        )?;
    }
    let (text, value) = verdict(kind, &bytes, stop.as_ref());
    out.line(text, value)?;
    out.finish()?;
    Ok(stop.is_none())
}

fn read_all() -> Result<String, Failure> {
    let path = Path::new("-");
    let mut text = String::new();
    let read = open(path)?.take(MOST_DIGITS).read_to_string(&mut text);
    read.map_err(|error| Failure::Read(path.into(), error))?;
    Ok(text)
}

/// The last line: what the bytes are, or where they are not.
fn verdict(kind: Kind, bytes: &[u8], stop: Option<&Stop>) -> (String, Value) {
    let name = kind.name();
    if let Some(Stop { at, reason }) = stop {
        return (
            format!("bad {name}: byte {at}: {reason}"),
            json!({"ok": false, "kind": name, "at": at, "reason": reason}),
        );
    }
    let (id, weight) = match kind {
        Kind::Tx => {
            let tx: Option<Transaction> = decode_exact(bytes).ok();
            (
                tx.as_ref().map(|tx| tx.txid().to_string()),
                tx.map(|tx| tx.weight()),
            )
        }
        Kind::Block => {
            let block: Option<Block> = decode_exact(bytes).ok();
            (
                block.as_ref().map(|block| block.id().to_string()),
                block.map(|block| block.weight()),
            )
        }
        Kind::Header => {
            let header = bytes
                .try_into()
                .ok()
                .map(|bytes| BitcoinHeader::decode(&bytes));
            (header.map(|header| header.id().to_string()), None)
        }
    };
    let id = id.unwrap_or_default();
    let weight_text = weight.map(|weight| format!(", weight {weight}"));
    (
        format!("ok {name} {id}{}", weight_text.unwrap_or_default()),
        json!({"ok": true, "kind": name, "id": id, "weight": weight}),
    )
}

impl<'a> Walk<'a> {
    /// Where the next field begins.
    fn at(&self) -> usize {
        self.len - self.reader.remaining().len()
    }

    /// Reads one field, and says what it means.
    fn field<T>(
        &mut self,
        name: impl Into<String>,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
        means: impl FnOnce(&T) -> String,
    ) -> Result<T, Stop> {
        let at = self.at();
        let name = name.into();
        let read = read(&mut self.reader);
        let value = read.map_err(|error| Stop {
            at,
            reason: format!("{name}: {error}"),
        })?;
        self.fields.push(Field {
            at,
            len: self.at() - at,
            means: means(&value),
            name,
        });
        Ok(value)
    }

    fn all(&mut self, kind: Kind) -> Result<(), Stop> {
        match kind {
            Kind::Header => self.header()?,
            Kind::Block => self.block()?,
            Kind::Tx => self.transaction("")?,
        }
        let at = self.at();
        match self.len - at {
            0 => Ok(()),
            left => Err(Stop {
                at,
                reason: format!("it ends here, and {left} bytes follow"),
            }),
        }
    }

    fn header(&mut self) -> Result<(), Stop> {
        self.field("version", Reader::i32, i32::to_string)?;
        self.field("previous block", BlockId::decode_from, BlockId::to_string)?;
        self.field(
            "Merkle root",
            MerkleRoot::decode_from,
            MerkleRoot::to_string,
        )?;
        self.field("time", Reader::u32, |time| {
            format!("{}, seconds since 1970", BlockTime(*time))
        })?;
        self.field("bits", Reader::u32, |bits| {
            match CompactTarget(*bits).to_target() {
                Ok(Target(target)) => format!("{bits:08x}, target {target:064x}"),
                Err(error) => format!("{bits:08x}, {error}"),
            }
        })?;
        self.field("nonce", Reader::u32, u32::to_string)?;
        Ok(())
    }

    fn block(&mut self) -> Result<(), Stop> {
        self.header()?;
        let count = self.count("transactions")?;
        for number in 0..count {
            self.transaction(&format!("tx {number} "))?;
        }
        Ok(())
    }

    /// How many of something follow. If there are fewer, that shows where the first of them is missing.
    fn count(&mut self, name: impl Into<String>) -> Result<u64, Stop> {
        self.field(name, Reader::compact_size, u64::to_string)
    }

    /// A transaction, each of whose fields is named with what it is part of.
    fn transaction(&mut self, of: &str) -> Result<(), Stop> {
        self.field(format!("{of}version"), Reader::i32, i32::to_string)?;
        let has_witness = self.reader.remaining().starts_with(&[0, 1]);
        if has_witness {
            let meaning = |_: &[u8; 2]| "witnesses follow the outputs".to_string();
            self.field(format!("{of}marker and flag"), Reader::array::<2>, meaning)?;
        }
        let inputs = self.count(format!("{of}inputs"))?;
        for number in 0..inputs {
            self.input(&format!("{of}input {number} "))?;
        }
        let outputs = self.count(format!("{of}outputs"))?;
        for number in 0..outputs {
            self.output(&format!("{of}output {number} "))?;
        }
        let mut any = false;
        for number in 0..if has_witness { inputs } else { 0 } {
            let meaning = |witness: &Witness| {
                let items = witness.iter().map(<[u8]>::len).map(|len| len.to_string());
                let items: Vec<String> = items.collect();
                format!("{} items of [{}] bytes", items.len(), items.join(", "))
            };
            let name = format!("{of}witness {number}");
            any |= !self.field(name, Witness::decode_from, meaning)?.is_empty();
        }
        if has_witness && !any {
            let (at, error) = (self.at(), DecodeError::SuperfluousWitness);
            let reason = error.to_string();
            return Err(Stop { at, reason });
        }
        let meaning = |lock_time: &u32| match lock_time {
            0 => "0, may be in any block".to_string(),
            1..LOCK_TIME_THRESHOLD => format!("{lock_time}, a height"),
            _ => format!("{lock_time}, seconds since 1970"),
        };
        self.field(format!("{of}lock time"), Reader::u32, meaning)?;
        Ok(())
    }

    fn input(&mut self, of: &str) -> Result<(), Stop> {
        let txid = self.field(format!("{of}txid"), Txid::decode_from, Txid::to_string)?;
        let vout = self.field(format!("{of}index"), Reader::u32, |vout| match *vout {
            u32::MAX => "none: it creates coins".to_string(),
            vout => format!("output {vout} of that transaction"),
        })?;
        let coinbase = OutPoint { txid, vout } == OutPoint::NULL;
        self.field(format!("{of}script"), Script::decode_from, |script| {
            let text = hex::encode(script.as_bytes());
            match script.height().filter(|_| coinbase) {
                Some(height) => format!("{text}, height {} if BIP34 holds", height.0),
                None => text,
            }
        })?;
        let meaning = |sequence: &u32| match *sequence {
            TxIn::FINAL => "final".to_string(),
            other if other <= TxIn::REPLACEABLE => format!("{other:#010x}, may be replaced"),
            other => format!("{other:#010x}"),
        };
        self.field(format!("{of}sequence"), Reader::u32, meaning)?;
        Ok(())
    }

    fn output(&mut self, of: &str) -> Result<(), Stop> {
        self.field(
            format!("{of}amount"),
            Reader::i64,
            |value| match u64::try_from(*value).ok().map(Amount::new) {
                Some(Ok(amount)) => format!("{amount} coins"),
                _ => format!("{value} satoshi, which no output may pay"),
            },
        )?;
        self.field(format!("{of}script"), Script::decode_from, |script| {
            let text = hex::encode(script.as_bytes());
            format!("{text}, {}", lock_words(&Lock::of(script)))
        })?;
        Ok(())
    }
}

/// Who may spend.
pub fn lock_words(lock: &Lock) -> &'static str {
    match lock {
        Lock::PublicKey(_) => "pays to a public key",
        Lock::PublicKeyHash(_) => "pays to the hash of a public key",
        Lock::Taproot(_) => "pays to a taproot key",
        Lock::WitnessScriptHash(_) => "pays to the hash of a witness script",
        Lock::Data(_) => "holds data that nobody can spend",
        Lock::Burn => "burns what it pays",
        Lock::NonStandard(_) => "non-standard: cannot be spent here",
    }
}
