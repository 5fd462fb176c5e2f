//! Real blocks, headers and transactions, taken from other projects: see `vectors/README.md`.
#![cfg(not(target_arch = "wasm32"))]

use chain::{
    Amount, BitcoinHeader, Block, BlockTime, CompactTarget, Encode, Height, Past, Reject, Target,
    Transaction, Txid, U256, Work, bitcoin_2009, block_proof, check_body_at, check_header,
    decode_exact, next_target_bits, past_median, required_bits,
};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("vector files are JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is a text in {value}"))
}

fn number(value: &Value, key: &str) -> u32 {
    let number = value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} is a number in {value}"));
    u32::try_from(number).expect("numbers of the vectors fit 32 bits")
}

fn bits(value: &Value, key: &str) -> CompactTarget {
    let digits = text(value, key)
        .strip_prefix("0x")
        .expect("bits start with 0x");
    CompactTarget(u32::from_str_radix(digits, 16).expect("bits are hexadecimal"))
}

fn header_bytes(value: &Value) -> [u8; 80] {
    let bytes = hex::decode(text(value, "header")).expect("headers are hexadecimal");
    bytes.try_into().expect("headers have 80 bytes")
}

struct Sampled {
    header: BitcoinHeader,
    height: u32,
    work: Work,
}

fn sampled_headers() -> Vec<Sampled> {
    let file = json(include_str!("vectors/bitcoin_headers.json"));
    let headers = file["headers"].as_array().expect("a list of headers");
    headers
        .iter()
        .map(|value| {
            let header = BitcoinHeader::decode(&header_bytes(value));
            assert_eq!(header.id().to_string(), text(value, "hash"));
            assert_eq!(header.prev.to_string(), text(value, "prev"));
            assert_eq!(header.merkle_root.to_string(), text(value, "merkle"));
            assert_eq!(
                i64::from(header.version),
                value["version"].as_i64().expect("a version")
            );
            assert_eq!(header.time.0, number(value, "time"));
            assert_eq!(header.bits, bits(value, "bits"));
            assert_eq!(header.nonce, number(value, "nonce"));
            assert_eq!(header.encode(), header_bytes(value));
            let digits = text(value, "chainwork").trim_start_matches("0x");
            let work = Work(U256::from_str_radix(digits, 16).expect("work is hexadecimal"));
            assert_eq!(work.to_string(), text(value, "chainwork"));
            Sampled {
                header,
                height: number(value, "height"),
                work,
            }
        })
        .collect()
}

#[test]
fn mainnet_headers_decode_hash_and_prove_their_work() {
    let params = bitcoin_2009();
    let headers = sampled_headers();
    assert_eq!(headers.len(), 218);
    for Sampled { header, height, .. } in headers {
        header
            .check_pow(params.pow_limit)
            .unwrap_or_else(|reject| panic!("{height}: {reject}"));
        let mut other = header;
        other.nonce ^= 1;
        assert!(matches!(
            other.check_pow(params.pow_limit),
            Err(Reject::HighHash { .. })
        ));
    }
}

#[test]
fn mainnet_cumulative_work_is_the_sum_of_block_proofs() {
    let headers = sampled_headers();
    let mut derived = 0;
    // Until the first real retarget, at 32256, each block has the genesis block's bits.
    for Sampled {
        header,
        height,
        work,
    } in headers.iter().filter(|h| h.height < 32_256)
    {
        let proof = block_proof(header.bits).0;
        assert_eq!(work.0, proof * U256::from(height + 1));
        derived += 1;
    }
    assert_eq!(derived, 8);
    // Between two samples lie two windows: the first sample's, and one whose bits we do not know
    // but can derive, because its 2016 equal proofs are what is left of the difference.
    for pair in headers.windows(2) {
        let (first, second) = (&pair[0], &pair[1]);
        assert_eq!(second.height - first.height, 4032);
        let known =
            block_proof(first.header.bits).0 * U256::from(2015) + block_proof(second.header.bits).0;
        let left = second.work.0 - first.work.0 - known;
        assert_eq!(
            left % U256::from(2016),
            U256::ZERO,
            "after height {}",
            first.height
        );
        let proof = left / U256::from(2016);
        let near = Target(U256::MAX / proof).to_compact();
        let found = [near.0 - 1, near.0, near.0 + 1]
            .into_iter()
            .any(|bits| block_proof(CompactTarget(bits)).0 == proof);
        assert!(
            found,
            "no bits prove {proof:#x}, after height {}",
            first.height
        );
    }
}

