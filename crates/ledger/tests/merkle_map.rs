//! The Merkle map against a plain ordered map and a root computed from its definition.

use std::collections::BTreeMap;

use chain::{Decode, DecodeError, Encode, Reader, decode_exact, put_bytes, tagged_hash};
use ledger::merkle_map::{EMPTY_ROOT, MerkleMap, Proof, ProofError};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u16);

impl Encode for Key {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text(Vec<u8>);

impl Encode for Text {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_bytes(&self.0, out);
    }
}

impl Decode for Text {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

type Model = BTreeMap<Key, Text>;
type Map = MerkleMap<Key, Text>;

/// The root by its definition, from the hashes of all keys and values.
fn defined_root(leaves: &[([u8; 32], [u8; 32])], depth: usize) -> [u8; 32] {
    match leaves {
        [] => [0; 32],
        [(key, value)] => tagged_hash("tabchain/map/leaf", &[key, value]),
        _ => {
            let bit = |key: &[u8; 32]| (key[depth / 8] >> (7 - depth % 8)) & 1;
            let (left, right): (Vec<_>, Vec<_>) =
                leaves.iter().copied().partition(|(key, _)| bit(key) == 0);
            let (left, right) = (
                defined_root(&left, depth + 1),
                defined_root(&right, depth + 1),
            );
            tagged_hash("tabchain/map/branch", &[&left, &right])
        }
    }
}

fn root_of(model: &Model) -> [u8; 32] {
    let leaves: Vec<_> = model
        .iter()
        .map(|(key, value)| {
            (
                tagged_hash("tabchain/map/key", &[&key.to_vec()]),
                tagged_hash("tabchain/map/value", &[&value.to_vec()]),
            )
        })
        .collect();
    defined_root(&leaves, 0)
}

fn map_of(model: &Model) -> Map {
    let mut map = Map::default();
    for (key, value) in model {
        map.insert(*key, value.clone());
    }
    map
}

#[derive(Clone, Debug)]
enum Change {
    Insert(Key, Text),
    Remove(Key),
}

/// Keys from a narrow range, so that they meet again.
fn key() -> impl Strategy<Value = Key> {
    (0u16..48).prop_map(Key)
}

fn text() -> impl Strategy<Value = Text> {
    vec(any::<u8>(), 0..6).prop_map(Text)
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (key(), text()).prop_map(|(key, text)| Change::Insert(key, text)),
        1 => key().prop_map(Change::Remove),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    proptest::collection::btree_map(key(), text(), 0..40)
}

fn assert_same(map: &Map, model: &Model) {
    assert!(
        map.iter().eq(model.iter()),
        "the same entries in the same order"
    );
    assert_eq!(map.len(), model.len());
    assert_eq!(map.is_empty(), model.is_empty());
    assert_eq!(map.root(), root_of(model));
}

#[test]
fn an_empty_map_has_the_root_zero_also_after_a_change() {
    let mut map = Map::default();
    assert_eq!(map.root(), EMPTY_ROOT);
    map.insert(Key(1), Text(vec![1]));
    assert_ne!(map.root(), EMPTY_ROOT);
    assert_eq!(map.remove(&Key(1)), Some(Text(vec![1])));
    assert_eq!(map.root(), EMPTY_ROOT);
}

/// All keys of two bytes: paths of some thirty levels come up by themselves.
#[test]
fn many_keys_leave_no_trace_of_their_order() {
    let mut up = Map::default();
    let mut down = Map::default();
    let value = |key: u16| Text(vec![key as u8]);
    (0..4096).for_each(|key| up.insert(Key(key), value(key)));
    (0..8192)
        .rev()
        .for_each(|key| down.insert(Key(key), value(key)));
    assert_ne!(up.root(), down.root());
    (4096..8192).for_each(|key| drop(down.remove(&Key(key))));
    assert_eq!(up.root(), down.root());
    let longest = (0..4096).map(|key| up.prove(&Key(key)).to_vec()[0]).max();
    assert!(
        longest < Some(40),
        "a path of {longest:?} levels among 4096 keys"
    );
}

#[test]
fn a_proof_that_gives_the_keys_own_leaf_for_another_is_a_contradiction() {
    let map = map_of(&Model::from([(Key(1), Text(vec![7]))]));
    let key = tagged_hash("tabchain/map/key", &[&Key(1).to_vec()]);
    let value = tagged_hash("tabchain/map/value", &[&Text(vec![7]).to_vec()]);
    let forged = [[0, 1].as_slice(), &key, &value].concat();
    let proof: Proof<Text> = decode_exact(&forged).expect("well-formed");
    let refused = proof.check(&map.root(), &Key(1));
    assert_eq!(refused, Err(ProofError::Contradiction { key }));
    assert_eq!(
        proof.check(&map.root(), &Key(2)),
        Ok(None),
        "true of another key"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))] // each hashes some thousand nodes

    #[test]
    fn any_changes_lead_where_the_model_says(changes in vec(change(), 0..60)) {
        let (mut map, mut model) = (Map::default(), Model::new());
        for change in changes {
            match change {
                Change::Insert(key, text) => {
                    map.insert(key, text.clone());
                    model.insert(key, text);
                }
                Change::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
            }
            prop_assert_eq!(map.root(), root_of(&model));
        }
        assert_same(&map, &model);
        for key in (0..50).map(Key) {
            prop_assert_eq!(map.get(&key), model.get(&key));
            prop_assert_eq!(map.contains_key(&key), model.contains_key(&key));
        }
    }

    #[test]
    fn other_contents_have_another_root(a in model(), b in model()) {
        prop_assert_eq!(map_of(&a).root() == map_of(&b).root(), a == b);
    }

    #[test]
    fn one_changed_entry_changes_the_root(model in model(), key in key(), text in text()) {
        let mut changed = model.clone();
        changed.insert(key, text);
        prop_assert_eq!(map_of(&model).root() == map_of(&changed).root(), model == changed);
    }

    #[test]
    fn clones_are_independent(model in model(), changes in vec(change(), 1..20)) {
        let map = map_of(&model);
        let mut clone = map.clone();
        for change in changes {
            match change {
                Change::Insert(key, text) => clone.insert(key, text),
                Change::Remove(key) => drop(clone.remove(&key)),
            }
        }
        assert_same(&map, &model);
    }

    #[test]
    fn proofs_show_what_is_there_and_what_is_not(model in model(), other in model()) {
        let map = map_of(&model);
        for key in (0..50).map(Key) {
            let proof = map.prove(&key);
            prop_assert_eq!(proof.check(&map.root(), &key), Ok(model.get(&key).cloned()));
            let decoded: Proof<Text> = decode_exact(&proof.to_vec()).expect("its own encoding");
            prop_assert_eq!(&decoded, &proof);
            let elsewhere = root_of(&other);
            if elsewhere != map.root() {
                let wrong = ProofError::WrongRoot { expected: elsewhere, computed: map.root() };
                prop_assert_eq!(proof.check(&elsewhere, &key), Err(wrong));
            }
        }
    }

    /// A proof of one key says nothing false of another.
    #[test]
    fn proofs_do_not_lie_about_other_keys(model in model(), proven in key(), asked in key()) {
        let map = map_of(&model);
        if let Ok(said) = map.prove(&proven).check(&map.root(), &asked) {
            prop_assert_eq!(said.as_ref(), model.get(&asked));
        }
    }

    #[test]
    fn every_changed_byte_is_noticed(model in model(), key in key(), flip in 1u8..) {
        let map = map_of(&model);
        let honest = map.prove(&key).to_vec();
        for place in 0..honest.len() {
            let mut bytes = honest.clone();
            bytes[place] ^= flip;
            if let Ok(proof) = decode_exact::<Proof<Text>>(&bytes) {
                prop_assert!(proof.check(&map.root(), &key).is_err(), "byte {}", place);
            }
            prop_assert!(decode_exact::<Proof<Text>>(&honest[..place]).is_err());
        }
    }

    #[test]
    fn junk_is_no_proof(junk in vec(any::<u8>(), 0..600), depth in 0u8..12, model in model()) {
        let map = map_of(&model);
        let mut shallow = junk.clone();
        shallow.splice(0..0, [depth]);
        for bytes in [junk, shallow] {
            if let Ok(proof) = Proof::<Text>::decode_from(&mut Reader::new(&bytes)) {
                let checked = proof.check(&map.root(), &Key(1));
                let honest = map.prove(&Key(1));
                prop_assert!(checked.is_err() || proof == honest);
            }
        }
    }
}
