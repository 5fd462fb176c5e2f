//! Rooms and their links: which are refused and with which code, and that valid ones survive a
//! round trip.

use std::collections::BTreeSet;

use chain::{CompactTarget, Seat, block_proof};
use proptest::prelude::*;
use protocol::Shape;
use scenario::{Draft, ProtocolOutline, Room, RoomError};

const LINK: &str = "/live?room=maple-river&spacing=10&bits=1e00ffff&window=8&halving=210000";
/// A room in which slots are decided.
const SLOTS: &str = "/live?room=maple-river&protocol=raft&ledger=kv&seats=5&heartbeat=250\
                     &election=750&batch=64&resend=2500&snapshot=1000&piece=32768&reads=0";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A room of a protocol with the ledger that is usual.
fn room_of(
    name: &str,
    protocol: &ProtocolOutline,
    values: &[(&str, u64)],
) -> Result<Room, RoomError> {
    Room::new(&Draft {
        name,
        protocol: Some(protocol.id),
        ledger: protocol.usual_ledger().map(|ledger| ledger.id),
        values,
    })
}

fn code(link: &str) -> String {
    Room::parse(link).expect_err(link).code()
}

#[test]
fn a_link_typed_by_hand_needs_no_checksum() {
    let room = Room::parse(LINK).expect("a room");
    assert_eq!(room.name(), "maple-river");
    let value = |name| room.value(name);
    assert_eq!(
        (value("spacing"), value("window"), value("halving")),
        (Some(10), Some(8), Some(210_000))
    );
    assert_eq!(value("bits"), Some(0x1e00_ffff));
    assert_eq!((value("seats"), room.seats()), (None, 0));
    assert_eq!(Room::parse(&room.link()), Ok(room.clone()));
    assert_eq!(Room::parse(&format!("#{}", room.link())), Ok(room));
}

/// Links that were made when there was one protocol: people find their chains under these ids.
#[test]
fn links_of_the_first_release_lead_to_the_same_rooms() {
    let room = Room::parse(LINK).expect("a room");
    assert_eq!(
        room.link(),
        "/live?room=maple-river&check=7073&spacing=10&bits=1e00ffff&window=8&halving=210000"
    );
    assert_eq!(hex(&room.id().0), "4f7e943eb2e1fc4c2debe755bc73d2b6");
    let genesis = room.chain().genesis_id().to_string();
    assert_eq!(
        genesis,
        "1861ad04e23bfc4e959c0426c7f19f440c0228c581e4d7cc64a8f2a061dcacde"
    );
    let explicit = LINK.replace("&spacing", "&protocol=pow&ledger=utxo&spacing");
    assert_eq!(Room::parse(&explicit), Ok(room));
}

/// What rooms of slots have that do not say, protocol by protocol, and the ids of such rooms. People
/// find what they decided under these ids, and links leave defaults out: none may ever change.
const DEFAULTS: [(&str, &str, &str, &str); 2] = [
    (
        "raft",
        "7f43",
        "heartbeat=250&election=750&batch=64&resend=2500&snapshot=1000&piece=32768&reads=0&voters=0&joint=1&hasty=0&pre-vote=1&check-quorum=1",
        "f6f12b8f7aec3c8b1518979cc48bba9e",
    ),
    (
        "pbft",
        "1c02",
        "timeout=5000&interval=16&batch=1&resend=2500&macs=0",
        "19ab965952344f7e3bf107abda5ff444",
    ),
];

#[test]
fn links_leave_defaults_out_and_these_stay_for_ever() {
    let slots = ProtocolOutline::all().iter();
    for protocol in slots.filter(|one| one.shape == Shape::Slots) {
        let known = DEFAULTS.iter().find(|(name, ..)| *name == protocol.id);
        let (name, check, defaults, id) = known.expect("every protocol's defaults stand here");
        let rest = format!("protocol={name}&ledger=kv&seats=5");
        let room = Room::parse(&format!("/live?room=maple-river&{rest}&{defaults}"));
        let room = room.expect("a room");
        let link = format!("/live?room=maple-river&check={check}&{rest}");
        assert_eq!((room.link(), hex(&room.id().0)), (link, (*id).to_owned()));
        assert_eq!(Room::parse(&room.link()), Ok(room.clone()));
        let said: Vec<&str> = defaults.split('&').collect();
        let all = room.params().filter(|(spec, _)| spec.name != "seats");
        let all: Vec<_> = all
            .map(|(spec, value)| format!("{}={value}", spec.name))
            .collect();
        assert_eq!(all, said, "a new parameter's default belongs here, too");
    }
}