fn first_blocks() -> Vec<Value> {
    let file = json(include_str!("vectors/bitcoin_blocks_0_180.json"));
    file["blocks"].as_array().expect("a list of blocks").clone()
}

fn raw(value: &Value) -> Vec<u8> {
    hex::decode(text(value, "raw")).expect("blocks are hexadecimal")
}

#[test]
fn genesis_is_bitcoins() {
    let genesis = bitcoin_2009().genesis;
    let published = &first_blocks()[0];
    assert_eq!(genesis.header.encode(), header_bytes(published));
    assert_eq!(genesis.id().to_string(), text(published, "hash"));
    let coinbase = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    assert_eq!(genesis.transactions[0].txid().to_string(), coinbase);
    assert_eq!(genesis.transactions[0].total_size(), 204);
    genesis
        .check(&bitcoin_2009())
        .expect("Bitcoin's genesis block keeps all its rules");
}

#[test]
fn blocks_1_to_180_parse_check_link_and_weigh() {
    let params = bitcoin_2009();
    let mut chain = vec![params.genesis.header];
    let mut work = block_proof(params.genesis.header.bits);
    for value in &first_blocks()[1..] {
        let bytes = raw(value);
        let block: Block = decode_exact(&bytes).expect("mainnet blocks parse");
        assert_eq!(block.to_vec(), bytes);
        assert_eq!(block.total_size(), bytes.len() as u64);
        assert_eq!(block.weight(), 4 * bytes.len() as u64);
        assert_eq!(block.id().to_string(), text(value, "hash"));
        let txids: Vec<String> = block.txids().iter().map(Txid::to_string).collect();
        let published = value["txids"].as_array().expect("a list of ids");
        assert!(
            txids
                .iter()
                .eq(published.iter().map(|id| id.as_str().expect("an id")))
        );

        block.check(&params).expect("mainnet blocks keep the rules");
        let height = Height(number(value, "height"));
        assert_eq!(chain.as_slice().tip_height().next(), height);
        let past = chain.as_slice();
        let proof = check_header(&block.header, past, block.header.time, &params)
            .expect("mainnet headers link");
        let median = past_median(past).expect("all ancestors are there");
        check_body_at(&block, height, median, &params).expect("mainnet blocks are final");
        work = work.checked_add(proof).expect("work fits");
        chain.push(block.header);
    }
    assert_eq!(chain.len(), 181);
    assert_eq!(work.0, U256::from(181 * 0x1_0001_0001_u64));
}

#[test]
fn block_170_holds_the_first_payment() {
    let block: Block = decode_exact(&raw(&first_blocks()[170])).expect("block 170 parses");
    let payment = &block.transactions[1];
    assert!(block.transactions[0].is_coinbase() && !payment.is_coinbase());
    assert_eq!(
        payment.inputs[0].prevout.to_string(),
        "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0"
    );
    let paid: Vec<String> = payment
        .outputs
        .iter()
        .map(|output| output.amount().expect("mainnet amounts").to_string())
        .collect();
    assert_eq!(paid, ["10.00000000", "40.00000000"]);
    assert_eq!(
        payment.output_total(),
        Ok(Amount::new(5_000_000_000).expect("50 coins"))
    );
}

#[test]
fn a_block_with_a_flipped_bit_is_another_block_or_none() {
    let params = bitcoin_2009();
    let bytes = raw(&first_blocks()[170]);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(block) = decode_exact::<Block>(&flipped) {
            let reject = block
                .check(&params)
                .expect_err("no flipped bit goes unseen");
            let header = bit < 640;
            assert_eq!(
                header,
                matches!(reject, Reject::HighHash { .. }),
                "bit {bit}: {reject}"
            );
            assert_eq!(header, reject.is_permanent(), "bit {bit}: {reject}");
        }
    }
}

