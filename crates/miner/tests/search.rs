//! The kernels against `sha2` alone and against real mined blocks. The same tests run
//! natively, in Node and (through `browser.rs`) in a browser's worker.

use miner::{Backend, Found, HeaderBytes, TargetBytes, backend, search, search_plain, search_with};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use wasm_bindgen_test::wasm_bindgen_test;

const EVERY_HASH_WINS: TargetBytes = [0xff; 32];
const NO_HASH_WINS: TargetBytes = [0; 32];
const NONE: [u32; 0] = [];
/// The widest vector there is.
const LANES: u64 = 16;

/// The result of a search: nonces tried and nonces found.
type Outcome = (u64, Vec<u32>);

fn backends() -> impl Iterator<Item = Backend> {
    Backend::ALL
        .into_iter()
        .filter(|backend| backend.is_available())
}

fn run(
    backend: Backend,
    header: &HeaderBytes,
    target: &TargetBytes,
    start: u32,
    count: u64,
) -> Outcome {
    let mut found = Found::new();
    let tried = search_with(backend, header, target, start, count, &mut found);
    (tried.expect("it is available"), found.as_slice().to_vec())
}

fn plain(header: &HeaderBytes, target: &TargetBytes, start: u32, count: u64) -> Outcome {
    let mut found = Found::new();
    let tried = search_plain(header, target, start, count, &mut found);
    (tried, found.as_slice().to_vec())
}

/// Checks that all kernels give the same result as the plain search.
fn agree(header: &HeaderBytes, target: &TargetBytes, start: u32, count: u64) {
    let expected = plain(header, target, start, count);
    for backend in backends() {
        let got = run(backend, header, target, start, count);
        assert_eq!(
            got, expected,
            "{backend:?} from {start}, {count} nonces, target {target:x?}"
        );
    }
}

fn header_of(line: &str) -> HeaderBytes {
    let bytes = (0..line.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&line[at..at + 2], 16));
    let bytes: Vec<u8> = bytes.collect::<Result<_, _>>().expect("hex");
    bytes.try_into().expect("80 bytes")
}

fn word(header: &HeaderBytes, at: usize) -> u32 {
    u32::from_le_bytes(header[at..at + 4].try_into().expect("4 bytes"))
}

/// The target that a header claims, for the plain positive values that real headers hold.
fn target_of(header: &HeaderBytes) -> TargetBytes {
    let bits = word(header, 72);
    let at = (bits >> 24) as usize - 3;
    let mut target = [0; 32];
    target[at..at + 3].copy_from_slice(&bits.to_le_bytes()[..3]);
    target
}

/// `target` minus one.
fn below(mut target: TargetBytes) -> TargetBytes {
    for byte in &mut target {
        let (less, borrow) = byte.overflowing_sub(1);
        *byte = less;
        if !borrow {
            break;
        }
    }
    target
}

