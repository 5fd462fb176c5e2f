use proptest::prelude::*;
use protocol::Channel;
use protocol::envelope::Kind;

use super::*;
use crate::cx::{Me, Source};

const ROOM: RoomId = RoomId([5; 16]);

/// Tabs that all have links to each other.
pub(crate) fn tabs<const N: usize>(room: RoomId) -> [Me; N] {
    let mut source = Source::toy(3);
    let mut tabs = std::array::from_fn(|_| Me::new(&mut source));
    let others: Vec<Other> = tabs.iter().map(|tab| other(tab, 0)).collect();
    for tab in &mut tabs {
        tab.links.meet(&tab.secret, room, &others);
    }
    tabs
}

fn other(tab: &Me, sequence: u64) -> Other {
    Other {
        id: tab.id,
        key: tab.secret.public_key(),
        sequence,
    }
}

fn node(byte: u8) -> PeerId {
    PeerId::from_bytes([byte; 32])
}

fn envelope(sequence: u64) -> Envelope {
    Envelope {
        kind: Kind::Packet,
        room: ROOM,
        channel: Channel::MAIN,
        sender: node(1),
        recipient: Some(node(2)),
        sequence,
        payload: Vec::new(),
    }
}

/// What a node of `from` says to `to`.
fn say(from: &Me, to: &[&Me], sequence: u64) -> Envelope {
    let listeners = to.iter().map(|tab| tab.id).collect();
    let said = from
        .links
        .seal(envelope(sequence), (7, b"hello"), &listeners);
    said.expect("a link")
}

fn hear(to: &mut Me, from: &PeerId, said: &Envelope) -> Result<(u32, Vec<u8>), NotHeard> {
    let opened = to.links.open(from, said)?;
    Ok((opened.generation, opened.message.to_vec()))
}

#[test]
fn those_it_is_said_to_hear_it_and_nobody_else() {
    let [one, mut two, mut three, mut four] = tabs(ROOM);
    let said = say(&one, &[&two, &three], 1);
    let hello = Ok((7, b"hello".to_vec()));
    assert_eq!(hear(&mut two, &one.id, &said), hello);
    assert_eq!(hear(&mut three, &one.id, &said), hello);
    assert_eq!(hear(&mut four, &one.id, &said), Err(NotHeard::Untagged));
}

#[test]
fn nobody_else_can_say_it_in_its_name() {
    let [one, mut two, three] = tabs(ROOM);
    let said = say(&three, &[&two], 1);
    assert_eq!(hear(&mut two, &one.id, &said), Err(NotHeard::Untagged));
    let stranger = node(9);
    assert_eq!(hear(&mut two, &stranger, &said), Err(NotHeard::Untagged));
    assert!(hear(&mut two, &three.id, &said).is_ok());
}

#[test]
fn what_a_tab_said_does_not_come_back_to_it_as_anothers() {
    // Its node may live in the other tab by now.
    let [mut one, two] = tabs(ROOM);
    let said = say(&one, &[&two], 1);
    assert_eq!(hear(&mut one, &two.id, &said), Err(NotHeard::Untagged));
}

#[test]
fn a_packet_is_heard_once_and_an_older_one_not_at_all() {
    let [one, mut two] = tabs(ROOM);
    let said = [1, 2, 3].map(|sequence| say(&one, &[&two], sequence));
    assert!(hear(&mut two, &one.id, &said[1]).is_ok());
    assert_eq!(hear(&mut two, &one.id, &said[1]), Err(NotHeard::Again));
    assert_eq!(hear(&mut two, &one.id, &said[0]), Err(NotHeard::Again));
    assert!(hear(&mut two, &one.id, &said[2]).is_ok());
}

#[test]
fn a_tab_that_was_out_of_sight_says_nothing_twice() {
    let [one, mut two] = tabs(ROOM);
    let said = say(&one, &[&two], 5);
    assert!(hear(&mut two, &one.id, &said).is_ok());
    two.links.meet(&two.secret, ROOM, &[]);
    two.links.meet(&two.secret, ROOM, &[other(&one, 3)]);
    assert_eq!(hear(&mut two, &one.id, &said), Err(NotHeard::Again));
}

#[test]
fn packets_older_than_the_heartbeat_behind_the_link_are_not_heard() {
    let [mut speaker, two] = tabs(ROOM);
    let mut late = Me::new(&mut Source::toy(8));
    speaker
        .links
        .meet(&speaker.secret, ROOM, &[other(&late, 0)]);
    late.links
        .meet(&late.secret, ROOM, &[other(&speaker, 4), other(&two, 0)]);
    let before = say(&speaker, &[&late], 4);
    assert_eq!(hear(&mut late, &speaker.id, &before), Err(NotHeard::Again));
    let after = say(&speaker, &[&late], 5);
    assert!(hear(&mut late, &speaker.id, &after).is_ok());
}