/// A past of two headers: the first and the last of a window.
struct Window {
    first: (Height, BitcoinHeader),
    last: (Height, BitcoinHeader),
}

impl Past for Window {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        [&self.first, &self.last]
            .into_iter()
            .find(|(at, _)| *at == height)
            .map(|(_, h)| *h)
    }

    fn tip_height(&self) -> Height {
        self.last.0
    }
}

fn at(time: u32, bits: u32) -> BitcoinHeader {
    let header = bitcoin_2009().genesis.header;
    BitcoinHeader {
        time: BlockTime(time),
        bits: CompactTarget(bits),
        ..header
    }
}

#[test]
fn retargets_of_bitcoin_core() {
    let params = bitcoin_2009();
    let file = json(include_str!("vectors/bitcoin_retarget.json"));
    let cases = file["cases"].as_array().expect("a list of cases");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let (first, last) = (number(case, "first_time"), number(case, "last_time"));
        let next = next_target_bits(
            BlockTime(first),
            BlockTime(last),
            bits(case, "old_bits"),
            &params,
        );
        assert_eq!(next, bits(case, "new_bits"), "{case}");
    }
}

/// `pow_tests.cpp`: no clamp, the limit, a quarter, four times; and which headers a window spans.
#[test]
fn retargets_of_bitcoin_core_at_their_heights() {
    let params = bitcoin_2009();
    let cases = [
        (
            1_261_130_161,
            32_255,
            1_262_152_739,
            0x1d00_ffff,
            0x1d00_d86a,
        ),
        (
            1_231_006_505,
            2_015,
            1_233_061_996,
            0x1d00_ffff,
            0x1d00_ffff,
        ),
        (
            1_279_008_237,
            68_543,
            1_279_297_671,
            0x1c05_a3f4,
            0x1c01_68fd,
        ),
        (
            1_263_163_443,
            46_367,
            1_269_211_443,
            0x1c38_7f6f,
            0x1d00_e1fd,
        ),
    ];
    for (first_time, height, last_time, old, new) in cases {
        let past = Window {
            first: (Height(height - 2015), at(first_time, old)),
            last: (Height(height), at(last_time, old)),
        };
        assert_eq!(
            required_bits(&past, &params),
            Ok(CompactTarget(new)),
            "after {height}"
        );
    }
}

#[test]
fn legacy_transactions_round_trip() {
    let file = json(include_str!("vectors/legacy_sighash.json"));
    let cases = &file.as_array().expect("a list of cases")[1..];
    assert_eq!(cases.len(), 144);
    for case in cases {
        let bytes = hex::decode(case[0].as_str().expect("a transaction")).expect("hexadecimal");
        let tx: Transaction = decode_exact(&bytes).expect("the transactions parse");
        assert_eq!(tx.to_vec(), bytes);
        assert_eq!(tx.stripped_size(), bytes.len() as u64);
        assert_eq!(tx.txid().as_bytes(), tx.wtxid().as_bytes());
    }
}

#[test]
fn bip54_forbids_64_bytes_without_witness_cve_2017_12842() {
    let file = json(include_str!("vectors/bip54_txsize.json"));
    let cases = file.as_array().expect("a list of cases");
    assert_eq!(cases.len(), 13);
    for case in cases {
        let bytes = hex::decode(text(case, "tx")).expect("hexadecimal");
        let tx: Transaction = decode_exact(&bytes).expect("the transactions parse");
        assert_eq!(tx.to_vec(), bytes);
        assert_eq!(tx.total_size(), bytes.len() as u64);
        assert_eq!(tx.encode_stripped().len() as u64, tx.stripped_size());
        let valid = case["valid"].as_bool().expect("a verdict");
        assert_eq!(
            !tx.is_merkle_ambiguous(),
            valid,
            "{}",
            text(case, "comment")
        );
    }
}
