//! Calls `tabchain` as its users do.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs `tabchain` with text on standard input.
pub fn tabchain(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tabchain"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // It may exit without reading; then writing fails, which is fine.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

/// What it printed.
pub fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The objects that a command printed, one per line.
pub fn objects(output: &Output) -> Vec<Value> {
    let text = text(output);
    let parse = |line| serde_json::from_str(line).expect("a line is an object");
    text.lines().map(parse).collect()
}
