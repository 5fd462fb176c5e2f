//! Merkle trees: published roots, mutations, branches.
#![cfg(not(target_arch = "wasm32"))]

use chain::merkle::{branch, node, root, root_from_branch, verify_branch};
use chain::sha256d;
use proptest::prelude::*;

/// Leaf i is the double hash of the byte i.
fn leaves(list: &[u8]) -> Vec<[u8; 32]> {
    list.iter().map(|byte| sha256d(&[*byte])).collect()
}

/// Level by level, with Bitcoin Core's test on each pair: slow, plain and independent of ours.
fn plain_root(leaves: &[[u8; 32]]) -> ([u8; 32], bool) {
    let mut level = leaves.to_vec();
    let mut mutated = false;
    while level.len() > 1 {
        mutated |= level.chunks_exact(2).any(|pair| pair[0] == pair[1]);
        level = level
            .chunks(2)
            .map(|pair| node(&pair[0], pair.last().expect("one")))
            .collect();
    }
    (level.first().copied().unwrap_or([0; 32]), mutated)
}

#[test]
fn published_roots_and_mutations_cve_2012_2459() {
    let three = "71c2019cacbda1abc3ed7f33b6adf0185e78ad73aca98d840120c47f68f33ff7";
    let four = "754d8379df52a12e2f1ec30abb8cb9fe0154fde8d5dd9fb7a9a9495696d2c3dd";
    let five = "ee09076c3684c63cc396165ebbb83858ea224cc404f27f696eb83b160cdfd88f";
    let six = "df316ddf151a6d7f65a868df97de2168ed674371119b038bb97c9926b3f7948d";
    let seven = "90782a1fca1e73de2efa8d7f3af3bd9d02164815abd8d65e4f70e3dc4be91d7d";
    let twice_four = "98720f0b7a5969302fa71db0225a9944f1cdab7e8b72e2d81ffd6b689d049a90";
    let cases: [(&[u8], &str, bool); 11] = [
        (&[1, 2, 3], three, false),
        (&[1, 2, 3, 3], three, true),
        (&[1, 2, 3, 4], four, false),
        (&[1, 2, 3, 4, 5], five, false),
        (&[1, 2, 3, 4, 5, 5], five, true),
        (&[1, 2, 3, 4, 5, 5, 5, 5], five, true),
        (&[1, 2, 3, 4, 5, 6], six, false),
        (&[1, 2, 3, 4, 5, 6, 5, 6], six, true),
        (&[1, 2, 3, 4, 5, 6, 7], seven, false),
        (&[1, 2, 3, 4, 5, 6, 7, 7], seven, true),
        (&[1, 2, 3, 4, 1, 2, 3, 4], twice_four, true),
    ];
    let first = "9c12cfdc04c74584d787ac3d23772132c18524bc7ab28dec4219b8fc5b425f70";
    assert_eq!(hex::encode(sha256d(&[1])), first);
    for (list, expected, mutated) in cases {
        let found = root(leaves(list));
        assert_eq!(
            (hex::encode(found.hash).as_str(), found.mutated),
            (expected, mutated)
        );
    }
}

#[test]
fn one_leaf_is_the_root_and_none_has_none() {
    let one = leaves(&[1]);
    assert_eq!(root(one.clone()).hash, one[0]);
    assert_eq!(branch(&one, 0), Some(vec![]));
    assert_eq!(root([]).hash, [0; 32]);
    assert_eq!(branch(&[], 0), None);
}

/// `merkle_tests.cpp`: sizes 0 to 16 and larger ones, up to three repetitions of the tail.
fn repeat_tail_and_check(size: usize) -> Result<(), TestCaseError> {
    let mut list: Vec<[u8; 32]> = (0..size as u32)
        .map(|i| sha256d(&i.to_le_bytes()))
        .collect();
    let honest = root(list.iter().copied());
    prop_assert!(!honest.mutated);
    prop_assert_eq!((honest.hash, honest.mutated), plain_root(&list));
    for _ in 0..3 {
        let Some(tail) = 1_usize.checked_shl(list.len().trailing_zeros()) else {
            break;
        };
        if list.is_empty() || tail == list.len() {
            break; // Repeating a full tree gives another root.
        }
        list.extend_from_within(list.len() - tail..);
        let mutated = root(list.iter().copied());
        prop_assert_eq!(mutated.hash, honest.hash);
        prop_assert!(mutated.mutated);
        prop_assert_eq!((mutated.hash, mutated.mutated), plain_root(&list));
    }
    Ok(())
}

#[test]
fn small_trees_with_repeated_tails() {
    for size in 0..=16 {
        repeat_tail_and_check(size).unwrap_or_else(|error| panic!("{size}: {error}"));
    }
}

#[test]
fn branches_of_small_trees_lead_to_the_root_from_their_leaf_only() {
    for size in 1..=33_u32 {
        let list: Vec<[u8; 32]> = (0..size).map(|i| sha256d(&i.to_le_bytes())).collect();
        let top = root(list.iter().copied()).hash;
        for index in 0..size {
            let siblings = branch(&list, index as usize).expect("a leaf");
            assert!(verify_branch(list[index as usize], &siblings, index, &top));
            assert_eq!(
                root_from_branch(list[index as usize], &siblings, index),
                top
            );
            let other = list[(index as usize + 1) % list.len()];
            assert!(size == 1 || !verify_branch(other, &siblings, index, &top));
            let outside = index | 1 << siblings.len();
            assert!(!verify_branch(
                list[index as usize],
                &siblings,
                outside,
                &top
            ));
        }
        assert_eq!(branch(&list, size as usize), None);
    }
}

#[test]
fn a_branch_longer_than_any_tree_is_refused() {
    let long = vec![[7; 32]; 33];
    let top = root_from_branch([1; 32], &long, 0);
    assert!(!verify_branch([1; 32], &long, 0, &top));
    assert!(verify_branch(
        [1; 32],
        &long[..32],
        0,
        &root_from_branch([1; 32], &long[..32], 0)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn large_trees_with_repeated_tails(size in 17_usize..4000) {
        repeat_tail_and_check(size)?;
    }

    #[test]
    fn lists_with_repetitions_are_flagged_as_the_plain_way_does(
        list in prop::collection::vec(0_u8..4, 0..40)
    ) {
        let list = leaves(&list);
        let found = root(list.iter().copied());
        prop_assert_eq!((found.hash, found.mutated), plain_root(&list));
    }

    #[test]
    fn branches_of_large_trees(size in 34_u32..2000, at: prop::sample::Index) {
        let list: Vec<[u8; 32]> = (0..size).map(|i| sha256d(&i.to_le_bytes())).collect();
        let index = at.index(list.len());
        let siblings = branch(&list, index).expect("a leaf");
        let top = root(list.iter().copied()).hash;
        prop_assert!(verify_branch(list[index], &siblings, index as u32, &top));
    }
}
