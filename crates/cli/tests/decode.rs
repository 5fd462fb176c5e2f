//! `tabchain decode`, `address` and `check tx`: Bitcoin's own data, and the same damaged at each byte.

mod kit;

use kit::{objects, tabchain, text};
use serde_json::Value;

/// Block 170, whose second transaction is Bitcoin's first payment, in hex.
fn block_170() -> String {
    let file = include_str!("../../chain/tests/vectors/bitcoin_blocks_0_180.json");
    let file: Value = serde_json::from_str(file).expect("JSON");
    let blocks = file["blocks"].as_array().expect("blocks").iter();
    let mut raw = blocks.filter_map(|block| block["raw"].as_str());
    raw.nth(169).expect("block 170").to_string()
}

/// The first payment: what follows the header, the number of transactions and the coinbase.
fn payment() -> String {
    let block = block_170();
    let at = block.rfind("0100000001c997a5e5").expect("its input");
    block[at..].to_string()
}

const PAYMENT: &str = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16";

#[test]
fn a_transaction_is_explained_field_by_field() {
    let output = tabchain(&["decode", &payment(), "--json"], "");
    assert!(output.status.success());
    let fields = objects(&output);
    let (last, fields) = fields.split_last().expect("a verdict");
    assert_eq!(
        (&last["kind"], &last["id"]),
        (&"transaction".into(), &PAYMENT.into())
    );
    // Each field begins where the one before it ends, and together they are all bytes.
    let mut at = 0;
    for field in fields {
        assert_eq!(field["at"], at);
        at += field["len"].as_u64().expect("a length");
    }
    assert_eq!(at, payment().len() as u64 / 2);
    let named = |name: &str| {
        let field = fields.iter().find(|field| field["field"] == name);
        field.expect(name)["means"]
            .as_str()
            .expect("text")
            .to_string()
    };
    assert_eq!(named("output 0 amount"), "10.00000000 coins");
    assert!(named("output 1 script").ends_with("pays to a public key"));
    assert_eq!(named("input 0 index"), "output 0 of that transaction");
    assert_eq!(named("lock time"), "0, may be in any block");
}

#[test]
fn a_block_and_a_header_are_known_by_what_they_are() {
    let block = block_170();
    let output = tabchain(&["decode", "-"], &block);
    assert!(output.status.success());
    let said = text(&output);
    assert!(said.contains("tx 0 input 0 index"));
    assert!(said.contains("none: it creates coins"));
    let id = "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee";
    assert!(
        said.ends_with(&format!("ok block {id}, weight 1960\n")),
        "{said}"
    );
    let output = tabchain(&["decode", &block[..160]], "");
    assert!(text(&output).ends_with(&format!("ok header {id}\n")));
    let output = tabchain(&["decode", &block[..160], "--as", "tx"], "");
    assert_eq!(output.status.code(), Some(1));
}

/// Wherever bytes end, the place is named, and what was whole before it is explained.
#[test]
fn the_byte_where_it_stops_making_sense_is_named() {
    let payment = payment();
    let whole = tabchain(&["decode", &payment, "--json"], "");
    let starts: Vec<u64> = objects(&whole)
        .iter()
        .filter_map(|field| field["at"].as_u64())
        .collect();
    for len in [
        0,
        3,
        4,
        5,
        36,
        37,
        40,
        41,
        42,
        114,
        120,
        200,
        payment.len() as u64 / 2 - 1,
    ] {
        let cut = &payment[..2 * len as usize];
        let output = tabchain(&["decode", cut, "--as", "tx", "--json"], "");
        assert_eq!(output.status.code(), Some(1));
        let verdict = objects(&output).pop().expect("a verdict");
        let expected = starts.iter().rev().find(|at| **at <= len);
        assert_eq!(
            verdict["at"].as_u64().as_ref(),
            expected,
            "{len}: {verdict}"
        );
    }
    let output = tabchain(&["decode", &format!("{payment}00")], "");
    let at = payment.len() / 2;
    let said = format!("bad transaction: byte {at}: it ends here, and 1 bytes follow\n");
    assert!(text(&output).ends_with(&said));
    // A length that is not in its shortest form.
    let bloated = payment.replacen("0100000001", "01000000fd0100", 1);
    let said = text(&tabchain(&["decode", &bloated, "--as", "tx"], ""));
    assert!(
        said.ends_with("byte 4: inputs: size 1 is not in its shortest form\n"),
        "{said}"
    );
    let output = tabchain(&["decode", "xyz"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn transactions_are_checked_line_by_line() {
    let payment = payment();
    let twice = payment.replacen("0100000001", "0100000002", 1);
    let nothing = "01000000000000000000";
    let output = tabchain(
        &["check", "tx", "-"],
        &format!("{payment}\n{twice}\n\n{nothing}\n"),
    );
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], format!("ok {PAYMENT} 1100"));
    assert_eq!(
        lines[1..],
        ["bad bad-tx-encoding", "bad bad-txns-vin-empty"]
    );
    let output = tabchain(&["check", "tx", "-", "--json"], &payment);
    let verdict = &objects(&output)[0];
    assert_eq!(
        (&verdict["txid"], &verdict["size"]),
        (&PAYMENT.into(), &275.into())
    );
}

#[test]
fn addresses_are_explained_and_made() {
    // BIP86's first address.
    let address = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr";
    let key = "cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115";
    let script = "5120a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c";
    for text in [address, key, script, &address.to_uppercase()] {
        let output = tabchain(&["address", text, "--prefix", "bc", "--json"], "");
        assert!(output.status.success());
        let said = &objects(&output)[0];
        assert_eq!(
            (&said["address"], &said["script"]),
            (&address.into(), &script.into())
        );
        assert_eq!(said["meaning"], "pays to a taproot key");
    }
    let output = tabchain(&["address", key], "");
    assert!(text(&output).starts_with("address tab1p5cyxn"));
    for (text, reason) in [
        (
            &address.replace("5cyx", "5cyz")[..],
            "a character is mistyped",
        ),
        ("hello", "cannot occur"),
        ("6a", "burns what it pays"),
        (&"ff".repeat(32), "is no public key"),
    ] {
        let output = tabchain(&["address", text], "");
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(reason), "{said}");
    }
    // The form of a taproot address, and no point on the curve.
    let output = tabchain(&["address", &format!("5120{}", "05".repeat(32))], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("nobody can have that key"));
}
