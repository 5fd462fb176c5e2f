//! Links to runs: whatever is within limits comes back, whatever is not whole is refused.

#![cfg(not(target_arch = "wasm32"))]

use chain::Time;
use proptest::prelude::*;
use scenario::{
    Fault, FaultKind, MAX_LINK, RegionSpec, Replay, ReplayError, Scenario, ScenarioError,
};

const FILE: &str = r#"
    title = "Golden"
    seed = 7
    seconds = 60
    chain = { name = "golden", protocol = "raft", ledger = "kv", params = { heartbeat = 40 } }
    nodes = { count = 3 }
    clients = { count = 2, every_ms = 500 }
    links = { delay_min_ms = 2, delay_max_ms = 12, loss_ppm = 1, duplicate_ppm = 2 }
    disks = { sync_min_ms = 3, sync_max_ms = 4 }
    expect = { holds = ["answers"], breaks = ["x"], answers = 5, height = 6 }
    fault = [
        { at_ms = 1_000, kind = "crash", node = 0, for_ms = 10 },
        { at_ms = 2_000, kind = "crash-in-write", node = 1, for_ms = 20 },
        { at_ms = 3_000, kind = "power-loss", node = 2, for_ms = 30 },
        { at_ms = 4_000, kind = "pause", node = 3, for_ms = 40 },
        { at_ms = 5_000, kind = "cut", groups = [[0, 1], [2]] },
        { at_ms = 6_000, kind = "cut-one-way", from = [0], to = [1, 2] },
        { at_ms = 7_000, kind = "slow", node = 4, delay_ms = 50 },
        { at_ms = 8_000, kind = "heal" },
    ]
"#;

/// As the first version wrote it. It must be read for ever: never change this, add another.
const FIRST: &str = "/lab?run=AQZHb2xkZW4HPAYGZ29sZGVuBHJhZnQCa3YBCWhlYXJ0YmVhdCgDAAL0AwIMAQIDBAjoBwAACtAPAQEUuBcCAh6gHwMDKIgnBAICAAEBAvAuBQEAAgEC2DYGBDLAPgcBB2Fuc3dlcnMBAXgFBgEJCQkJCQkJCQkJCQkJCQkJATnkEQ";

/// The same as the second version writes it.
const GOLDEN: &str = "/lab?run=AgZHb2xkZW4HPAYGZ29sZGVuBHJhZnQCa3YBCWhlYXJ0YmVhdCgDAAL0AwIMAQIDBAjAhD0AAAqAiXoBARTAjbcBAgIegJL0AQMDKMCWsQIEAgIAAQECgJvuAgUBAAIBAsCfqwMGBDKApOgDBwEHYW5zd2VycwEBeAUGAQkJCQkJCQkJCQkJCQkJCQnqcT-R";

/// The same with two acts, as the third version writes it; likewise for ever.
const ACTED: &str = "/lab?run=AwZHb2xkZW4HPAYGZ29sZGVuBHJhZnQCa3YBCWhlYXJ0YmVhdCgDAAL0AwIMAQIDBAjAhD0AAAqAiXoBARTAjbcBAgIegJL0AQMDKMCWsQIEAgIAAQECgJvuAgUBAAIBAsCfqwMGBDKApOgDBwEHYW5zd2VycwEBeAUGAQkJCQkJCQkJCQkJCQkJCQkCwKilBAACHsGopQQAAh5hOeqE";

/// The same without acts and with two regions, as the fourth version writes it; likewise for ever.
const PLACED: &str = "/lab?run=BAZHb2xkZW4HPAYGZ29sZGVuBHJhZnQCa3YBCWhlYXJ0YmVhdCgDAAL0AwIMAQIDBAjAhD0AAAqAiXoBARTAjbcBAgIegJL0AQMDKMCWsQIEAgIAAQECgJvuAgUBAAIBAsCfqwMGBDKApOgDBwEHYW5zd2VycwEBeAUGAQkJCQkJCQkJCQkJCQkJCQkAAgdaw7xyaWNoAQACAUYAClPDo28gUGF1bG8CBAECUAKQTpGpf3E";

