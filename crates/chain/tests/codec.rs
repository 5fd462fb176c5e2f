//! Every value survives a round trip, no bytes make a decoder panic, and whatever decodes encodes
//! to the same bytes.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use chain::codec::{compact_size_len, put_compact_size};
use chain::{
    Amount, BitcoinHeader, Block, BlockId, BlockTime, ChainParams, CompactTarget, Decode,
    DecodeError, Encode, Hash256, Header, Height, MerkleRoot, Micros, OutPoint, Reader, Reject,
    Script, SealedHeader, Seat, StateRoot, Target, Time, Transaction, TxIn, TxOut, Txid, U256,
    Witness, Work, Wtxid, bitcoin_2009, decode_exact, sha256d,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

fn comes_back<T: Encode + Decode + PartialEq + std::fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let bytes = value.to_vec();
    let back = decode_exact::<T>(&bytes);
    prop_assert_eq!(back.as_ref(), Ok(value));
    for end in 0..bytes.len() {
        prop_assert!(decode_exact::<T>(&bytes[..end]).is_err(), "cut at {}", end);
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    prop_assert_eq!(
        decode_exact::<T>(&longer),
        Err(DecodeError::TrailingBytes(1))
    );
    Ok(())
}

/// Each value has one encoding: whatever decodes encodes to the bytes that were read.
fn one_encoding<T: Encode + Decode>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut reader = Reader::new(bytes);
    if let Ok(value) = T::decode_from(&mut reader) {
        let read = bytes.len() - reader.remaining().len();
        prop_assert_eq!(value.to_vec(), &bytes[..read]);
    }
    Ok(())
}

/// Round trips through the binary format of storage and workers, and through text.
fn serde_comes_back<T>(value: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let binary = postcard::to_allocvec(value).expect("values serialise");
    prop_assert_eq!(
        &postcard::from_bytes::<T>(&binary).expect("what was written"),
        value
    );
    let text = serde_json::to_string(value).expect("values serialise");
    prop_assert_eq!(
        &serde_json::from_str::<T>(&text).expect("what was written"),
        value
    );
    Ok(())
}

