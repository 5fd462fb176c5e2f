//! The command line, called as its users call it.

mod kit;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use kit::{objects, tabchain, text};
use serde_json::Value;

const GENESIS: &str = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
const GENESIS_ID: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

fn vectors(name: &str) -> Value {
    let path = format!(
        "{}/../chain/tests/vectors/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("vectors are there");
    serde_json::from_str(&text).expect("JSON")
}

fn strings<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(|item| item[field].as_str())
        .collect()
}

/// Why each line was bad, as JSON has it.
fn reasons(output: &Output) -> Vec<String> {
    let value = |line| serde_json::from_str::<Value>(line).expect("JSON");
    let reason = |line| value(line)["reason"].to_string();
    text(output).lines().map(reason).collect()
}

#[test]
fn headers_of_every_epoch_are_ok() {
    let file = vectors("bitcoin_headers.json");
    let headers = &file["headers"];
    let input = strings(headers, "header").join("\n");
    let output = tabchain(&["check", "headers", "-"], &input);
    assert!(output.status.success());
    let text = text(&output);
    let lines: Vec<_> = text.lines().collect();
    let hashes = strings(headers, "hash");
    assert_eq!(lines.len(), hashes.len());
    for (line, hash) in lines.iter().zip(hashes) {
        assert!(line.starts_with(&format!("ok {hash} ")), "{line}");
    }
    assert!(
        lines[0].ends_with(" 100010001"),
        "work of difficulty 1: {}",
        lines[0]
    );
}

#[test]
fn linked_headers_must_name_their_parents() {
    let file = vectors("bitcoin_blocks_0_180.json");
    let blocks = file["blocks"].as_array().expect("a list");
    let mut headers: Vec<String> = blocks
        .iter()
        .map(|block| {
            block["header"]
                .as_str()
                .or(block["raw"].as_str())
                .expect("hex")[..160]
                .into()
        })
        .collect();
    let linked = ["check", "headers", "-", "--linked"];
    assert!(tabchain(&linked, &headers.join("\n")).status.success());
    headers.remove(5);
    let output = tabchain(&linked, &headers.join("\n"));
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    let bad: Vec<_> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("bad"))
        .collect();
    assert_eq!(bad, [(5, "bad prev-blk-not-found")]);
    assert!(
        tabchain(&["check", "headers", "-"], &headers.join("\n"))
            .status
            .success()
    );
}

