//! Whatever comes in, in whatever order: no panic, bounded tables, and the node carries on.

mod kit;

use chain::{BitcoinHeader, BlockId, Height, U256, Work};
use kit::host::{Disk, Solo};
use kit::{EASY, HARD, MEDIUM, Made, OVERPAID, WRONG, peer, toy_node};
use node::message::{Claim, Message};
use node::{Memo, limits};
use proptest::collection::vec;
use proptest::prelude::*;
use protocol::{Channel, Input, JobId, Packet, TimerKey, encode_packet};

/// A small set of blocks, so that random messages often concern the same ones.
fn world() -> Vec<Made> {
    let mut world = vec![Made::genesis()];
    for place in 0..40usize {
        let parent = world[place.saturating_sub(place % 5)].clone();
        let kind = [0, 0, 0, 0, 0, WRONG, OVERPAID][place % 7];
        let bits = if place % 3 == 0 { MEDIUM } else { EASY };
        world.push(parent.child(bits, kind, place as u64));
    }
    world
}

#[derive(Clone, Debug)]
enum Move {
    Bytes(u8, Vec<u8>),
    Tip(u8, usize, u32, u64),
    Inv(u8, usize),
    Headers(u8, Vec<usize>),
    Ask(u8, Vec<usize>, usize),
    Bodies(u8, Vec<usize>),
    Body(u8, usize, Option<u8>),
    NotFound(u8, Vec<usize>),
    Timer(bool, u16),
    Found(u64, u32),
    Peers(Vec<u8>),
    Wait(u32),
    Boot,
}

fn moves() -> impl Strategy<Value = Move> {
    let block = 0usize..41;
    let seat = 0u8..6;
    prop_oneof![
        (seat.clone(), vec(any::<u8>(), 0..200)).prop_map(|(a, b)| Move::Bytes(a, b)),
        (seat.clone(), block.clone(), any::<u32>(), any::<u64>())
            .prop_map(|(a, b, c, d)| Move::Tip(a, b, c, d)),
        (seat.clone(), block.clone()).prop_map(|(a, b)| Move::Inv(a, b)),
        (seat.clone(), vec(block.clone(), 0..6)).prop_map(|(a, b)| Move::Headers(a, b)),
        (seat.clone(), vec(block.clone(), 1..6), block.clone())
            .prop_map(|(a, b, c)| Move::Ask(a, b, c)),
        (seat.clone(), vec(block.clone(), 1..6)).prop_map(|(a, b)| Move::Bodies(a, b)),
        (seat.clone(), block.clone(), prop::option::of(any::<u8>()))
            .prop_map(|(a, b, c)| Move::Body(a, b, c)),
        (seat.clone(), vec(block, 1..6)).prop_map(|(a, b)| Move::NotFound(a, b)),
        (any::<bool>(), 0u16..5).prop_map(|(a, b)| Move::Timer(a, b)),
        (0u64..4, any::<u32>()).prop_map(|(a, b)| Move::Found(a, b)),
        vec(seat, 0..6).prop_map(Move::Peers),
        (0u32..5000).prop_map(Move::Wait),
        Just(Move::Boot),
    ]
}