fn golden() -> Replay {
    Replay {
        scenario: toml::from_str(FILE).expect("a scenario"),
        fingerprint: Some([9; 16]),
    }
}

#[test]
fn links_of_all_versions_are_read_for_ever() {
    assert_eq!(Replay::parse(FIRST), Ok(golden()));
    assert_eq!(golden().link().as_deref(), Ok(GOLDEN));
    assert_eq!(Replay::parse(GOLDEN), Ok(golden()));
    let whole = format!("https://example.org/tabchain/#{GOLDEN}\n");
    assert_eq!(Replay::parse(&whole), Ok(golden()));
}

/// What somebody did needs the third version, and only that does.
#[test]
fn links_to_runs_with_acts_are_read_for_ever() {
    let mut acted = golden();
    let kind = FaultKind::Crash {
        node: 2,
        for_ms: 30,
    };
    let act = |at| Fault {
        at: Time(at),
        kind: kind.clone(),
    };
    acted.scenario.acts = [9_000_000, 9_000_001].map(act).into();
    assert_eq!(acted.link().as_deref(), Ok(ACTED));
    assert_eq!(Replay::parse(ACTED), Ok(acted.clone()));
    acted.scenario.acts.reverse();
    let backwards = acted
        .link()
        .expect_err("the second was done before the first");
    assert!(matches!(backwards, ReplayError::Scenario(_)));
}

/// Where nodes are needs the fourth version, and only that does.
#[test]
fn links_to_runs_with_regions_are_read_for_ever() {
    let mut placed = golden();
    let region = |name: &str, nodes: &[u32], delay_ms: [u32; 2], upload_kbit| RegionSpec {
        name: name.into(),
        nodes: nodes.into(),
        delay_ms: delay_ms.into(),
        upload_kbit,
    };
    placed.scenario.regions = vec![
        region("Zürich", &[0], [1, 70], 0),
        region("São Paulo", &[4, 1], [80, 2], 10_000),
    ];
    assert_eq!(placed.link().as_deref(), Ok(PLACED));
    assert_eq!(Replay::parse(PLACED), Ok(placed.clone()));
    let broken = |change: &dyn Fn(&mut Vec<RegionSpec>)| {
        let mut replay = placed.clone();
        change(&mut replay.scenario.regions);
        replay.link().expect_err("outside the limits")
    };
    let twice = broken(&|regions| regions[0].nodes.push(1));
    let error = ScenarioError::BadNode(1);
    assert_eq!(twice, ReplayError::Scenario(error));
    let nobody = broken(&|regions| regions[1].nodes = vec![5]);
    let error = ScenarioError::BadNode(5);
    assert_eq!(nobody, ReplayError::Scenario(error));
    let control = broken(&|regions| regions[0].name.push('\u{7}'));
    let error = ScenarioError::BadName('\u{7}');
    assert_eq!(control, ReplayError::Scenario(error));
    for change in [
        &|regions: &mut Vec<RegionSpec>| regions[0].delay_ms[1] = 600_001,
        &|regions: &mut Vec<RegionSpec>| regions[1].delay_ms.truncate(1),
        &|regions: &mut Vec<RegionSpec>| regions[1].name.clear(),
        &|regions: &mut Vec<RegionSpec>| regions[1].name = "a".repeat(41),
        &|regions: &mut Vec<RegionSpec>| *regions = vec![regions[0].clone(); 17],
    ] as [&dyn Fn(&mut Vec<RegionSpec>); 5]
    {
        let error = broken(change);
        let range = matches!(
            error,
            ReplayError::Scenario(ScenarioError::OutOfRange { .. })
        );
        assert!(range, "{error}");
    }
}