#[test]
fn bad_headers_have_reasons_and_do_not_end_the_run() {
    let wrong_nonce = format!("{}00000000", &GENESIS[..152]);
    let no_target = format!("{}00000000{}", &GENESIS[..144], &GENESIS[152..]);
    let input = [&wrong_nonce, &no_target, &GENESIS[..158], "zz", "", GENESIS].join("\r\n");
    let output = tabchain(&["check", "headers", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "bad high-hash\nbad high-hash\nbad bad-header-encoding\nbad bad-header-encoding\nok {GENESIS_ID} 100010001\n"
    );
    assert_eq!(text(&output), expected);
}

#[test]
fn blocks_are_parsed_and_checked() {
    let file = vectors("bitcoin_blocks_0_180.json");
    let raw = strings(&file["blocks"], "raw");
    let output = tabchain(&["check", "blocks", "-"], &raw.join("\n"));
    assert!(output.status.success());
    let text = text(&output);
    assert_eq!(text.lines().count(), raw.len());
    let with_two: Vec<_> = text.lines().filter(|line| line.ends_with(" 2")).collect();
    assert_eq!(
        with_two,
        ["ok 00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee 2"],
        "of these, only block 170 spends"
    );
}

#[test]
fn mutated_and_damaged_blocks_are_told_apart() {
    let file = vectors("bitcoin_blocks_0_180.json");
    let raw = strings(&file["blocks"], "raw");
    let block_170 = raw
        .iter()
        .find(|raw| raw[160..].starts_with("02"))
        .expect("two transactions");
    let block_1 = raw[0];
    // The coinbase's last byte before its lock time is changed; the coinbase is duplicated
    // (CVE-2012-2459).
    let mut changed = block_1.to_string();
    changed.replace_range(changed.len() - 10..changed.len() - 8, "ad");
    let doubled = format!(
        "{}02{}{}",
        &block_1[..160],
        &block_1[162..],
        &block_1[162..]
    );
    let trailing = format!("{block_170}00");
    let bloated = format!("{}fd0100{}", &block_1[..160], &block_1[162..]);
    let input = [&changed, &doubled, &trailing, &bloated, &block_170[..300]].join("\n");
    let output = tabchain(&["check", "blocks", "-", "--json"], &input);
    assert_eq!(output.status.code(), Some(1));
    let reasons = reasons(&output);
    let expected = [
        "\"bad-txnmrklroot\"",
        "\"bad-txnmrklroot\"",
        "\"bad-blk-encoding\"",
        "\"bad-blk-encoding\"",
        "\"bad-blk-encoding\"",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn whole_blocks_are_checked_from_genesis_on() {
    let file = vectors("bitcoin_blocks_0_180.json");
    let raw = strings(&file["blocks"], "raw");
    let full = ["check", "blocks", "--full", "-", "--params", "bitcoin_2009"];
    let output = tabchain(&full, &raw.join("\n"));
    assert!(output.status.success());
    let told = text(&output);
    let last = told.lines().nth(169).expect("block 170");
    let id = "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee";
    assert_eq!(last, format!("ok {id} 170 2"));

    // Without block 100, those after it follow nothing; a block 2 of one's own has not been mined.
    let gap = [&raw[..99], &raw[100..102]].concat().join("\n");
    let output = tabchain(&full[..4], &gap);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    let bad: Vec<&str> = told.lines().skip(99).collect();
    assert_eq!(bad, ["bad prev-blk-not-found"; 2]);
    let mut forged = raw[1].to_string();
    forged.replace_range(0..2, "02");
    let output = tabchain(&full[..4], &[raw[0], &forged].join("\n"));
    assert!(
        text(&output).ends_with("bad high-hash\n"),
        "{}",
        text(&output)
    );
    let output = tabchain(&["check", "blocks", "-", "--params", "bitcoin_2009"], "");
    assert_eq!(output.status.code(), Some(2), "--params is of --full");
}

#[test]
fn signature_hashes_are_bitcoin_cores() {
    let file = vectors("legacy_sighash.json");
    let cases = &file.as_array().expect("a list")[1..];
    let mut lines = String::new();
    for case in cases {
        let script = match case[1].as_str().expect("text") {
            "" => "-",
            script => script,
        };
        let tx = case[0].as_str().expect("text");
        lines += &format!("{tx} {script} {} {}\n", case[2], case[3]);
    }
    let output = tabchain(&["check", "sighash", "-"], &lines);
    assert!(output.status.success());
    let expected: Vec<&str> = cases.iter().filter_map(|case| case[4].as_str()).collect();
    assert_eq!(text(&output).lines().collect::<Vec<_>>(), expected);

    let tx = cases[0][0].as_str().expect("text");
    let bad = [
        format!("{tx} - 0"),
        "00 - 0 1".into(),
        format!("{tx} xyz 0 1"),
        format!("{tx} - -1 1"),
        format!("{tx} - 3 1"),
        format!("{tx} - 0 2147483648"),
    ];
    let output = tabchain(&["check", "sighash", "-", "--json"], &bad.join("\n"));
    assert_eq!(output.status.code(), Some(1));
    let reasons = reasons(&output);
    let expected = [
        "\"3 words instead of four: tx script index type\"",
        "\"bad-tx-encoding\"",
        "\"the script is neither hex nor -\"",
        "\"the index is no number of an input\"",
        "\"there is no input 3\"",
        "\"the type is no number of 32 bits\"",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn retargets_are_bitcoins() {
    for (first, last, bits, expected) in [
        ("1261130161", "1262152739", "0x1d00ffff", "1d00d86a"),
        ("1231006505", "1233061996", "1d00ffff", "1d00ffff"),
        ("1279008237", "1279297671", "1c05a3f4", "1c0168fd"),
        ("1263163443", "1269211443", "1c387f6f", "1d00e1fd"),
    ] {
        let output = tabchain(&["check", "retarget", first, last, bits], "");
        assert_eq!(text(&output).trim(), expected);
    }
    let output = tabchain(&["check", "retarget", "1", "2", "00000000"], "");
    assert_eq!(output.status.code(), Some(2), "zero is no target");
}

#[test]
fn compact_bits_are_explained() {
    let output = tabchain(&["check", "compact", "04923456", "--json"], "");
    let value: Value = serde_json::from_str(&text(&output)).expect("JSON");
    assert_eq!(
        value["target"].as_str(),
        Some(format!("{:0>64}", "12345600").as_str())
    );
    assert_eq!(value["negative"], true);
    assert_eq!(value["overflow"], false);
    assert_eq!(value["canonical"], "04923456");
    let output = tabchain(&["check", "compact", "ff123456"], "");
    assert!(text(&output).contains("overflow true"), "{}", text(&output));
    let output = tabchain(&["check", "compact", "xyz"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn mining_finds_the_genesis_nonce() {
    // Starts a little below the nonce, which is 2083236893: the search itself is tested elsewhere.
    let start = 2_083_000_000u32
        .to_le_bytes()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    let header = format!("{}{start}", &GENESIS[..152]);
    for threads in ["1", "2", "7"] {
        let args = ["mine", "--header", &header, "--threads", threads, "--json"];
        let output = tabchain(&args, "");
        assert!(output.status.success());
        let value: Value = serde_json::from_str(&text(&output)).expect("JSON");
        assert_eq!(value["nonce"], 2_083_236_893u32);
        assert_eq!(value["hash"], GENESIS_ID);
    }
}

#[test]
fn mining_that_finds_nothing_says_so() {
    let header = format!("{}00ffffff", &GENESIS[..152]);
    let output = tabchain(&["mine", "--header", &header, "--threads", "1"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("none of the 256 nonces"),
        "{}",
        text(&output)
    );
}

#[test]
fn what_people_paste_along_with_hex_is_no_fault() {
    let upper = GENESIS.to_uppercase();
    let input = format!("\u{feff}{GENESIS}\n0x{GENESIS}\n  0X{upper} \n");
    let output = tabchain(&["check", "headers", "-"], &input);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(text(&output).lines().count(), 3);
    assert_eq!(
        text(&tabchain(&["check", "compact", "0X1D00FFFF"], "")),
        text(&tabchain(&["check", "compact", "1d00ffff"], ""))
    );
}

#[test]
fn a_line_that_is_far_too_long_is_bad_and_the_next_is_judged() {
    let long = "0".repeat(8_100_000);
    let input = format!("{GENESIS}\n{long}\n{GENESIS}\n");
    let output = tabchain(&["check", "headers", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    let verdicts = text(&output);
    let verdicts: Vec<&str> = verdicts.lines().collect();
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
    assert_eq!(verdicts[1], "bad bad-header-encoding");
    assert!(verdicts[0].starts_with("ok") && verdicts[2] == verdicts[0]);
}

#[test]
fn bad_input_gets_a_clear_error() {
    let missing = tabchain(&["check", "headers", "/no/such/file"], "");
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read /no/such/file"));
    let short = tabchain(&["mine", "--header", "00"], "");
    assert_eq!(short.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&short.stderr).contains("160 hex digits"));
    for (scenario, expected) in [
        ("title = 1", "title"),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 10\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1000000000\nhashes_per_second = [1]",
            "nodes.count is 1000000000",
        ),
        (
            "title = \"x\\u001b]0;y\"\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 10\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1\nhashes_per_second = [1]",
            "control character",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 3600\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1\nhashes_per_second = [1000000]",
            "between two blocks is 3600000000",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'paxos'\nledger = 'kv'\n[nodes]\ncount = 3",
            "no protocol \"paxos\"",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'raft'\nledger = 'evm'\n[nodes]\ncount = 3",
            "no ledger \"evm\"",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'raft'\nledger = 'kv'\nparams = { spacing = 9 }\n[nodes]\ncount = 3",
            "a parameter \"spacing\"",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'raft'\nledger = 'kv'\nparams = { batch = 0 }\n[nodes]\ncount = 3",
            "batch is 0, not within 1 to 1024",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'raft'\nledger = 'utxo'\n[nodes]\ncount = 3\n[clients]\ncount = 1",
            "nothing to do on the ledger \"utxo\"",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\nsurprise = 1",
            "surprise",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 10\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1\nhashes_per_second = [1]\n[[fault]]\nat_ms = 1\nkind = 'crash'\nnode = 0\nfor_ms = 5\nsecond = 9",
            "unknown field `second`",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 10\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1\nhashes_per_second = [1]\n[[fault]]\nat_ms = 1\nkind = 'heal'\nnodes = 0",
            "unknown field `nodes`",
        ),
        (
            "title = 'x'\nseed = 1\nseconds = 10\n[chain]\nname = 'a'\nprotocol = 'pow'\nledger = 'utxo'\n[chain.params]\nspacing = 10\nbits = 0x2000ffff\nwindow = 8\nhalving = 9\n[nodes]\ncount = 1\nhashes_per_second = [1]\n[[fault]]\nat_ms = 1\nkind = 'flood'",
            "unknown variant `flood`",
        ),
    ] {
        let output = tabchain(&["run", "-"], scenario);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn verdicts_in_json_name_the_line_that_they_judge() {
    let input = format!(
        "\u{feff}\n{GENESIS}\r\n\n  \nzz\n{}\n{GENESIS}",
        "0".repeat(8_100_000)
    );
    let output = tabchain(&["check", "headers", "-", "--json"], &input);
    assert_eq!(output.status.code(), Some(1));
    let verdicts = objects(&output);
    let found: Vec<_> = verdicts
        .iter()
        .map(|verdict| (verdict["line"].as_u64(), verdict["ok"].as_bool()))
        .collect();
    let expected = [(2, true), (5, false), (6, false), (7, true)];
    assert_eq!(found, expected.map(|(line, ok)| (Some(line), Some(ok))));
    let output = tabchain(&["--json", "check", "blocks", "-"], "\n00\n");
    let expected = serde_json::json!({"ok": false, "reason": "bad-blk-encoding", "line": 2});
    assert_eq!(objects(&output), [expected]);
}

#[test]
fn errors_are_json_too_where_json_is_asked_for() {
    let folder = env!("CARGO_MANIFEST_DIR");
    for (args, error, help) in [
        (
            vec!["check", "headers", "/no/such/file"],
            "/no/such/file",
            "path",
        ),
        (vec!["check", "blocks", folder], folder, "a file"),
        (
            vec!["check", "retarget", "1", "2", "00000000"],
            "zero",
            "1d00ffff",
        ),
        (
            vec!["check", "retarget", "1", "2", "xyz"],
            "`xyz` is not 1 to 8 hex digits",
            "--help",
        ),
        (
            vec!["check", "headers"],
            "<FILE>",
            "Usage: tabchain check headers",
        ),
        (
            vec!["check", "headers", "-", "--linkd"],
            "--linkd",
            "--linked",
        ),
        (vec!["mine", "--header", "00"], "160 hex digits", "--help"),
        (vec!["run", "-"], "title", "tests/scenarios/README.md"),
        (vec!["mien"], "unrecognized subcommand 'mien'", "'mine'"),
        (vec!["check"], "a command is missing", "--help"),
    ] {
        let plain = tabchain(&args, "");
        let args = [&["--json"], &args[..]].concat();
        let output = tabchain(&args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(plain.status.code(), Some(2), "{args:?}");
        let [object] = &objects(&output)[..] else {
            panic!("not one object: {}", text(&output));
        };
        let says = |field: &str, part: &str| {
            object[field]
                .as_str()
                .is_some_and(|text| text.contains(part))
        };
        assert!(says("error", error) && says("help", help), "{object}");
        assert_eq!(object.as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(
            text(&plain),
            "",
            "errors are no output where text is asked for"
        );
        let reason = |output: &Output| {
            let lines = String::from_utf8_lossy(&output.stderr).into_owned();
            lines.lines().next().map(str::to_owned)
        };
        assert!(reason(&plain).is_some(), "{args:?}");
        assert_eq!(reason(&plain), reason(&output), "people read it as before");
    }
}

#[test]
fn help_and_version_are_no_errors_with_json_either() {
    for flag in ["--help", "--version"] {
        let output = tabchain(&[flag, "--json"], "");
        assert!(output.status.success());
        assert!(!text(&output).starts_with('{'), "{}", text(&output));
    }
}

/// A block in hex whose coinbase pays these scripts; half of all hashes meet its target.
fn block_paying(scripts: &[Vec<u8>]) -> String {
    use chain::{Amount, Block, Encode as _, OutPoint, Script, Transaction, TxIn, TxOut};
    let input = TxIn {
        script_sig: Script(vec![1, 1]),
        ..TxIn::new(OutPoint::NULL)
    };
    let pay = |script: &Vec<u8>| TxOut::new(Amount::ZERO, Script(script.clone()));
    let coinbase = Transaction {
        version: 1,
        inputs: vec![input],
        outputs: scripts.iter().map(pay).collect(),
        lock_time: 0,
    };
    let mut block = Block {
        header: chain::bitcoin_2009().genesis.header,
        transactions: vec![coinbase],
    };
    block.header.bits = chain::CompactTarget(0x207f_ffff);
    block.commit();
    while block.header.check_pow(chain::Target::MAX).is_err() {
        block.header.nonce += 1;
    }
    hex::encode(block.to_vec())
}

#[test]
fn a_commitment_without_witnesses_is_no_fault() {
    // What miners wrote before segwit was active: 0x6a24aa21a9ed and a hash.
    let commitment = [&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed][..], &[7; 32]].concat();
    let block = block_paying(&[vec![0x51], commitment]);
    let output = tabchain(&["check", "blocks", "-"], &block);
    assert!(text(&output).starts_with("ok "), "{}", text(&output));
    assert!(text(&output).ends_with(" 1\n"));
}

#[test]
fn a_reader_that_stops_early_is_not_told_that_all_is_well() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tabchain"))
        .args(["check", "headers", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let lines = format!("{GENESIS}\n").repeat(10_000);
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(lines.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn help_has_examples() {
    for args in [
        vec!["--help"],
        vec!["check", "headers", "--help"],
        vec!["run", "--help"],
        vec!["replay", "--help"],
    ] {
        let output = tabchain(&args, "");
        assert!(output.status.success());
        assert!(text(&output).contains("Example"), "{args:?}");
    }
}
