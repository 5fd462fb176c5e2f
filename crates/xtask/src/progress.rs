//! Shows one line of progress instead of the hundreds that cargo prints while it compiles.

use anyhow::{Context, Result, bail};
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::sh;

/// Without a terminal to update a line on, a new line is printed after each such step, in percent.
const STEP: usize = 20;

/// Runs a cargo command that compiles something and shows its progress; cargo's own output is shown
/// only if it fails.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub fn run(what: &str, command: &mut Command) -> Result<()> {
    let text = sh::shown(command);
    let mut line = Line::new(what, io::stdout().is_terminal());
    let mut child = command
        // Cargo's own count, which it does not print to pipes by default.
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100")
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("CARGO_TERM_QUIET")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{text}`"))?;
    let mut said = Vec::new();
    if let Some(pipe) = child.stderr.take() {
        each_line(pipe, |text| match count(text) {
            Some((done, total)) => line.show(done, total),
            None if !text.is_empty() => said.push(text.to_owned()),
            None => {}
        });
    }
    let status = child.wait()?;
    line.end(status.success());
    if !status.success() {
        println!("{}", said.join("\n"));
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}

/// Reads to the end; a carriage return ends a line too.
fn each_line(pipe: impl Read, mut take: impl FnMut(&str)) {
    let mut line = Vec::new();
    for byte in BufReader::new(pipe).bytes().map_while(io::Result::ok) {
        if byte != b'\r' && byte != b'\n' {
            line.push(byte);
            continue;
        }
        take(plain(&line).trim_end());
        line.clear();
    }
    take(plain(&line).trim_end());
}

/// Strips the escape sequence that erases the rest of a terminal's line.
fn plain(line: &[u8]) -> String {
    String::from_utf8_lossy(line).replace("\u{1b}[K", "")
}

/// How many crates are done, of how many, from cargo's `Building [==>  ] 12/345: names`.
fn count(line: &str) -> Option<(usize, usize)> {
    let (_, rest) = line
        .trim_start()
        .strip_prefix("Building [")?
        .split_once("] ")?;
    let (done, total) = rest.split(':').next()?.split_once('/')?;
    let (done, total) = (done.trim().parse().ok()?, total.trim().parse().ok()?);
    (total > 0 && done <= total).then_some((done, total))
}

/// The line of progress.
struct Line<'a> {
    what: &'a str,
    is_terminal: bool,
    percent: usize,
    begun: Instant,
}

impl<'a> Line<'a> {
    fn new(what: &'a str, is_terminal: bool) -> Self {
        let line = Self {
            what,
            is_terminal,
            percent: 0,
            begun: Instant::now(),
        };
        line.print("fetching sources");
        line
    }

    fn show(&mut self, done: usize, total: usize) {
        let percent = done * 100 / total;
        let step = if self.is_terminal { 1 } else { STEP };
        if percent >= self.percent + step {
            self.percent = percent - percent % step;
            self.print(&format!("{percent} % ({done} of {total})"));
        }
    }

    fn end(&self, succeeded: bool) {
        let seconds = self.begun.elapsed().as_secs();
        let how = if succeeded { "done" } else { "FAILED" };
        self.print(&format!("{how} after {seconds} s"));
        if self.is_terminal {
            println!();
        }
    }

    fn print(&self, text: &str) {
        if self.is_terminal {
            print!("\r\u{1b}[K{}: {text}", self.what);
            let _ = io::stdout().flush();
        } else {
            println!("{}: {text}", self.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_count_is_read_and_nothing_else() {
        let line = "    Building [====>                    ] 57/275: syn, serde(build)";
        assert_eq!(count(line), Some((57, 275)));
        assert_eq!(
            count("    Building [=====================>] 275/275"),
            Some((275, 275))
        );
        assert_eq!(count("   Compiling syn v2.0.1"), None);
        assert_eq!(count("    Building [=>  ] 9/0: syn"), None);
        assert_eq!(count("    Building [=>  ] many"), None);
    }

    #[test]
    fn lines_end_with_carriage_returns_too() {
        let mut lines = Vec::new();
        let said =
            "   Compiling a v1\n  Building [> ] 1/2: a\r\u{1b}[K  Building [> ] 2/2\rerror: b";
        each_line(said.as_bytes(), |line| lines.push(line.to_owned()));
        let counts: Vec<_> = lines.iter().filter_map(|line| count(line)).collect();
        assert_eq!(counts, [(1, 2), (2, 2)]);
        assert_eq!(lines.first().unwrap(), "   Compiling a v1");
        assert_eq!(lines.last().unwrap(), "error: b");
    }
}
