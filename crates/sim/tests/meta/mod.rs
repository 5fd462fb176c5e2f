//! What has to be true of every protocol in a registry, whatever it is.

#![allow(dead_code, reason = "each test file uses another part")]

use std::ops::Range;

use adversary::Lie;
use chain::{Seat, SecretKey, Stream, Time};
use node::Memo;
use protocol::{Entry, Input, Outbox, Role, Saved, encode_packet};
use scenario::{Place, Scenario, Setting};
use sim::{Counts, Sim, Verdict, random};

/// Names are short, differ, and hide nothing; defaults are within their limits.
pub fn entries_are_in_order(registry: &'static [Entry]) {
    for entry in registry {
        let (id, params) = (entry.card.id, entry.params);
        let same = registry.iter().filter(|other| other.card.id == id);
        assert_eq!(same.count(), 1, "{id}");
        for param in params {
            assert!(param.allows(param.default), "{id}: {}", param.name);
            let same = params.iter().filter(|other| other.name == param.name);
            assert_eq!(same.count(), 1, "{id}: {}", param.name);
        }
        for twist in entry.twists {
            let same = entry.twists.iter().filter(|other| other.id == twist.id);
            assert_eq!(same.count(), 1, "{id}: {}", twist.id);
            assert!(Lie::find(twist.id).is_none(), "{id}: {}", twist.id);
        }
        assert!(!entry.card.roles.is_empty(), "{id}");
        assert!((entry.liars)(entry.least) < entry.least, "{id}");
    }
}

/// All claims hold in random scenarios.
pub fn promises_are_kept(registry: &'static [Entry], seeds: Range<u64>) -> Counts {
    let mut all = Counts::default();
    for entry in registry {
        for seed in seeds.clone() {
            let scenario = random::scenario(entry, seed);
            let report = sim(registry, &scenario).run();
            for claim in &report.claims {
                let (id, name) = (entry.card.id, claim.name);
                assert_eq!(claim.verdict, Verdict::Held, "{id}, seed {seed}: {name}");
            }
            all += report.counts;
        }
    }
    all
}

/// The same scenario is the same run, also in a fork; another seed is another.
pub fn runs_are_reproduced(registry: &'static [Entry]) {
    for entry in registry {
        let scenario = short(entry, 1);
        let mut first = sim(registry, &scenario);
        while first.progress().0 < 5 && first.advance() {}
        let forked = first.fork().run();
        let report = first.run();
        assert_eq!(report, forked, "{}", entry.card.id);
        assert_eq!(report, sim(registry, &scenario).run(), "{}", entry.card.id);
        let other = sim(registry, &short(entry, 2)).run();
        assert_ne!(report.fingerprint, other.fingerprint, "{}", entry.card.id);
    }
}

/// Members and clients survive junk from members: as a node's message, as a protocol's, and as one that
/// was good before some bit of it changed.
pub fn junk_is_ignored(registry: &'static [Entry]) {
    for entry in registry {
        for role in [Role::Member, Role::Client] {
            feed_junk(registry, entry, role);
        }
        let mut scenario = short(entry, 1);
        let kind = scenario::FaultKind::TurnEvil {
            node: 0,
            twist: "garble".into(),
            to: Vec::new(),
            by_ms: 0,
        };
        scenario.faults = vec![scenario::Fault::at_ms(0, kind)];
        sim(registry, &scenario).run();
    }
}

fn sim(registry: &'static [Entry], scenario: &Scenario) -> Sim {
    Sim::among(registry, scenario).expect("within limits")
}

/// A random scenario of ten seconds, in which nothing goes wrong but on links and disks.
fn short(entry: &Entry, seed: u64) -> Scenario {
    let mut scenario = random::scenario(entry, seed);
    scenario.seconds = 10;
    scenario.faults.clear();
    scenario
}

fn feed_junk(registry: &'static [Entry], entry: &Entry, role: Role) {
    let scenario = random::scenario(entry, 1);
    let setting = Setting::among(registry, &scenario.chain).expect("within limits");
    let key = |number: u8| SecretKey::from_bytes(&[number; 32]).expect("a key");
    let members = (1..4).map(|number| key(number).public_key());
    let (own, seat) = match role {
        Role::Member => (1, Seat(0)),
        Role::Client => (9, Seat(3)),
    };
    let place = Place {
        key: key(own),
        members: members.collect(),
        role,
        seat,
        seed: 1,
        searches: true,
    };
    let peers = place.members.names().clone();
    let mut machine = setting.assemble(&place, None, &Memo::default());
    let (mut out, mut rng) = (Outbox::new(), Stream::new(1, 0, "junk"));
    let saved = Saved::default();
    machine.step(Time(0), Input::Boot { saved }, &mut out);
    let up = peers.to_vec();
    machine.step(Time(0), Input::Peers { up }, &mut out);
    for at in 1..4_000 {
        let mut bytes = vec![0; usize::try_from(rng.below(80)).expect("small")];
        bytes.fill_with(|| rng.below(256).try_into().expect("a byte"));
        match (rng.below(4), bytes.get_mut(..2)) {
            (0, _) | (_, None) => {}
            (_, Some(head)) => {
                head[0] = 0xff; // it claims to be from protocol to protocol ...
                head[1] %= 32; // ... and of a kind that there may be
            }
        }
        let from = *rng.pick(&peers).expect("there are three");
        let packet = encode_packet(bytes);
        machine.step(Time(at), Input::Packet { from, packet }, &mut out);
        out.clear();
    }
    assert_eq!(machine.fork().glance(), machine.glance());
}