#[test]
fn every_link_cut_short_or_with_one_sign_changed_is_refused() {
    for end in 0..GOLDEN.len() {
        Replay::parse(&GOLDEN[..end]).expect_err("cut short");
    }
    for at in 0..GOLDEN.len() {
        for sign in ["A", "b", "0", "-", "_", ".", " ", "+", "/", "=", "%", "é"] {
            let other = format!("{}{sign}{}", &GOLDEN[..at], &GOLDEN[at + 1..]);
            if other != GOLDEN {
                Replay::parse(&other).expect_err(&other);
            }
        }
    }
    Replay::parse(&format!("{GOLDEN}.")).expect_err("a sentence's end");
}

#[test]
fn each_kind_of_damage_has_its_own_error() {
    let long = "A".repeat(MAX_LINK + 1);
    assert_eq!(Replay::parse(&long), Err(ReplayError::TooLong(long.len())));
    let room = "/live?room=maple";
    let begins = ReplayError::NotARun("/live?roo".into());
    assert_eq!(Replay::parse(room), Err(begins));
    assert_eq!(Replay::parse("/lab?run=A"), Err(ReplayError::NotBase64));
    assert_eq!(Replay::parse("/lab?run=AQ"), Err(ReplayError::Damaged));
    let later = "/lab?run=BQAAAAA";
    assert_eq!(Replay::parse(later), Err(ReplayError::Version(5)));
}

/// What stands before the `#` is the page's address, and no part of the link.
#[test]
fn the_longest_link_is_read_from_any_page() {
    let mut replay = golden();
    let kind = FaultKind::Crash {
        node: 0,
        for_ms: 60_000,
    };
    let fault = Fault::at_ms(60_000, kind);
    let mut longest = String::new();
    while let Ok(link) = replay.link() {
        longest = link;
        replay.scenario.faults.push(fault.clone());
    }
    let address = "https://example.org/tabchain/#";
    assert!(longest.len() + address.len() > MAX_LINK);
    let read = Replay::parse(&format!("{address}{longest}\n"));
    assert_eq!(read.and_then(|replay| replay.link()), Ok(longest));
}

#[test]
fn a_scenario_that_is_too_long_or_outside_its_limits_has_no_link() {
    let mut replay = golden();
    let cut = FaultKind::Cut {
        groups: vec![(0..5).collect()],
    };
    replay.scenario.faults = vec![Fault::at_ms(60_000, cut); 1_000];
    assert!(matches!(replay.link(), Err(ReplayError::TooLong(_))));
    replay.scenario.nodes.count = 1_000_000_000;
    assert!(matches!(replay.link(), Err(ReplayError::Scenario(_))));
}

#[test]
fn only_where_nodes_hear_few_others_there_may_be_thousands_and_then_there_is_no_link() {
    let mut replay = golden();
    replay.scenario.nodes.count = 6_000;
    assert!(matches!(replay.link(), Err(ReplayError::Scenario(_))));
    replay.scenario.peers = Some(8);
    assert!(replay.scenario.check().is_ok());
    assert_eq!(replay.link(), Err(ReplayError::Sparse));
    replay.scenario.peers = Some(0);
    assert!(replay.scenario.check().is_err());
    replay.scenario.peers = Some(8);
    replay.scenario.nodes.count = 10_001;
    assert!(replay.scenario.check().is_err());
}

fn kind() -> impl Strategy<Value = FaultKind> {
    let (node, for_ms) = (0..5u32, 0..10_000u32);
    (node, for_ms, 0..20).prop_map(|(node, for_ms, kind)| match kind {
        0 => FaultKind::Crash { node, for_ms },
        1 => FaultKind::CrashInWrite { node, for_ms },
        2 => FaultKind::PowerLoss { node, for_ms },
        3 => FaultKind::Pause { node, for_ms },
        4 => FaultKind::Cut {
            groups: vec![vec![node], vec![]],
        },
        5 => FaultKind::CutOneWay {
            from: vec![node],
            to: vec![],
        },
        6 => FaultKind::Slow {
            node,
            delay_ms: for_ms,
        },
        7 => FaultKind::TurnEvil {
            node,
            twist: "delay".into(),
            to: vec![4; (for_ms % 2) as usize],
            by_ms: 1 + for_ms,
        },
        8 => FaultKind::TurnHonest { node },
        9 => FaultKind::Rot { node, for_ms },
        10 => FaultKind::Clock {
            node,
            ahead_ms: for_ms as i32 - 5_000,
            drift_ppm: 1_000 - for_ms as i32,
        },
        11 => FaultKind::Leave { node },
        12 => FaultKind::Join { node },
        13 => FaultKind::Submit {
            node: 3,
            tx: (for_ms % 2 == 0).then(|| "00ff".into()),
        },
        14 => FaultKind::LosePacket {
            packet: for_ms.into(),
        },
        15 => FaultKind::DelayPacket {
            packet: for_ms.into(),
            by_ms: node,
        },
        16 => FaultKind::RepeatPacket {
            packet: for_ms.into(),
            by_ms: node,
        },
        17 => FaultKind::TransferLeadership { to: node },
        18 => FaultKind::Reconfigure {
            voters: vec![0, 2],
            learners: vec![1; (for_ms % 2) as usize],
        },
        _ => FaultKind::Heal {},
    })
}

