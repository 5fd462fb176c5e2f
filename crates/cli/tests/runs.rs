//! Scenarios, links and swarms on the command line.

mod kit;

use kit::{objects, tabchain, text};
use serde_json::Value;

#[test]
fn scenarios_run_and_their_fingerprint_is_the_golden_one() {
    let folder = format!(
        "{}/../../tests/scenarios/pow/02-partition",
        env!("CARGO_MANIFEST_DIR")
    );
    let golden = std::fs::read_to_string(format!("{folder}/trace.txt")).expect("a transcript");
    let golden = golden.lines().last().expect("its last line").to_string();
    let output = tabchain(&["run", &format!("{folder}/scenario.toml")], "");
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(text(&output).lines().last(), Some(golden.as_str()));
}

#[test]
fn another_seed_is_another_run_of_the_same_scenario() {
    let path = "../../tests/scenarios/raft/01-first-election/scenario.toml";
    let run = |args: &[&str]| {
        let output = tabchain(&[&["run", path, "--json"], args].concat(), "");
        assert!(output.status.success());
        objects(&output).pop().expect("a report")
    };
    let (own, same, other) = (run(&[]), run(&["--seed", "1"]), run(&["--seed", "2"]));
    assert_eq!(own["fingerprint"], same["fingerprint"]);
    assert_ne!(own["fingerprint"], other["fingerprint"]);
    assert_eq!(own["submitted"], own["answered"]);
}