fn play(solo: &mut Solo, world: &[Made], turn: Move) {
    let ids = |places: &[usize]| {
        places
            .iter()
            .map(|at| world[*at].id())
            .collect::<Vec<BlockId>>()
    };
    let claim = |at: usize, height, work| Claim {
        header: world[at].header,
        height: Height(height),
        work: Work(U256::from(work) << 64),
    };
    let (seat, message) = match turn {
        Move::Tip(seat, at, height, work) => (seat, Message::Tip(claim(at, height, work))),
        Move::Inv(seat, at) => (seat, Message::Inv(claim(at, 1, 1))),
        Move::Headers(seat, at) => {
            let headers = at.iter().map(|at| world[*at].header).collect();
            (seat, Message::Headers(headers))
        }
        Move::Ask(seat, at, stop) => (
            seat,
            Message::GetHeaders {
                locator: ids(&at),
                stop: world[stop].id(),
            },
        ),
        Move::Bodies(seat, at) => (seat, Message::GetBodies(ids(&at))),
        Move::Body(seat, at, flip) => {
            let mut block = world[at].raw().to_vec();
            if let Some(flip) = flip {
                let place = usize::from(flip) % block.len();
                block[place] ^= 1;
            }
            (seat, Message::Body(block.into()))
        }
        Move::NotFound(seat, at) => (seat, Message::NotFound(ids(&at))),
        Move::Bytes(seat, bytes) => {
            return solo.step(Input::Packet {
                from: peer(seat),
                packet: encode_packet(bytes),
            });
        }
        Move::Timer(true, key) => {
            return solo.step(Input::Timer {
                key: TimerKey::Node(key),
            });
        }
        Move::Timer(false, key) => {
            return solo.step(Input::Timer {
                key: TimerKey::Protocol(key),
            });
        }
        Move::Found(job, nonce) => {
            return solo.step(Input::Found {
                job: JobId(job),
                nonce,
            });
        }
        Move::Peers(up) => {
            return solo.step(Input::Peers {
                up: up.into_iter().map(peer).collect(),
            });
        }
        Move::Wait(millis) => return solo.wait(millis.into()),
        Move::Boot => {
            return solo.step(Input::Boot {
                saved: solo.disk.saved(),
            });
        }
    };
    solo.hear(peer(seat), &message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_moves_neither_break_nor_swell_a_node(moves in vec(moves(), 1..150)) {
        let world = world();
        let mut solo = Solo::boot(toy_node(0, &Memo::new()), Disk::default());
        for turn in moves {
            play(&mut solo, &world, turn);
        }
        prop_assert!(solo.number("peers") <= limits::PEERS as u64);
        prop_assert!(solo.number("goals") <= limits::GOALS as u64);
        // The best block was applied, and what is stored leads back to it.
        let (tip, height) = solo.node.tip();
        prop_assert!(solo.node.state_root(&tip).is_some());
        let again = Solo::boot(toy_node(0, &Memo::disabled()), solo.disk.clone());
        prop_assert_eq!(again.node.tip(), (tip, height));
        prop_assert_eq!(again.node.state_root(&tip), solo.node.state_root(&tip));
        // An honest peer still gets through once the offenders are no longer muted.
        solo.wait(limits::MUTE.0 / 1_000 + 1_000);
        // Toys believe what headers claim, and a flipped bit may claim a work of 2^24: the honest
        // chain has more.
        let honest = Made::genesis().chain(HARD, 60, 999);
        solo.feed_all(peer(9), &honest);
        prop_assert!(solo.has_tip(&honest[59]));
    }

    #[test]
    fn arbitrary_bytes_are_survived(packets in vec((0u8..4, vec(any::<u8>(), 0..300)), 1..100)) {
        let mut solo = Solo::boot(toy_node(0, &Memo::new()), Disk::default());
        for (tag, mut bytes) in packets {
            bytes.insert(0, tag * 2);
            let packet = Packet { channel: Channel(tag % 2), ..encode_packet(bytes) };
            solo.step(Input::Packet { from: peer(tag), packet });
        }
        prop_assert!(solo.number("headers") <= 1);
    }
}

#[test]
fn a_crowd_of_strangers_finds_a_bounded_table() {
    let mut solo = Solo::boot(toy_node(0, &Memo::new()), Disk::default());
    let friends = [peer(1), peer(2)];
    solo.step(Input::Peers {
        up: friends.to_vec(),
    });
    let header = BitcoinHeader {
        nonce: 7,
        ..Made::genesis().child(EASY, 0, 0).header
    };
    for stranger in 0..10_000u32 {
        let mut id = [9; 32];
        id[..4].copy_from_slice(&stranger.to_be_bytes());
        let claim = Claim {
            header,
            height: Height(1),
            work: Work(U256::MAX),
        };
        solo.hear(chain::PeerId::from_bytes(id), &Message::Tip(claim));
    }
    assert_eq!(solo.number("peers"), limits::PEERS as u64);
    let block = Made::genesis().child(EASY, 0, 1);
    solo.feed(friends[0], &block);
    assert!(solo.has_tip(&block));
}