/// Up to three, with the five nodes and clients in any of them or in none.
fn regions() -> impl Strategy<Value = Vec<RegionSpec>> {
    let region = (
        "[a-zé]{1,10}",
        proptest::array::uniform3(0..600_000u32),
        any::<u32>(),
    );
    let regions = proptest::collection::vec(region, 0..4);
    (regions, proptest::array::uniform5(0..4usize)).prop_map(|(regions, places)| {
        let count = regions.len();
        let at = |index| (0..5u32).filter(move |node| places[*node as usize] == index);
        let region = |(index, (name, delays, upload_kbit)): (usize, (String, [u32; 3], u32))| {
            let delay_ms = delays[..count].to_vec();
            let nodes = at(index).collect();
            RegionSpec {
                name,
                nodes,
                delay_ms,
                upload_kbit,
            }
        };
        regions.into_iter().enumerate().map(region).collect()
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let faults = proptest::collection::vec((0..60_000_000u64, kind()), 0..40);
    let acts = proptest::collection::vec((0..60_000_000u64, kind()), 0..8);
    let title = "[^\\p{Cc}]{0,40}";
    (title, any::<u64>(), 1..50u32, faults, acts, regions()).prop_map(
        |(title, seed, heartbeat, faults, acts, regions)| {
            let mut scenario = golden().scenario;
            (scenario.title, scenario.seed) = (title, seed);
            let params = &mut scenario.chain.params;
            params.insert("heartbeat".into(), heartbeat.into());
            let fault = |(at, kind)| Fault { at: Time(at), kind };
            scenario.faults = faults.into_iter().map(fault).collect();
            scenario.acts = acts.into_iter().map(fault).collect();
            scenario.acts.sort_by_key(|act| act.at);
            scenario.regions = regions;
            scenario
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(scenario in scenario(), fingerprint in any::<Option<[u8; 16]>>()) {
        let text = toml::to_string(&scenario).expect("a file");
        prop_assert_eq!(toml::from_str(&text), Ok(scenario.clone()));
        let replay = Replay { scenario, fingerprint };
        let link = replay.link().expect("short enough");
        prop_assert_eq!(Replay::parse(&link), Ok(replay));
    }

    #[test]
    fn junk_is_refused(junk in "\\PC{0,300}", word in "[A-Za-z0-9_-]{0,300}") {
        prop_assert!(Replay::parse(&junk).is_err());
        let link = format!("/lab?run={}", word);
        prop_assert!(Replay::parse(&link).is_err());
    }

    /// Bytes with a good checksum, so that all of them reach the decoder.
    #[test]
    fn whole_junk_is_refused_without_a_panic(version in 1..5u8, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        use base64ct::Encoding as _;
        let mut bytes = vec![version];
        bytes.extend(body);
        let sum = chain::sha256(&bytes);
        bytes.extend(&sum[..4]);
        let word = base64ct::Base64UrlUnpadded::encode_string(&bytes);
        let link = format!("/lab?run={}", word);
        prop_assert!(Replay::parse(&link).is_err());
    }
}