#[test]
fn a_link_is_the_same_run_wherever_it_is_replayed() {
    let path = "../../tests/scenarios/raft/01-first-election/scenario.toml";
    let ran = objects(&tabchain(&["run", path, "--seed", "3", "--json"], ""));
    let link = ran[0]["link"].as_str().expect("a link").to_owned();
    let replay = |link: &str| {
        let output = tabchain(&["replay", link, "--json"], "");
        let report = objects(&output).pop().expect("a report");
        (output.status.code(), report)
    };
    let (code, report) = replay(&link);
    assert_eq!((code, &report["same"]), (Some(0), &Value::Bool(true)));
    assert_eq!(report["fingerprint"], ran[0]["fingerprint"]);
    let told = tabchain(&["replay", "-"], &format!("{link}\n"));
    assert!(text(&told).contains("the same run"), "{}", text(&told));

    let bare = text(&tabchain(&["link", path, "--seed", "3"], ""));
    let (code, report) = replay(bare.trim());
    assert_eq!((code, &report["same"]), (Some(0), &Value::Null));
    assert_eq!(report["link"], ran[0]["link"]);

    let mut forged = scenario::Replay::parse(&link).expect("our own");
    forged.fingerprint = Some([0; 16]);
    let (code, report) = replay(&forged.link().expect("short"));
    assert_eq!((code, &report["same"]), (Some(1), &Value::Bool(false)));
    for (bad, why) in [
        (&link[..link.len() - 4], "checksum"),
        ("/live?room=maple", "links to runs begin"),
        ("/lab?run=BQAAAAA", "version 5"),
    ] {
        let output = tabchain(&["replay", bad], "");
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_transcript_is_blessed_once_and_what_changes_is_told() {
    let folder = std::env::temp_dir().join(format!("tabchain-bless-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (file, golden) = (folder.join("scenario.toml"), folder.join("trace.txt"));
    let path = "../../tests/scenarios/raft/01-first-election/scenario.toml";
    let scenario = std::fs::read_to_string(path).expect("a scenario");
    let bless = |scenario: &str| {
        std::fs::write(&file, scenario).expect("written");
        let output = tabchain(&["bless", file.to_str().expect("plain"), "--json"], "");
        let told = objects(&output).pop().expect("a line");
        (output.status.code(), told["state"].clone())
    };
    assert_eq!(bless(&scenario), (Some(0), "new".into()));
    let ours = std::fs::read(path.replace("scenario.toml", "trace.txt")).expect("golden");
    assert_eq!(std::fs::read(&golden).expect("written"), ours);
    assert_eq!(bless(&scenario), (Some(0), "same".into()));
    let other = scenario.replace("seed = 1", "seed = 2");
    assert_eq!(bless(&other), (Some(0), "changed".into()));
    let proud = format!("{other}\n[expect]\nanswers = 100_000\n");
    assert_eq!(bless(&proud), (Some(1), "same".into()), "but unmet");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn protocols_and_ledgers_are_listed_with_their_parameters() {
    let output = tabchain(&["protocols"], "");
    let text = text(&output);
    assert!(text.contains("raft: Raft (numbered slots)"), "{text}");
    assert!(
        text.contains("spacing: 1 to 3600 s, by default 10"),
        "{text}"
    );
    let all = objects(&tabchain(&["protocols", "--json"], ""));
    let named = |kind: &str| all.iter().filter(|one| one[kind].is_string()).count();
    assert_eq!(named("protocol"), consensus::PROTOCOLS.len());
    assert_eq!(named("ledger"), ledger::LEDGERS.len());
}

#[test]
fn a_swarm_holds_and_shows_its_scenarios() {
    let output = tabchain(&["swarm", "--seeds", "2", "--from", "5", "--json"], "");
    assert!(output.status.success(), "{}", text(&output));
    let all = objects(&output);
    assert_eq!(all.len(), consensus::PROTOCOLS.len());
    assert!(
        all.iter()
            .all(|one| one["seeds"] == 2 && one["broken"] == serde_json::json!([]))
    );
    let shown = text(&tabchain(
        &["swarm", "--protocol", "raft", "--show", "5"],
        "",
    ));
    let run = tabchain(&["run", "-"], &shown);
    assert!(run.status.success(), "{}", text(&run));
    let timed = tabchain(
        &["swarm", "--protocol", "raft", "--minutes", "0", "--json"],
        "",
    );
    assert_eq!(objects(&timed)[0]["seeds"], 0, "there is no time for any");
    let unknown = tabchain(&["swarm", "--protocol", "paxos"], "");
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_swarm_goes_on_where_it_was_interrupted() {
    let folder = std::env::temp_dir().join(format!("tabchain-swarm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("progress.json");
    let path = file.to_str().expect("plain");
    let swarm = |seeds: &str, from: &str, file: &[&str]| {
        let args = [
            "swarm",
            "--protocol",
            "raft",
            "--seeds",
            seeds,
            "--from",
            from,
            "--json",
        ];
        tabchain(&[&args, file].concat(), "")
    };
    let sum = |output: &std::process::Output| {
        let one = objects(output).pop().expect("a line");
        (
            one["seeds"].clone(),
            one["events"].clone(),
            one["crashes"].clone(),
        )
    };
    let first = sum(&swarm("2", "5", &["--resume", path]));
    assert_eq!(first, sum(&swarm("2", "5", &[])));
    let both = sum(&swarm("3", "5", &["--resume", path]));
    assert_eq!(both, sum(&swarm("3", "5", &[])));
    assert_eq!(
        sum(&swarm("3", "5", &["--resume", path])),
        both,
        "nothing is left to do"
    );

    let other = swarm("3", "6", &["--resume", path]);
    assert_eq!(other.status.code(), Some(2));
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(error.contains("seeds from 5, not from 6"), "{error}");
    std::fs::write(&file, "{}").expect("written");
    let damaged = swarm("3", "5", &["--resume", path]);
    assert_eq!(damaged.status.code(), Some(2));
    let error = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert!(error.contains("no swarm's progress"), "{error}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn the_exit_code_says_whether_the_run_came_to_what_is_expected() {
    let path = "../../tests/scenarios/pow/03-deep-partition/scenario.toml";
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(&path).expect("a scenario");
    let output = tabchain(&["run", &path, "--json"], "");
    assert!(output.status.success(), "agreement is expected to break");
    let with = |expect: &str| {
        let (start, faults) = file.split_once("[expect]").expect("expectations");
        let (_, faults) = faults.split_once("[[fault]]").expect("faults");
        let file = format!("{start}{expect}\n[[fault]]{faults}");
        let output = tabchain(&["run", "-"], &file);
        (output.status.code(), text(&output))
    };
    for (expect, unmet) in [
        ("", "UNMET   agreement is broken"),
        (
            "[expect]\nbreaks = ['agreement', 'supply']",
            "supply is expected to break, and did not",
        ),
        (
            "[expect]\nbreaks = ['agreement']\nheight = 1000",
            "and at least 1000 is expected",
        ),
    ] {
        let (code, said) = with(expect);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(unmet), "{said}");
    }
    let (code, _) = with("[expect]\nholds = ['harmony']");
    assert_eq!(code, Some(2), "nobody claims that");
    let value: Value = serde_json::from_str(&text(&output)).expect("JSON");
    let broken = |claim: &Value| claim["held"] == false;
    let names: Vec<_> = value["claims"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|c| broken(c))
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["claim"], "agreement");
}
