use std::sync::Arc;

use protocol::{Channel, Glance, Sheet, Write, encode_packet};

use super::*;

const A: PeerId = PeerId::from_bytes([1; 32]);
const B: PeerId = PeerId::from_bytes([2; 32]);
const FAR: PeerId = PeerId::from_bytes([9; 32]);

/// Answers each input with the outputs prepared for it, and remembers what it got.
#[derive(Clone, Default)]
struct Puppet {
    got: Vec<(Time, Input)>,
    answers: VecDeque<Vec<Output>>,
}

impl Machine for Puppet {
    fn step(&mut self, now: Time, input: Input, out: &mut protocol::Outbox) {
        self.got.push((now, input));
        out.extend(self.answers.pop_front().unwrap_or_default());
    }

    fn glance(&self) -> Glance {
        Glance::default()
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("puppet")
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

fn host(answers_of_a: Vec<Vec<Output>>) -> Host<Puppet> {
    let mut host = Host::after(0);
    let a = Puppet {
        got: Vec::new(),
        answers: answers_of_a.into(),
    };
    host.add(A, a, Saved::default());
    host.add(B, Puppet::default(), Saved::default());
    host.set_peers(&A, BTreeSet::from([B, FAR]));
    host.set_peers(&B, BTreeSet::from([A]));
    host
}

fn run(host: &mut Host<Puppet>, now: u64) {
    while host.step(Time(now)) {}
}

fn packet(byte: u8) -> Packet {
    encode_packet(vec![byte])
}

fn send(to: To, byte: u8) -> Output {
    Output::Send {
        to,
        packet: packet(byte),
    }
}

fn batch(byte: u8) -> Batch {
    Batch(vec![Write::Put {
        key: Key::own([byte]),
        value: Arc::from([byte]),
    }])
}

fn packets(host: &Host<Puppet>, id: &PeerId) -> Vec<u8> {
    let bytes = |input: &Input| match input {
        Input::Packet { packet, .. } => Some(packet.bytes[0]),
        _ => None,
    };
    host.get(id)
        .unwrap()
        .got
        .iter()
        .filter_map(|(_, input)| bytes(input))
        .collect()
}

#[test]
fn messages_after_a_save_wait_until_it_is_durable_and_nothing_else_does() {
    let outputs = vec![
        send(To::Peer(B), 1),
        Output::Save(batch(7)),
        send(To::All, 2),
        Output::Arm {
            key: TimerKey::Node(0),
            at: Time(50),
        },
        Output::Save(batch(8)),
        send(To::Peer(B), 3),
    ];
    let mut host = host(vec![outputs]);
    run(&mut host, 1);
    assert_eq!(packets(&host, &B), [1]);
    assert_eq!(
        host.next_timer(),
        Some(Time(1_001)),
        "no timer waits for a disk"
    );
    let saves = host.take_effects();
    let tickets: Vec<u64> = saves
        .iter()
        .map(|effect| match effect {
            Effect::Save { ticket, node, .. } if *node == A => *ticket,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tickets, [1, 2]);

    host.durable(1);
    run(&mut host, 2);
    assert_eq!(packets(&host, &B), [1, 2]);
    assert_eq!(
        host.take_effects(),
        [Effect::Cast {
            from: A,
            to: To::All,
            packet: packet(2)
        }]
    );

    host.durable(2);
    run(&mut host, 3);
    assert_eq!(packets(&host, &B), [1, 2, 3]);
}

#[test]
fn a_save_of_one_node_does_not_hold_up_another() {
    let mut host = host(vec![vec![Output::Save(batch(1)), send(To::Peer(B), 1)]]);
    host.nodes.get_mut(&B).unwrap().machine.answers = vec![vec![send(To::Peer(A), 2)]].into();
    run(&mut host, 1);
    assert_eq!((packets(&host, &A), packets(&host, &B)), (vec![2], vec![]));
}

#[test]
fn a_timer_that_was_missed_during_sleep_fires_once() {
    let arm = |at| {
        vec![Output::Arm {
            key: TimerKey::Node(3),
            at: Time(at),
        }]
    };
    let mut host = host(vec![arm(1_000_000), vec![], arm(2_000_000), vec![]]);
    run(&mut host, 0);
    let night = 8 * 3_600 * 1_000_000;
    for slice in 0..2 {
        host.wake(Time(night + slice));
        run(&mut host, night + slice);
    }
    let timers = |host: &Host<Puppet>| {
        host.get(&A)
            .unwrap()
            .got
            .iter()
            .filter(|(_, i)| matches!(i, Input::Timer { .. }))
            .count()
    };
    assert_eq!(timers(&host), 1);
    // Armed in the past again: due at once, but not in the same instant.
    assert_eq!(host.next_timer(), Some(Time(night + 1_000)));
}

#[test]
fn cut_nodes_neither_hear_nor_are_heard() {
    let mut host = host(vec![vec![], vec![], vec![send(To::All, 1)]]);
    run(&mut host, 1);
    host.arrive(FAR, None, &packet(4));
    host.set_peers(&A, BTreeSet::new());
    host.set_peers(&B, BTreeSet::new());
    host.arrive(FAR, Some(A), &packet(5));
    run(&mut host, 2);
    assert!(packets(&host, &A).is_empty());
    assert!(packets(&host, &B).is_empty());
    assert_eq!(host.take_effects(), []);
    let peers = Input::Peers { up: vec![] };
    assert_eq!(host.get(&A).unwrap().got.last(), Some(&(Time(2), peers)));
}

#[test]
fn a_packet_from_outside_under_a_name_of_ours_is_ignored() {
    let mut host = host(vec![]);
    run(&mut host, 1);
    host.arrive(B, Some(A), &packet(6));
    host.arrive(FAR, Some(A), &packet(7));
    run(&mut host, 2);
    assert_eq!(packets(&host, &A), [7]);
}

#[test]
fn a_burst_of_packets_keeps_to_the_limits_and_loses_no_timer() {
    let mut host = host(vec![vec![Output::Arm {
        key: TimerKey::Node(0),
        at: Time(0),
    }]]);
    run(&mut host, 0);
    let large = Packet {
        channel: Channel::MAIN,
        bytes: vec![0; 64 << 10].into(),
        wire_size: 0,
    };
    for _ in 0..10_000 {
        host.arrive(FAR, Some(A), &large);
    }
    assert!(host.packets.bytes() <= MOST_PACKET_BYTES);
    for _ in 0..10_000 {
        host.arrive(FAR, Some(A), &packet(0));
    }
    assert!(host.packets.len() <= MOST_PACKETS);
    assert_eq!(host.take_dropped() as usize, 20_000 - host.packets.len());
    host.wake(Time(2_000));
    host.step(Time(2_000));
    let last = host.get(&A).unwrap().got.last().unwrap().1.clone();
    assert_eq!(
        last,
        Input::Timer {
            key: TimerKey::Node(0)
        }
    );
}

#[test]
fn packets_wait_while_storage_is_far_behind() {
    let mut many = vec![Output::Save(batch(1))];
    many.extend((0..MOST_WAITING).map(|_| send(To::Peer(FAR), 0)));
    let mut host = host(vec![many]);
    run(&mut host, 1);
    host.arrive(FAR, Some(A), &packet(1));
    assert!(!host.is_busy() && !host.step(Time(2)));
    host.durable(1);
    assert!(host.is_busy());
    run(&mut host, 3);
    assert_eq!(packets(&host, &A), [1]);
}

#[test]
fn a_removed_node_leaves_nothing_behind() {
    let timer = Output::Arm {
        key: TimerKey::Node(0),
        at: Time(9),
    };
    let mut host = host(vec![vec![timer, send(To::Peer(FAR), 1)]]);
    run(&mut host, 1);
    host.give(
        A,
        Input::Found {
            job: JobId(1),
            nonce: 1,
        },
    );
    host.arrive(FAR, Some(A), &packet(1));
    host.remove(&A).unwrap();
    assert_eq!((host.next_timer(), host.is_busy()), (None, false));
    assert_eq!(host.take_effects(), []);
}

#[test]
fn a_write_for_former_machines_makes_nothing_durable() {
    let mut host = Host::after(7);
    let outputs = vec![Output::Save(batch(1)), send(To::Peer(FAR), 1)];
    let a = Puppet {
        got: Vec::new(),
        answers: vec![outputs].into(),
    };
    host.add(A, a, Saved::default());
    host.set_peers(&A, BTreeSet::from([FAR]));
    run(&mut host, 1);
    host.durable(7);
    let casts = |host: &mut Host<Puppet>| {
        let effects = host.take_effects();
        effects
            .iter()
            .filter(|one| matches!(one, Effect::Cast { .. }))
            .count()
    };
    assert_eq!(casts(&mut host), 0);
    host.durable(8);
    assert_eq!(casts(&mut host), 1);
}
