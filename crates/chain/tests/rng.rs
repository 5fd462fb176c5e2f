//! Streams of randomness: pinned to the byte, and fair as far as counting can tell.
//! The pinned numbers come from an independent ChaCha8, written in Python.

use chain::{Micros, Stream, sha256};

fn words(stream: &mut Stream, count: usize) -> Vec<u64> {
    (0..count).map(|_| stream.next_u64()).collect()
}

/// draft-strombergson-chacha-test-vectors-00, TC1: all zero, 256-bit key, 8 rounds, first block.
#[test]
fn chacha8_test_vector_of_the_internet_draft() {
    let mut stream = Stream::from_key([0; 32]);
    let bytes: Vec<u8> = (0..16)
        .flat_map(|_| stream.next_u32().to_le_bytes())
        .collect();
    let expected = "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e\
                    984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42";
    assert_eq!(hex::encode(bytes), expected);
}

/// Recorded runs replay only while these hold.
#[test]
fn streams_are_pinned() {
    let cases = [
        (
            0,
            0,
            "mining",
            [0x74ef_2ddb_0c8d_8777, 0x16ec_2a33_bab3_a2ed],
        ),
        (
            1,
            0,
            "mining",
            [0xc5f8_ef93_d815_2d23, 0x28b4_c40d_f14a_b62d],
        ),
        (
            0,
            1,
            "mining",
            [0xd868_3658_1bfa_9279, 0xebf2_4373_0573_b272],
        ),
        (
            0,
            0,
            "gossip",
            [0x648f_2cb8_df85_c523, 0xacb1_d739_0bbe_5061],
        ),
        (
            u64::MAX,
            u32::MAX,
            "",
            [0xc9e2_0f8c_dfbd_2481, 0x22d6_2e2c_44c8_2e77],
        ),
    ];
    for (seed, node, purpose, expected) in cases {
        assert_eq!(
            words(&mut Stream::new(seed, node, purpose), 2),
            expected,
            "{seed} {node} {purpose}"
        );
    }
}

/// Across the ends of blocks and buffers, in steps of eight bytes from an odd multiple of four.
#[test]
fn long_streams_are_pinned() {
    let mut stream = Stream::new(0, 0, "mining");
    let bytes: Vec<u8> = words(&mut stream, 300)
        .into_iter()
        .flat_map(u64::to_le_bytes)
        .collect();
    assert_eq!(
        hex::encode(sha256(&bytes)),
        "35cd29c5904afe02d7a445bfd5a1c524572831c74cd1542fa285090d3200214d"
    );
    let mut odd = Stream::new(0, 0, "mining");
    odd.next_u32();
    assert_eq!(words(&mut odd, 301).last(), Some(&0xdf68_f430_75cd_da14));
}

#[test]
fn draws_are_pinned() {
    let mut stream = Stream::new(0, 0, "mining");
    let digits: Vec<u64> = (0..16).map(|_| stream.below(10)).collect();
    assert_eq!(digits, [4, 0, 7, 7, 4, 9, 6, 4, 7, 5, 8, 6, 6, 7, 6, 3]);
    let mut stream = Stream::new(0, 0, "mining");
    let waits: Vec<u64> = (0..8)
        .map(|_| stream.exp_micros(Micros(1_000_000)).0)
        .collect();
    assert_eq!(
        waits,
        [
            783_565, 2_413_058, 305_492, 266_409, 873_248, 62_624, 357_844, 842_342
        ]
    );
}

#[test]
fn a_clone_goes_on_with_the_same_numbers() {
    let mut stream = Stream::new(9, 9, "clone");
    words(&mut stream, 13);
    let mut twin = stream.clone();
    assert_eq!(stream, twin);
    assert_eq!(words(&mut stream, 100), words(&mut twin, 100));
    stream.next_u32();
    assert_ne!(stream, twin);
}

#[test]
fn below_is_in_bounds_and_unbiased() {
    let mut stream = Stream::new(1, 2, "below");
    assert!((0..100).all(|_| stream.below(1) == 0));
    // Without rejection, the lower third would be drawn half as often again.
    let bound = 3 << 62;
    let draws: Vec<u64> = (0..60_000).map(|_| stream.below(bound)).collect();
    assert!(draws.iter().all(|draw| *draw < bound));
    for third in 0..3 {
        let count = draws.iter().filter(|draw| **draw >> 62 == third).count();
        // 20,000 expected, standard deviation 115.
        assert!(count.abs_diff(20_000) < 700, "third {third}: {count}");
    }
    let mut counts = [0u32; 7];
    (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1);
    // 10,000 expected, standard deviation 93.
    assert!(
        counts.iter().all(|count| count.abs_diff(10_000) < 560),
        "{counts:?}"
    );
}

#[test]
#[should_panic(expected = "no number is below zero")]
fn below_zero_is_the_callers_mistake() {
    Stream::new(0, 0, "zero").below(0);
}

#[test]
fn pick_knows_empty_lists() {
    let mut stream = Stream::new(0, 0, "pick");
    let before = stream.clone();
    assert_eq!(stream.pick::<u8>(&[]), None);
    assert_eq!(stream, before, "no draw");
    assert_eq!(stream.pick(&[7]), Some(&7));
    let mut seen = [false; 5];
    (0..200).for_each(|_| seen[*stream.pick(&[0, 1, 2, 3, 4]).unwrap()] = true);
    assert_eq!(seen, [true; 5]);
}

#[test]
fn chance_is_in_parts_per_million() {
    let mut stream = Stream::new(3, 0, "chance");
    assert!((0..1_000).all(|_| !stream.chance(0)));
    assert!((0..1_000).all(|_| stream.chance(1_000_000) && stream.chance(u32::MAX)));
    let hits = (0..100_000).filter(|_| stream.chance(30_000)).count();
    // 3,000 expected, standard deviation 54.
    assert!(hits.abs_diff(3_000) < 330, "{hits}");
}

/// Mean, median, tail and second moment of an exponential distribution.
#[test]
fn waiting_times_are_exponential() {
    const COUNT: u64 = 200_000;
    const MEAN: u64 = 10_000_000;
    let mut stream = Stream::new(4, 0, "exp");
    let waits: Vec<u64> = (0..COUNT)
        .map(|_| stream.exp_micros(Micros(MEAN)).0)
        .collect();
    let near = |found: u64, expected: u64, bound: u64, what: &str| {
        assert!(
            found.abs_diff(expected) < bound,
            "{what}: {found}, expected {expected}"
        );
    };
    // Bounds are six standard deviations.
    near(waits.iter().sum::<u64>() / COUNT, MEAN, 134_000, "mean");
    let above = |limit: u64| waits.iter().filter(|wait| **wait > limit).count() as u64;
    near(above(6_931_472), COUNT / 2, 1_350, "beyond the median");
    near(above(3 * MEAN), 9_957, 590, "beyond three means");
    let squares: u128 = waits.iter().map(|wait| u128::from(*wait).pow(2)).sum();
    let second = (squares / u128::from(COUNT) / u128::from(MEAN)) as u64;
    near(second, 2 * MEAN, 600_000, "second moment by mean");
}

#[test]
fn waiting_times_have_no_edges() {
    let mut stream = Stream::new(5, 0, "edges");
    assert!((0..100).all(|_| stream.exp_micros(Micros(0)) == Micros(0)));
    assert!((0..100).all(|_| stream.exp_micros(Micros(1)) < Micros(45)));
    let longest = (0..100).map(|_| stream.exp_micros(Micros(u64::MAX))).max();
    assert_eq!(
        longest,
        Some(Micros(u64::MAX)),
        "stops there and does not wrap"
    );
}