#[test]
fn a_room_of_slots_says_so_and_knows_its_members() {
    let room = Room::parse(SLOTS).expect("a room");
    assert_eq!((room.protocol().id, room.ledger().id), ("raft", "kv"));
    assert_eq!(room.protocol().shape, Shape::Slots);
    assert_eq!((room.seats(), room.value("election")), (5, Some(750)));
    assert_eq!(Room::parse(&room.link()), Ok(room.clone()));
    let members: BTreeSet<_> = room.members().into_iter().collect();
    assert_eq!(members.len(), 5);
    let key = room.seat_key(Seat(3)).public_key();
    assert_eq!(room.members()[3], key.peer_id());
    let other = Room::parse(&SLOTS.replace("batch=64", "batch=65")).expect("a room");
    assert!(other.members().iter().all(|one| !members.contains(one)));
    assert_ne!(other.id(), room.id());
}

/// What a simulated network does in milliseconds takes the tabs of a busy machine longer.
#[test]
fn a_draft_takes_defaults_for_what_it_does_not_say() {
    let room = Room::new(&Draft {
        name: "maple-river",
        protocol: Some("raft"),
        ledger: Some("kv"),
        values: &[],
    });
    assert_eq!(room, Room::parse(SLOTS));
    let room = Room::new(&Draft {
        name: "maple-river",
        values: &[("bits", 0x1e00_ffff)],
        ..Draft::default()
    });
    assert_eq!(room, Room::parse(LINK));
    let unknown = Room::new(&Draft {
        name: "a",
        values: &[("heartbeat", 5)],
        ..Draft::default()
    });
    assert_eq!(unknown, Err(RoomError::Unknown("heartbeat".into())));
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
        (format!("{LINK}&seats=5"), "unknown"),
        (format!("{LINK}&protocol=paxos"), "protocol"),
        (format!("{LINK}&protocol=RAFT"), "protocol"),
        (format!("{LINK}&ledger=evm"), "ledger"),
        (format!("{LINK}&ledger=kv"), "ledger-protocol"),
        (SLOTS.replace("&ledger=kv", ""), "ledger-protocol"),
        (SLOTS.replace("&seats=5", ""), "missing-seats"),
        (SLOTS.replace("seats=5", "seats=2"), "seats-range"),
        (SLOTS.replace("seats=5", "seats=10"), "seats-range"),
        (
            SLOTS.replace("seats=5", "seats=18446744073709551616"),
            "seats-number",
        ),
        (SLOTS.replace("batch=64", "batch=0x40"), "batch-number"),
        (format!("{SLOTS}&spacing=10"), "unknown"),
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
    let slots = Room::parse(SLOTS).expect("a room").link();
    let other = SLOTS.replace("heartbeat=250&election=750", "heartbeat=100&election=300");
    let other = Room::parse(&other).expect("a room").link();
    assert!(other.ends_with("&seats=5&heartbeat=100&election=300"));
    for link in [&link, &slots, &other] {
        for end in 0..link.len() {
            let cut = &link[..end];
            assert!(Room::parse(cut).is_err(), "cut to {cut}");
        }
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
        (room.id(), room.chain().genesis_id())
    })
    .collect();
    for (index, (id, genesis)) in ids.iter().enumerate() {
        for (other_id, other_genesis) in &ids[..index] {
            assert_ne!(id, other_id);
            assert_ne!(genesis, other_genesis);
        }
    }
}

fn bits(room: &Room) -> CompactTarget {
    let bits = room.value("bits").expect("a parameter");
    CompactTarget(bits.try_into().expect("32 bits"))
}

/// Every protocol with its ledger, for which links and forms are made.
#[test]
fn parameters_have_names_of_their_own_and_links_hold_them_all() {
    for protocol in ProtocolOutline::all() {
        let ledger = protocol.usual_ledger().expect("a ledger that suits it");
        let specs: Vec<_> = Room::specs(protocol, ledger).collect();
        let names: BTreeSet<_> = specs.iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), specs.len(), "{}", protocol.id);
        for taken in ["room", "check", "protocol", "ledger"] {
            assert!(!names.contains(taken), "{}: {taken}", protocol.id);
        }
        let highest: Vec<_> = specs.iter().map(|spec| (spec.name, spec.max)).collect();
        let name = "a".repeat(scenario::MAX_NAME);
        let room = room_of(&name, protocol, &highest).expect("limits are included");
        assert_eq!(Room::parse(&room.link()), Ok(room));
    }
}

