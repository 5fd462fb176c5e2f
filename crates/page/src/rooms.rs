//! Checks dependencies inside the page: rooms do not depend on each other, and reach the frame only
//! through its door.

use std::fs;
use std::path::{Path, PathBuf};

/// Each part, and what it may name of the crate besides itself.
const MAY_NAME: [(&str, &[&str]); 4] = [
    ("bridge", &["shell::prefs", "window"]),
    ("live", &["bridge", "samples", "shell::door", "window"]),
    ("learn", &["bridge", "window"]),
    ("script", &["bridge", "window"]),
];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).expect("a folder of this crate") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn rooms_do_not_know_each_other() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (part, may) in MAY_NAME {
        let mut all = vec![source.join(format!("{part}.rs"))];
        files(&source.join(part), &mut all);
        for file in all {
            let text = fs::read_to_string(&file).expect("readable");
            for named in text.split("crate::").skip(1) {
                let is = |place: &&str| named.starts_with(*place);
                let line = named.lines().next().unwrap_or_default();
                assert!(
                    is(&part) || may.iter().any(is),
                    "{} names {line}",
                    file.display()
                );
            }
        }
    }
}
