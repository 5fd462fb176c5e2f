//! `tabchain bless`: what scenarios come to now is what they are to come to.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::out::{Failure, Out};
use crate::run;

/// So many lines that differ are shown.
const SHOWN: usize = 12;

/// Writes the golden transcript of each scenario anew, beside its file, and says what changed; true if
/// all runs came to what they expect.
pub fn bless(scenarios: &[PathBuf], out: &mut Out) -> Result<bool, Failure> {
    let mut is_met = true;
    for file in scenarios {
        let golden = file.with_file_name("trace.txt");
        let before = match fs::read_to_string(&golden) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::Read(golden, error)),
        };
        let (after, unmet) = run::transcribe(file)?;
        is_met &= unmet.is_empty();
        if before.as_ref() != Some(&after) {
            fs::write(&golden, &after).map_err(|error| Failure::Write(golden, error))?;
        }
        tell(file, before.as_deref(), &after, &unmet, out)?;
    }
    out.finish()?;
    Ok(is_met)
}

fn tell(
    file: &Path,
    before: Option<&str>,
    after: &str,
    unmet: &[String],
    out: &mut Out,
) -> Result<(), Failure> {
    let differ = before.map_or(Vec::new(), |before| difference(before, after));
    let state = match before {
        None => "new",
        Some(before) if before == after => "same",
        Some(_) => "changed",
    };
    let mut text = vec![format!("{state:<8}{}", file.display())];
    text.extend(differ.iter().take(SHOWN).cloned());
    if differ.len() > SHOWN {
        text.push(format!("  and {} more lines", differ.len() - SHOWN));
    }
    text.extend(unmet.iter().map(|what| format!("UNMET   {what}")));
    let value = json!({
        "scenario": file.display().to_string(), "state": state, "lines": differ.len(), "unmet": unmet,
    });
    out.line(text.join("\n"), value)
}

/// The lines that went and that came, in this order.
fn difference(before: &str, after: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for line in before.lines() {
        *counts.entry(line).or_default() += 1;
    }
    for line in after.lines() {
        *counts.entry(line).or_default() -= 1;
    }
    let mut only = |text: &str, sign: i64, mark: &str| -> Vec<String> {
        let mut lines = Vec::new();
        for line in text.lines() {
            let left = counts.get_mut(line).filter(|left| **left * sign > 0);
            if let Some(left) = left {
                *left -= sign;
                lines.push(format!("  {mark} {line}"));
            }
        }
        lines
    };
    let mut lines = only(before, 1, "-");
    lines.extend(only(after, -1, "+"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_went_or_came_are_told() {
        let (before, after) = ("a\nb\nb\nc", "b\na\nd\nb");
        assert_eq!(difference(before, after), ["  - c", "  + d"]);
        assert_eq!(difference("b\nb", "b"), ["  - b"]);
        assert!(difference(before, before).is_empty());
    }
}
