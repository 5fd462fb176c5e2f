//! Rooms and their links: which are refused and with which code, and that valid ones survive a
//! round trip.

use chain::{CompactTarget, block_proof};
use proptest::prelude::*;
use scenario::{Room, RoomError};

const LINK: &str = "/live?room=maple-river&spacing=10&bits=1e00ffff&window=8&halving=210000";

fn code(link: &str) -> String {
    Room::parse(link).expect_err(link).code()
}

#[test]
fn a_link_typed_by_hand_needs_no_checksum() {
    let room = Room::parse(LINK).expect("a room");
    assert_eq!(room.name(), "maple-river");
    assert_eq!(
        (room.spacing(), room.window(), room.halving()),
        (10, 8, 210_000)
    );
    assert_eq!(Room::parse(&room.link()), Ok(room.clone()));
    assert_eq!(Room::parse(&format!("#{}", room.link())), Ok(room));
}

/// Links cut short or decorated by chat programs, and hostile ones: each is refused with its own
/// code.
#[test]
fn bad_links_are_refused_with_a_code() {
    let with = |from: &str, to: &str| LINK.replace(from, to);
    for (link, expected) in [
        (with("/live", "/elsewhere"), "not-a-room"),
        ("".into(), "not-a-room"),
        (with("room=maple-river&", ""), "missing-room"),
        (with("&window=8", ""), "missing-window"),
        (with("maple-river", ""), "name"),
        (with("maple-river", "Maple"), "name"),
        (with("maple-river", "../../etc"), "name"),
        (with("maple-river", "<img src=x onerror=alert(1)>"), "name"),
        (with("maple-river", &"a".repeat(33)), "name"),
        (with("spacing=10", "spacing=0"), "spacing-range"),
        (with("spacing=10", "spacing=3601"), "spacing-range"),
        (with("spacing=10", "spacing=-1"), "spacing-number"),
        (with("spacing=10", "spacing=1e3"), "spacing-number"),
        (with("spacing=10", "spacing=NaN"), "spacing-number"),
        (with("spacing=10", "spacing=+10"), "spacing-number"),
        (
            with("spacing=10", "spacing=99999999999999999999"),
            "spacing-number",
        ),
        (with("bits=1e00ffff", "bits=00000000"), "bits-range"),
        (with("bits=1e00ffff", "bits=ffffffff"), "bits-range"),
        (with("bits=1e00ffff", "bits=ff123456"), "bits-range"),
        (with("bits=1e00ffff", "bits=217fffff"), "bits-range"),
        (with("bits=1e00ffff", "bits=1e80ffff"), "bits-range"),
        (with("bits=1e00ffff", "bits=1e0000ff"), "bits-range"),
        (with("window=8", "window=1"), "window-range"),
        (with("window=8", "window=3"), "window-range"),
        (with("window=8", "window=2017"), "window-range"),
        (with("window=8", "window=4294967295"), "window-range"),
        (with("halving=210000", "halving=0"), "halving-range"),
        // More than 21 million coins in all.
        (with("halving=210000", "halving=210001"), "halving-range"),
        (with("halving=210000", "halving=210000."), "halving-number"),
        (with("halving=210000", "halving=210000)"), "halving-number"),
        (format!("{LINK}&autorun=1"), "unknown"),
        (format!("{LINK}&room=other"), "twice"),
        (format!("{LINK}{}", "0".repeat(1_000)), "too-long"),
    ] {
        assert_eq!(code(&link), expected, "{link}");
    }
}

#[test]
fn a_link_cut_anywhere_is_never_another_room() {
    let room = Room::parse(LINK).expect("a room");
    let link = room.link();
    for end in 0..link.len() {
        assert!(
            Room::parse(&link[..end]).is_err(),
            "cut to {}",
            &link[..end]
        );
    }
    let changed = link.replace("spacing=10", "spacing=11");
    assert_eq!(code(&changed), "damaged");
}

#[test]
fn rooms_differ_in_identity_if_they_differ_in_anything() {
    let ids: Vec<_> = [
        LINK.to_string(),
        LINK.replace("maple", "birch"),
        LINK.replace("spacing=10", "spacing=11"),
        LINK.replace("1e00ffff", "1e00fffe"),
        LINK.replace("window=8", "window=9"),
        LINK.replace("210000", "209999"),
    ]
    .iter()
    .map(|link| {
        let room = Room::parse(link).expect("a room");
        (room.id(), room.params().genesis_id())
    })
    .collect();
    for (index, (id, genesis)) in ids.iter().enumerate() {
        for (other_id, other_genesis) in &ids[..index] {
            assert_ne!(id, other_id);
            assert_ne!(genesis, other_genesis);
        }
    }
}

/// The expected tries for the first block are what the machine does in two seconds at the gentle
/// setting, within the rounding of compact bits.
#[test]
fn a_fresh_room_is_aimed_at_the_machine() {
    for rate in [10_000u64, 5_800_000, 1_000_000_000] {
        let room = Room::fresh(7, rate);
        let tries = u64::try_from(block_proof(room.bits()).0).expect("few");
        assert!(
            tries.abs_diff(rate) < rate / 1_000 + 2,
            "{tries} tries at {rate} a second"
        );
    }
    assert_eq!(Room::fresh(7, 0).bits(), CompactTarget(0x207f_ffff));
    assert!(Room::fresh(7, u64::MAX).bits().to_target().is_ok());
}

proptest! {
    #[test]
    fn every_room_comes_back_from_its_link(
        name in "[a-z0-9-]{1,32}", spacing in 1u32..=3600, mantissa in 0x8000u32..=0x7f_ffff,
        size in 4u32..=0x1f, window in 4u32..=2016, halving in 1u32..=210_000,
    ) {
        let bits = CompactTarget(size << 24 | mantissa);
        let room = Room::new(&name, spacing, bits, window, halving).expect("within limits");
        prop_assert_eq!(Room::parse(&room.link()), Ok(room));
    }

    #[test]
    fn random_links_never_panic(link in ".{0,500}") {
        let _: Result<Room, RoomError> = Room::parse(&link);
    }

    #[test]
    fn random_values_never_make_a_room_outside_its_limits(query in "(room|check|spacing|bits|window|halving|=|&|[0-9a-f]{1,9}|[a-z-]){0,40}") {
        if let Ok(room) = Room::parse(&format!("/live?{query}")) {
            prop_assert!((1..=3600).contains(&room.spacing()));
            prop_assert!((4..=2016).contains(&room.window()));
            let _ = room.params();
        }
    }

    #[test]
    fn any_measured_rate_gives_a_room(random: u64, rate: u64) {
        let room = Room::fresh(random, rate);
        prop_assert_eq!(Room::parse(&room.link()), Ok(room));
    }
}