fn sealed_header() -> impl Strategy<Value = SealedHeader> {
    let hash = any::<[u8; 32]>;
    (
        hash(),
        any::<(u32, u64, u64, u32)>(),
        hash(),
        hash(),
        hash(),
    )
        .prop_map(
            |(parent, (height, slot, time, proposer), tx_root, state_root, extra)| SealedHeader {
                parent: BlockId::from_bytes(parent),
                height: Height(height),
                slot,
                time: Time(time),
                proposer: Seat(proposer),
                tx_root: MerkleRoot::from_bytes(tx_root),
                state_root: StateRoot::from_bytes(state_root),
                extra_hash: Hash256::from_bytes(extra),
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn headers_come_back(bitcoin in support::header(), sealed in sealed_header()) {
        comes_back(&bitcoin)?;
        comes_back(&sealed)?;
        comes_back(&Header::Bitcoin(bitcoin))?;
        comes_back(&Header::Sealed(sealed))?;
        prop_assert_eq!(BitcoinHeader::decode(&bitcoin.encode()), bitcoin);
        prop_assert_eq!(bitcoin.id(), BlockId::from_bytes(sha256d(&bitcoin.encode())));
        serde_comes_back(&Header::Bitcoin(bitcoin))?;
        serde_comes_back(&Header::Sealed(sealed))?;
    }

    #[test]
    fn a_sealed_id_covers_every_byte(sealed in sealed_header(), at in 0_usize..152, bit in 0..8) {
        let mut bytes = sealed.to_vec();
        prop_assert_eq!(bytes.len(), 152);
        bytes[at] ^= 1_u8 << bit;
        let other: SealedHeader = decode_exact(&bytes).expect("each 152 bytes are one");
        prop_assert_ne!(other.id(), sealed.id());
        prop_assert_ne!(*sealed.id().as_bytes(), sha256d(&sealed.to_vec()));
    }

    #[test]
    fn transactions_come_back(tx in support::transaction()) {
        comes_back(&tx)?;
        serde_comes_back(&tx)?;
        prop_assert_eq!(tx.total_size(), tx.to_vec().len() as u64);
        prop_assert_eq!(tx.stripped_size(), tx.encode_stripped().len() as u64);
        prop_assert_eq!(tx.has_witness(), tx.total_size() != tx.stripped_size());
        let mut bare = tx.clone();
        bare.inputs.iter_mut().for_each(|input| input.witness = Witness::default());
        prop_assert_eq!(bare.to_vec(), tx.encode_stripped());
        prop_assert_eq!(bare.txid(), tx.txid());
        prop_assert_eq!(bare.wtxid(), Wtxid::from_bytes(*tx.txid().as_bytes()));
    }

    #[test]
    fn blocks_come_back(block in support::block()) {
        let bytes = block.to_vec();
        let back = decode_exact::<Block>(&bytes);
        prop_assert_eq!(back.as_ref(), Ok(&block));
        prop_assert_eq!(block.total_size(), bytes.len() as u64);
        serde_comes_back(&block)?;
    }

    #[test]
    fn witnesses_are_the_lists_that_they_are_made_of(
        items in vec(vec(any::<u8>(), 0..4), 0..300), at: usize,
    ) {
        let witness = Witness::new(&items);
        prop_assert_eq!((witness.len(), witness.is_empty()), (items.len(), items.is_empty()));
        prop_assert!(witness.iter().eq(items.iter().map(Vec::as_slice)));
        prop_assert_eq!(witness.get(at % 301), items.get(at % 301).map(Vec::as_slice));
        let annex = items.last().filter(|last| items.len() > 1 && last.first() == Some(&0x50));
        prop_assert_eq!(witness.annex(), annex.map(Vec::as_slice));
        comes_back(&witness)?;
    }

    #[test]
    fn parts_come_back(input in support::input(), output in support::output()) {
        comes_back(&output)?;
        comes_back(&input.prevout)?;
        comes_back(&input.script_sig)?;
        comes_back(&input.witness)?;
        let bare = TxIn { witness: Witness::default(), ..input };
        comes_back(&bare)?;
    }

    #[test]
    fn noise_never_panics_and_has_one_reading(bytes in vec(any::<u8>(), 0..300)) {
        one_encoding::<Block>(&bytes)?;
        one_encoding::<Transaction>(&bytes)?;
        one_encoding::<TxIn>(&bytes)?;
        one_encoding::<TxOut>(&bytes)?;
        one_encoding::<OutPoint>(&bytes)?;
        one_encoding::<Witness>(&bytes)?;
        one_encoding::<Script>(&bytes)?;
        one_encoding::<Header>(&bytes)?;
        one_encoding::<SealedHeader>(&bytes)?;
        one_encoding::<BlockId>(&bytes)?;
        let _ = postcard::from_bytes::<Block>(&bytes);
        let _ = postcard::from_bytes::<ChainParams>(&bytes);
        let _ = postcard::from_bytes::<Reject>(&bytes);
    }

    #[test]
    fn damage_never_panics_and_has_one_reading(
        tx in support::damaged(support::transaction().prop_map(|tx| tx.to_vec())),
        block in support::damaged(support::block().prop_map(|block| block.to_vec())),
    ) {
        one_encoding::<Transaction>(&tx)?;
        one_encoding::<Block>(&block)?;
        if let Ok(block) = decode_exact::<Block>(&block) {
            let _ = block.check_body(&bitcoin_2009());
        }
    }

    #[test]
    fn sizes_have_one_form(value: u64, shift in 0_u32..64) {
        let value = value >> shift;
        let mut bytes = Vec::new();
        put_compact_size(value, &mut bytes);
        prop_assert_eq!(bytes.len() as u64, compact_size_len(value));
        prop_assert_eq!(Reader::new(&bytes).compact_size(), Ok(value));
        let forms: [Vec<u8>; 3] = [
            [&[0xfd], &value.to_le_bytes()[..2]].concat(),
            [&[0xfe], &value.to_le_bytes()[..4]].concat(),
            [&[0xff], &value.to_le_bytes()[..]].concat(),
        ];
        for form in forms.iter().filter(|form| form.len() > bytes.len()) {
            let error = Reader::new(form).compact_size();
            prop_assert_eq!(error, Err(DecodeError::NonCanonicalSize(value)));
        }
    }

    #[test]
    fn hashes_come_back_from_text(bytes: [u8; 32]) {
        let id = BlockId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse::<BlockId>(), Ok(id));
        prop_assert_eq!(id.to_string().to_uppercase().parse::<BlockId>(), Ok(id));
        prop_assert_eq!(id.to_string().len(), 64);
        serde_comes_back(&(id, Txid::from_bytes(bytes), Wtxid::from_bytes(bytes)))?;
        serde_comes_back(&(Target::from_be_bytes(bytes), Work::from_be_bytes(bytes)))?;
        prop_assert_eq!(Work::from_be_bytes(bytes).to_be_bytes(), bytes);
        prop_assert_eq!(Target::from_be_bytes(bytes).to_be_bytes(), bytes);
    }

    #[test]
    fn text_that_is_no_hash_is_named(text in ".{0,70}") {
        if let Err(error) = text.parse::<Txid>() {
            prop_assert_eq!(error.input, text);
        } else {
            prop_assert!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn times_saturate(a: u64, b: u64, epoch: u32) {
        let later = Time(a).saturating_add(Micros(b));
        prop_assert!(later >= Time(a));
        prop_assert_eq!(Time(a).checked_add(Micros(b)).unwrap_or(Time(u64::MAX)), later);
        prop_assert_eq!(later.saturating_since(Time(a)).0, later.0 - a);
        let epoch = BlockTime(epoch);
        let said = Time(a).to_block_time(epoch);
        prop_assert!(said >= epoch);
        prop_assert!(Time::from_block_time(said, epoch) <= Time(a));
    }
}

#[test]
fn a_length_beyond_the_bytes_is_refused_before_it_is_believed() {
    let huge: [&[u8]; 3] = [
        &[0xfd, 0xff, 0xff],
        &[0xfe, 0xff, 0xff, 0xff, 0xff],
        &[0xff; 9],
    ];
    for count in huge {
        let tx = [&1_i32.to_le_bytes(), count, &[0; 100]].concat();
        let error = decode_exact::<Transaction>(&tx).expect_err("the inputs are not there");
        assert!(
            matches!(error, DecodeError::UnexpectedEnd { left: 100, .. }),
            "{error}"
        );
        let script = [count, &[0; 100]].concat();
        assert!(decode_exact::<Script>(&script).is_err());
        assert!(decode_exact::<Witness>(&script).is_err());
        let block = [&[0; 80], count, &[0; 100]].concat();
        assert!(decode_exact::<Block>(&block).is_err());
    }
}

#[test]
fn bip144_markers_flags_and_superfluous_witnesses() {
    let body = [&[1][..], &[0; 36], &[0], &[0xff; 4], &[0]].concat(); // one input, no output
    let tx = |parts: &[&[u8]]| [&[2, 0, 0, 0], parts.concat().as_slice(), &[0; 4]].concat();
    let decode = |bytes: &[u8]| decode_exact::<Transaction>(bytes);
    assert!(decode(&tx(&[&body])).is_ok());
    assert!(decode(&tx(&[&[0, 1], &body, &[1, 1, 7]])).is_ok());
    assert!(
        decode(&tx(&[&[0, 1], &body, &[1, 0]])).is_ok(),
        "one empty item is a witness"
    );
    let superfluous = Err(DecodeError::SuperfluousWitness);
    assert_eq!(decode(&tx(&[&[0, 1], &body, &[0]])), superfluous);
    assert_eq!(decode(&tx(&[&[0, 1, 0, 0]])), superfluous);
    for flag in [2, 3, 0x80, 0xff] {
        let bytes = tx(&[&[0, flag], &body, &[1, 1, 7]]);
        assert_eq!(decode(&bytes), Err(DecodeError::UnknownFlag(flag)));
    }
    // Bitcoin Core reads a marker and flag of zero as "nothing in, nothing out", which the rules
    // then refuse.
    let nothing = decode(&tx(&[&[0, 0]])).expect("an empty transaction");
    assert_eq!(nothing.check(1000), Err(Reject::VinEmpty));
}

#[test]
fn unknown_header_tags_are_named() {
    let bytes = [&[7][..], &[0; 200]].concat();
    let error = DecodeError::UnknownTag {
        what: "header",
        tag: 7,
    };
    assert_eq!(decode_exact::<Header>(&bytes), Err(error));
}

#[test]
fn text_forms_for_javascript() {
    fn json(value: &impl Serialize) -> String {
        serde_json::to_string(value).expect("values serialise")
    }
    let genesis = bitcoin_2009();
    let id = "\"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f\"";
    assert_eq!(json(&genesis.genesis_id()), id);
    assert_eq!(json(&Script(vec![0x51, 0xac])), "\"51ac\"");
    assert_eq!(
        json(&Work(U256::from(0x1_0001_0001_u64))),
        "\"0x100010001\""
    );
    assert_eq!(Amount::COIN.to_string(), "1.00000000");
    assert_eq!(CompactTarget(0x1d00_ffff).to_string(), "0x1d00ffff");
    let target = "00000000ffff0000000000000000000000000000000000000000000000000000";
    assert_eq!(genesis.pow_limit.to_string(), target);
    let more = Amount::MAX_MONEY.to_sat() + 1;
    assert!(serde_json::from_str::<Amount>(&more.to_string()).is_err());
}

#[test]
fn parameters_come_back() {
    serde_comes_back(&bitcoin_2009()).unwrap_or_else(|error| panic!("{error}"));
    let room = chain::tabchain("r", 10, CompactTarget(0x207f_ffff), 20, 100).expect("sane");
    serde_comes_back(&room).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn amounts_and_heights_stop_at_their_ends() {
    assert_eq!(Height(u32::MAX).next(), Height(u32::MAX));
    assert_eq!(Height(u32::MAX).checked_add(1), None);
    assert_eq!(Height::GENESIS.prev(), None);
    assert_eq!(Height(5).saturating_sub(7), Height::GENESIS);
    assert_eq!(Amount::ZERO.checked_sub(Amount::COIN), None);
    assert_eq!(BlockTime(u32::MAX).saturating_add(1), BlockTime(u32::MAX));
    assert_eq!(BlockTime(1).saturating_sub(2), BlockTime(0));
    assert_eq!(Micros::from_secs(u64::MAX), Micros(u64::MAX));
    assert_eq!(Micros::from_millis(3), Micros(3000));
}