fn hash(header: &HeaderBytes, nonce: u32) -> [u8; 32] {
    let mut header = *header;
    header[76..].copy_from_slice(&nonce.to_le_bytes());
    Sha256::digest(Sha256::digest(header)).into()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_best_kernel_of_this_machine_is_a_wide_one() {
    assert!(backend().is_available());
    if cfg!(target_arch = "wasm32") {
        assert_eq!(backend(), Backend::Simd128);
        assert!(!Backend::Avx512.is_available());
    } else {
        assert_eq!(
            search_with(
                Backend::Simd128,
                &[0; 80],
                &EVERY_HASH_WINS,
                0,
                1,
                &mut Found::new()
            ),
            None
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_genesis_block_is_found() {
    let header = header_of(
        include_str!("data/bitcoin_headers.txt")
            .lines()
            .next()
            .expect("a line"),
    );
    let mut found = Found::new();
    let tried = search(
        &header,
        &target_of(&header),
        2_083_230_000,
        10_000,
        &mut found,
    );
    assert_eq!((tried, found.as_slice()), (10_000, &[2_083_236_893][..]));
}

#[wasm_bindgen_test(unsupported = test)]
fn real_blocks_are_found_in_every_lane_and_their_boundaries_hold() {
    for line in include_str!("data/bitcoin_headers.txt").lines() {
        let header = header_of(line);
        let (nonce, target) = (word(&header, 76), target_of(&header));
        for backend in backends() {
            for lane in 0..LANES as u32 {
                let got = run(backend, &header, &target, nonce - lane, 2 * LANES);
                assert_eq!(got, (2 * LANES, vec![nonce]), "{backend:?}, lane {lane}");
            }
            assert_eq!(
                run(backend, &header, &target, nonce - 5, 5).1,
                NONE,
                "the range ends before"
            );
            assert_eq!(run(backend, &header, &target, nonce - 5, 6).1, [nonce]);
            let exact = hash(&header, nonce);
            assert_eq!(
                run(backend, &header, &exact, nonce, 1).1,
                [nonce],
                "equal wins"
            );
            assert_eq!(
                run(backend, &header, &below(exact), nonce, 1).1,
                NONE,
                "one more loses"
            );
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_nonce_in_the_header_does_not_matter() {
    let target = [0x7f; 32];
    for backend in backends() {
        let mut other = [5; 80];
        other[76..].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(
            run(backend, &[5; 80], &target, 0, 20),
            run(backend, &other, &target, 0, 20)
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn ranges_of_every_small_length_agree() {
    for target in [EVERY_HASH_WINS, NO_HASH_WINS, [0x7f; 32]] {
        for count in 0..=2 * LANES + 1 {
            agree(&[9; 80], &target, 1000, count);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_range_never_wraps_past_the_last_nonce() {
    for back in 0..=LANES as u32 + 1 {
        let start = u32::MAX - back;
        for count in [
            0,
            1,
            LANES - 1,
            LANES,
            LANES + 1,
            100,
            u64::from(u32::MAX),
            1 << 32,
            u64::MAX,
        ] {
            agree(&[3; 80], &EVERY_HASH_WINS, start, count);
            agree(&[3; 80], &NO_HASH_WINS, start, count);
        }
        for backend in backends() {
            let (tried, _) = run(backend, &[3; 80], &NO_HASH_WINS, start, u64::MAX);
            assert_eq!(tried, u64::from(back) + 1);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_list_stops_the_search_and_nothing_is_lost() {
    let (start, count) = (u32::MAX - 99, 100);
    for backend in backends() {
        let (mut all, mut found, mut done) = (Vec::new(), Found::new(), 0);
        while done < count {
            let at = start + done as u32;
            let tried = search_with(backend, &[1; 80], &[0x9f; 32], at, count - done, &mut found);
            done += tried.expect("it is available");
            if done < count {
                assert!(found.is_full());
                let more = search_with(backend, &[1; 80], &[0x9f; 32], at, 1, &mut found);
                assert_eq!(more, Some(0), "a full list admits nothing");
                let last = found.as_slice().last().copied();
                assert_eq!(
                    last,
                    Some(start + done as u32 - 1),
                    "the last one tried is the last one found"
                );
            }
            all.extend_from_slice(found.as_slice());
            found.clear();
        }
        let won = |&nonce: &u32| hash(&[1; 80], nonce)[31] < 0x9f;
        let expected: Vec<u32> = (start..=u32::MAX).filter(won).collect();
        assert!(expected.len() > Found::CAPACITY);
        assert_eq!(all, expected, "{backend:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_half_full_list_is_added_to() {
    for backend in backends() {
        let mut found = Found::new();
        search_with(backend, &[1; 80], &EVERY_HASH_WINS, 0, 10, &mut found);
        let tried = search_with(backend, &[1; 80], &EVERY_HASH_WINS, 50, 10, &mut found);
        assert_eq!(tried, Some(6));
        assert_eq!(found.as_slice()[9..], [9, 50, 51, 52, 53, 54, 55]);
    }
}

/// Headers of any content.
fn headers() -> impl Strategy<Value = HeaderBytes> {
    (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 16]>()).prop_map(|(a, b, c)| {
        let mut header = [0; 80];
        header[..32].copy_from_slice(&a);
        header[32..64].copy_from_slice(&b);
        header[64..].copy_from_slice(&c);
        header
    })
}

/// Targets from "all win" to "one in a thousand".
fn targets() -> impl Strategy<Value = TargetBytes> {
    (any::<[u8; 32]>(), 0..10_u32).prop_map(|(mut target, zeros)| {
        let top = u16::from_le_bytes([target[30], target[31]]) | 0x8000;
        target[30..].copy_from_slice(&(top >> zeros).to_le_bytes());
        target
    })
}

/// Starts anywhere, often close enough to the last nonce that the range reaches it.
fn starts() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0..200_u32).prop_map(|back| u32::MAX - back),
        Just(0)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[wasm_bindgen_test(unsupported = test)]
    fn every_kernel_comes_to_the_same_as_plain_sha2(
        header in headers(), target in targets(), start in starts(), count in 0..300_u64,
    ) {
        agree(&header, &target, start, count);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_hash_equal_to_the_target_wins_and_one_above_loses(
        header in headers(), start in starts(), ahead in 0..40_u32,
    ) {
        let nonce = start.saturating_add(ahead);
        let target = hash(&header, nonce);
        agree(&header, &target, start, 40);
        agree(&header, &below(target), start, 40);
        for backend in backends() {
            prop_assert_eq!(run(backend, &header, &target, nonce, 1).1, [nonce]);
            prop_assert_eq!(run(backend, &header, &below(target), nonce, 1).1, NONE);
        }
    }
}