#[test]
fn a_tab_back_under_another_name_hears_nothing_said_to_its_former_one() {
    let [mut one, former] = tabs(ROOM);
    let said = say(&one, &[&former], 1);
    let mut now = Me::new(&mut Source::toy(8));
    now.links.meet(&now.secret, ROOM, &[other(&one, 0)]);
    one.links.meet(&one.secret, ROOM, &[other(&now, 0)]);
    assert_eq!(hear(&mut now, &one.id, &said), Err(NotHeard::Untagged));
}

#[test]
fn nothing_that_a_tag_covers_can_be_changed() {
    let [one, mut two] = tabs(ROOM);
    let said = say(&one, &[&two], 1);
    let with = |change: fn(&mut Envelope)| {
        let mut said = said.clone();
        change(&mut said);
        said
    };
    let last = said.payload.len() - 1;
    for changed in [
        with(|said| said.room = RoomId([6; 16])),
        with(|said| said.channel = Channel(1)),
        with(|said| said.sender = node(3)),
        with(|said| said.recipient = Some(node(3))),
        with(|said| said.recipient = None),
        with(|said| said.sequence = 2),
        with(|said| said.payload[0] ^= 1), // the generation
    ] {
        assert_eq!(hear(&mut two, &one.id, &changed), Err(NotHeard::Untagged));
    }
    let mut longer = said.clone();
    longer.payload.push(0);
    assert_eq!(hear(&mut two, &one.id, &longer), Err(NotHeard::Altered));
    let mut other = said.clone();
    other.payload[last] ^= 1;
    assert_eq!(hear(&mut two, &one.id, &other), Err(NotHeard::Altered));
    assert!(
        hear(&mut two, &one.id, &said).is_ok(),
        "forgeries do not use its number up"
    );
}

#[test]
fn a_room_has_keys_of_its_own() {
    let [here, _] = tabs::<2>(ROOM);
    let [_, mut there] = tabs::<2>(RoomId([6; 16]));
    let said = say(&here, &[&there], 1);
    assert_eq!(hear(&mut there, &here.id, &said), Err(NotHeard::Untagged));
}

#[test]
fn links_are_bounded_and_those_to_present_tabs_stay() {
    let mut source = Source::toy(4);
    let [mut one, two] = tabs(ROOM);
    for _ in 0..3 * MOST_LINKS {
        let passing = Me::new(&mut source);
        let present = [other(&two, 0), other(&passing, 0)];
        one.links.meet(&one.secret, ROOM, &present);
        assert!(one.links.links.len() <= MOST_LINKS);
        assert!(one.links.links.contains_key(&two.id));
    }
}

#[test]
fn the_largest_block_travels_to_a_full_room() {
    let all: [Me; MOST_TAGS + 1] = tabs(ROOM);
    let [one, others @ ..] = &all;
    let listeners = others.iter().map(|tab| tab.id).collect();
    let message = vec![0; MAX_PAYLOAD - 2_048 + 100]; // `node`'s largest, with its framing
    let said = one.links.seal(envelope(1), (7, &message), &listeners);
    let said = said.expect("it fits");
    let [_, mut last] = tabs::<2>(ROOM); // the second of any such group is the same tab
    assert_eq!(hear(&mut last, &one.id, &said), Ok((7, message)));
    let nobody = one.links.seal(envelope(2), (7, b"hello"), &BTreeSet::new());
    assert_eq!(nobody, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_payload_panics_or_is_heard(payload in prop::collection::vec(any::<u8>(), 0..400)) {
        let [one, mut two] = tabs(ROOM);
        let said = Envelope { payload, ..envelope(1) };
        let heard = two.links.open(&one.id, &said);
        prop_assert!(matches!(heard, Err(NotHeard::Untagged | NotHeard::Malformed)));
    }

    #[test]
    fn no_bit_of_a_payload_can_be_flipped(at in any::<prop::sample::Index>(), bit in 0..8) {
        let [one, mut two, three] = tabs(ROOM);
        let mut said = say(&one, &[&two, &three], 1);
        let at = at.index(said.payload.len());
        said.payload[at] ^= 1_u8 << bit;
        // The other tab's tag is none of this tab's business.
        let others = two.id > three.id && (5..21).contains(&at) || two.id < three.id && (21..37).contains(&at);
        prop_assert_eq!(two.links.open(&one.id, &said).is_ok(), others);
    }

    #[test]
    fn a_payload_cut_short_is_not_heard(cut in any::<prop::sample::Index>()) {
        let [one, mut two] = tabs(ROOM);
        let mut said = say(&one, &[&two], 1);
        said.payload.truncate(cut.index(said.payload.len()));
        prop_assert!(two.links.open(&one.id, &said).is_err());
    }
}