/// The expected tries for the first block are what the machine does in two seconds at the gentle
/// setting, within the rounding of compact bits.
#[test]
fn a_fresh_room_is_aimed_at_the_machine() {
    for rate in [10_000u64, 5_800_000, 1_000_000_000] {
        let room = Room::fresh(7, rate);
        let tries = u64::try_from(block_proof(bits(&room)).0).expect("few");
        assert!(
            tries.abs_diff(rate) < rate / 1_000 + 2,
            "{tries} tries at {rate} a second"
        );
    }
    assert_eq!(bits(&Room::fresh(7, 0)), CompactTarget(0x207f_ffff));
    assert!(bits(&Room::fresh(7, u64::MAX)).to_target().is_ok());
}

proptest! {
    #[test]
    fn every_room_comes_back_from_its_link(
        name in "[a-z0-9-]{1,32}", spacing in 1u32..=3600, mantissa in 0x8000u32..=0x7f_ffff,
        size in 4u32..=0x1f, window in 4u32..=2016, halving in 1u32..=210_000,
    ) {
        let bits = size << 24 | mantissa;
        let values = [("spacing", spacing), ("bits", bits), ("window", window), ("halving", halving)];
        let values = values.map(|(name, value)| (name, u64::from(value)));
        let draft = Draft { name: &name, values: &values, ..Draft::default() };
        let room = Room::new(&draft).expect("within limits");
        prop_assert_eq!(Room::parse(&room.link()), Ok(room));
    }

    #[test]
    fn every_room_of_slots_comes_back_from_its_link(
        name in "[a-z0-9-]{1,32}", draws in prop::collection::vec(any::<u64>(), 16),
    ) {
        let slots = ProtocolOutline::all().iter().filter(|one| one.shape == Shape::Slots);
        for protocol in slots {
            let ledger = protocol.usual_ledger().expect("a ledger that suits it");
            let specs = Room::specs(protocol, ledger).zip(&draws);
            let value = |draw: &u64, min: u64, max: u64| min + draw % (max - min + 1);
            let values: Vec<_> =
                specs.map(|(spec, draw)| (spec.name, value(draw, spec.min, spec.max))).collect();
            let room = room_of(&name, protocol, &values).expect("within limits");
            prop_assert_eq!(Room::parse(&room.link()), Ok(room));
        }
    }

    #[test]
    fn random_links_never_panic(link in ".{0,500}") {
        let _: Result<Room, RoomError> = Room::parse(&link);
    }

    #[test]
    fn random_values_never_make_a_room_outside_its_limits(
        query in "(room|check|protocol|ledger|spacing|bits|window|halving|seats|heartbeat|election|batch|resend|raft|kv|=|&|[0-9a-f]{1,9}|[a-z-]){0,40}",
    ) {
        if let Ok(room) = Room::parse(&format!("/live?{query}")) {
            prop_assert!(room.params().all(|(spec, value)| spec.allows(value)));
            let _ = room.chain();
        }
    }

    /// A good link of which some parts are said otherwise.
    #[test]
    fn links_with_other_values_are_within_the_limits_or_refused(
        slots: bool, at in 0usize..8, value in "[0-9a-f]{0,21}|[ -~]{0,9}",
    ) {
        let link = if slots { SLOTS } else { LINK };
        let mut parts: Vec<String> = link.split('&').map(str::to_owned).collect();
        let at = at % parts.len();
        let key = parts[at].split('=').next().unwrap_or_default().to_owned();
        parts[at] = format!("{key}={value}");
        if let Ok(room) = Room::parse(&parts.join("&")) {
            prop_assert!(room.params().all(|(spec, value)| spec.allows(value)));
            prop_assert_eq!(Room::parse(&room.link()), Ok(room));
        }
    }

    #[test]
    fn any_measured_rate_gives_a_room(random: u64, rate: u64) {
        let room = Room::fresh(random, rate);
        prop_assert_eq!(Room::parse(&room.link()), Ok(room));
    }
}
