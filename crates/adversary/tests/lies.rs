//! What comes out of a machine that says "n" to all whenever a packet comes, n counting up, and saves it.

use adversary::{Kind, Lie, TWISTS, twisted};
use chain::{Micros, PeerId, Time};
use protocol::{
    Batch, Glance, Input, Key, Machine, Outbox, Output, Packet, Saved, Sheet, TimerKey, To, Write,
    encode_packet,
};

const BY: Micros = Micros(500);

#[derive(Clone)]
struct Counter(u8);

impl Machine for Counter {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        if let Input::Packet { .. } = input {
            self.0 += 1;
            let (key, value) = (Key::own(*b"n"), [self.0][..].into());
            out.push(Output::Save(Batch(vec![Write::Put { key, value }])));
            let (to, packet) = (To::All, said(self.0));
            out.push(Output::Send { to, packet });
            let (key, at) = (TimerKey::Protocol(3), now.saturating_add(BY));
            out.push(Output::Arm { key, at });
        }
    }

    fn glance(&self) -> Glance {
        let executed = self.0.into();
        Glance {
            executed,
            ..Glance::default()
        }
    }

    fn inspect(&self) -> Sheet {
        Sheet::new("counter")
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

fn said(number: u8) -> Packet {
    encode_packet(vec![number; 4])
}

fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 32])
}

/// A counter that lies to some of peers 1, 2 and 3.
fn liar(kind: Kind, to: &[u8]) -> Box<dyn Machine> {
    let to = to.iter().map(|number| peer(*number)).collect();
    let mut liar = twisted(Box::new(Counter(0)), Lie { kind, to, by: BY }, 1);
    let saved = Saved::default();
    step(&mut liar, 0, Input::Boot { saved });
    let up = [1, 2, 3].map(peer).to_vec();
    step(&mut liar, 0, Input::Peers { up });
    liar
}

fn step(machine: &mut Box<dyn Machine>, at: u64, input: Input) -> Outbox {
    let mut out = Outbox::new();
    machine.step(Time(at), input, &mut out);
    out
}

fn hear(machine: &mut Box<dyn Machine>, at: u64, from: u8) -> Outbox {
    let (from, packet) = (peer(from), said(0));
    step(machine, at, Input::Packet { from, packet })
}

/// What is sent, and to whom; `None` for all.
fn sent(out: &Outbox) -> Vec<(Option<u8>, Vec<u8>)> {
    let sent = out.iter().filter_map(|output| match output {
        Output::Send { to, packet } => Some((to, packet)),
        _ => None,
    });
    let whom = |to: &To| match to {
        To::All => None,
        To::Peer(peer) => Some(peer.as_bytes()[0]),
    };
    sent.map(|(to, packet)| (whom(to), packet.bytes.to_vec()))
        .collect()
}

fn due(out: &Outbox) -> Option<Time> {
    out.iter().find_map(|output| match output {
        Output::Arm {
            key: TimerKey::Twist(0),
            at,
        } => Some(*at),
        _ => None,
    })
}

#[test]
fn the_silent_say_nothing_to_whom_they_lie_and_save_all_the_same() {
    let out = hear(&mut liar(Kind::Silent, &[]), 1, 1);
    assert!(sent(&out).is_empty());
    assert!(matches!(out[0], Output::Save(_)));
    let out = hear(&mut liar(Kind::Silent, &[2]), 1, 1);
    let one = vec![1; 4];
    assert_eq!(sent(&out), [(Some(1), one.clone()), (Some(3), one)]);
}

#[test]
fn the_late_say_everything_in_order_after_their_time() {
    let mut liar = liar(Kind::Delay, &[]);
    let out = hear(&mut liar, 100, 1);
    assert!(sent(&out).is_empty());
    assert_eq!(due(&out), Some(Time(600)));
    assert_eq!(due(&hear(&mut liar, 200, 1)), None, "it is set already");
    let timer = || Input::Timer {
        key: TimerKey::Twist(0),
    };
    let mut copy = liar.fork();
    for machine in [&mut liar, &mut copy] {
        let out = step(machine, 600, timer());
        assert_eq!(sent(&out), [(None, vec![1; 4])]);
        assert_eq!(due(&out), Some(Time(700)));
        let out = step(machine, 700, timer());
        assert_eq!(sent(&out), [(None, vec![2; 4])]);
        assert_eq!(due(&out), None);
    }
}

#[test]
fn who_repeats_says_it_at_once_too() {
    let mut liar = liar(Kind::Replay, &[]);
    let out = hear(&mut liar, 100, 1);
    assert_eq!(sent(&out), [(None, vec![1; 4])]);
    let key = TimerKey::Twist(0);
    let out = step(&mut liar, 600, Input::Timer { key });
    assert_eq!(sent(&out), [(None, vec![1; 4])]);
}

#[test]
fn one_bit_is_another_where_it_is_garbled() {
    let out = hear(&mut liar(Kind::Garble, &[1]), 1, 1);
    let mut wrong = 0;
    for (to, bytes) in sent(&out) {
        let bits: u32 = bytes.iter().map(|byte| (byte ^ 1).count_ones()).sum();
        assert_eq!(bits, u32::from(to == Some(1)), "{to:?}");
        wrong += bits;
    }
    assert_eq!(wrong, 1);
}

#[test]
fn twins_know_nothing_of_each_other() {
    let mut liar = liar(Kind::Twins, &[2, 3]);
    for number in 1..=2 {
        let out = hear(&mut liar, number.into(), 2);
        let said = vec![number; 4];
        assert_eq!(sent(&out), [(Some(2), said.clone()), (Some(3), said)]);
        assert!(!out.iter().any(|output| matches!(output, Output::Save(_))));
    }
    let out = hear(&mut liar, 3, 1);
    assert_eq!(sent(&out), [(Some(1), vec![1; 4])], "this is the first");
    assert!(matches!(out[0], Output::Save(_)));
    assert_eq!(liar.glance().executed, 1);
    let armed = |out: &Outbox| match out.last() {
        Some(Output::Arm { key, .. }) => *key,
        other => panic!("no timer: {other:?}"),
    };
    let second = armed(&hear(&mut liar, 4, 3));
    assert_eq!(armed(&out), TimerKey::Protocol(3));
    assert!(matches!(second, TimerKey::Twist(_)), "names do not clash");
}

#[test]
fn names_are_found_and_differ() {
    for twist in TWISTS {
        let same = TWISTS.iter().filter(|other| other.id == twist.id);
        assert_eq!(same.count(), 1);
        assert_eq!(Lie::find(twist.id), Some(twist));
    }
    assert_eq!(Lie::find("honest"), None);
}
