//! The written house rules, as far as a simple text search can enforce them. Each rule takes a
//! file's path and text and names the violations in it.

use crate::{root, sh};
use anyhow::{Context, Result, bail};
use regex_lite::Regex;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

const MOST_LINES_A_FILE: usize = 600;
const MOST_LINES_A_FUNCTION: usize = 100;

/// The one crate that may use unsafe code; its `simd` module says why it has to.
const MAY_BE_UNSAFE: &str = "crates/miner/";

/// Where the page's links may point. Nothing is ever requested from there.
const LINKS: [&str; 4] = [
    "http://www.w3.org/", // names of XML languages
    "https://en.bitcoin.it/",
    "https://github.com/",
    "https://example.org/", // reserved for examples, by RFC 2606
];

/// One file of the repository.
struct File {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

impl File {
    fn ends(&self, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.path.ends_with(end))
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether people write it, unlike lock files or tables of test data.
    fn is_written(&self) -> bool {
        self.ends(&[
            ".rs", ".md", ".toml", ".mjs", ".js", ".css", ".html", ".yml", ".ci/run",
        ])
    }

    /// Whether it belongs to xtask, which has to name what it forbids.
    fn is_ours(&self) -> bool {
        self.path.starts_with("crates/xtask/")
    }
}

/// A rule returns the violations in one file: line (from 1) and complaint.
type Rule = fn(&File) -> Vec<(usize, String)>;

const RULES: [Rule; 9] = [
    file_length,
    function_length,
    spaces,
    unsafe_is_forbidden,
    door_sign,
    unfinished,
    private_mentions,
    requests,
    waits_in_the_page,
];

/// Checks every file that git tracks or would add.
///
/// # Errors
/// Names each violation.
pub fn run() -> Result<()> {
    let files = files()?;
    let mut found = Vec::new();
    for file in &files {
        for rule in RULES {
            found.extend(
                rule(file)
                    .into_iter()
                    .map(|(line, what)| format!("{}:{line}: {what}", file.path)),
            );
        }
    }
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    found.extend(vectors_name_their_source(&paths));
    found.extend(protocols_stay_unnamed(&files, &paths));
    for file in files
        .iter()
        .filter(|file| file.path == "docs/ARCHITECTURE.md")
    {
        found.extend(named_paths_exist(file, &paths));
    }
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    println!("tidy: {} files", files.len());
    Ok(())
}

fn files() -> Result<Vec<File>> {
    let list = sh::ask(
        Command::new("git")
            // Works whoever owns the folder: a container often mounts somebody else's.
            .args(["-c", "safe.directory=*"])
            .args(["ls-files", "-co", "--exclude-standard", "-z"])
            .current_dir(root()),
    )
    .context("`git ls-files` failed here: the rules are checked in a git checkout")?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // Images are not text, and a file may have just been deleted.
        if let Ok(text) = fs::read_to_string(root().join(path)) {
            files.push(File {
                path: path.replace('\\', "/"),
                text,
            });
        }
    }
    Ok(files)
}

fn file_length(file: &File) -> Vec<(usize, String)> {
    let lines = file.text.lines().count();
    if file.ends(&[".rs", ".mjs", ".js"]) && lines > MOST_LINES_A_FILE {
        return vec![(lines, format!("{lines} lines, at most {MOST_LINES_A_FILE}"))];
    }
    Vec::new()
}

/// A function ends at the closing brace in its own column; rustfmt sees to that.
fn function_length(file: &File) -> Vec<(usize, String)> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^( *)(pub(\([a-z]+\))? )?(const |async |unsafe |extern "C" )*fn (\w+)"#)
            .expect("a literal")
    });
    if !file.is_rust() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let lines: Vec<&str> = file.text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let Some(head) = HEAD.captures(line) else {
            continue;
        };
        let end = format!("{}}}", &head[1]);
        let length = lines[start..]
            .iter()
            .take_while(|line| **line != end && !is_bodyless(line, &head[1]))
            .count();
        if length > MOST_LINES_A_FUNCTION {
            found.push((
                start + 1,
                format!(
                    "fn {} has {length} lines, at most {MOST_LINES_A_FUNCTION}",
                    &head[5]
                ),
            ));
        }
    }
    found
}

/// Whether the line is a one-line function or a declaration in a trait.
fn is_bodyless(line: &str, indent: &str) -> bool {
    let is_in_column = line
        .strip_prefix(indent)
        .is_some_and(|rest| !rest.starts_with(' '));
    is_in_column && (line.ends_with(';') || (line.ends_with('}') && line.contains('{')))
}

fn spaces(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if !file.is_written() {
        return found;
    }
    for (index, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            found.push((index + 1, "trailing whitespace".into()));
        }
        if line.contains('\t') {
            found.push((index + 1, "tab".into()));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        found.push((file.text.lines().count(), "no newline at the end".into()));
    }
    found
}

fn unsafe_is_forbidden(file: &File) -> Vec<(usize, String)> {
    static CRATE_ROOT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^crates/\w+/(src/(lib|main|bin/\w+)|examples/\w+|build)\.rs$")
            .expect("a literal")
    });
    let excused = file.path.starts_with(MAY_BE_UNSAFE);
    if CRATE_ROOT.is_match(&file.path) && !excused && !file.text.contains("#![forbid(unsafe_code)]")
    {
        return vec![(1, "a crate root without #![forbid(unsafe_code)]".into())];
    }
    Vec::new()
}

fn door_sign(file: &File) -> Vec<(usize, String)> {
    if !file.path.starts_with("crates/") || !file.path.ends_with("src/lib.rs") {
        return Vec::new();
    }
    let mut lines = file.text.lines();
    let mut missing = Vec::new();
    for sign in ["//! Does: ", "//! Never: ", "//! Neighbours: "] {
        if !lines.next().is_some_and(|line| line.starts_with(sign)) {
            missing.push((
                1,
                format!("the first three lines lack `{sign}` in its place"),
            ));
        }
    }
    missing
}

fn unfinished(file: &File) -> Vec<(usize, String)> {
    if !file.is_rust() || file.is_ours() {
        return Vec::new();
    }
    lines_with(file, &["todo!(", "unimplemented!(", "dbg!("])
}

/// Finds folders next to the repository, paths on some machine, and entry numbers of a list that
/// only some people have.
fn private_mentions(file: &File) -> Vec<(usize, String)> {
    static ENTRY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b[A-S][0-9]{2}\b").expect("a literal"));
    if !file.is_written() || file.is_ours() {
        return Vec::new();
    }
    let mut found = lines_with(
        file,
        &["../shared", "/work/", "/root/", "/tmp/t-", "bug-catalogue"],
    );
    // Test data and drawings are full of such combinations of letters and digits; prose is not.
    if file.is_rust() || file.path.ends_with(".md") {
        for (index, line) in file.text.lines().enumerate() {
            let prose = if file.is_rust() {
                line.split_once("//").map_or("", |(_, comment)| comment)
            } else {
                line
            };
            let entry = ENTRY
                .find(prose)
                .filter(|found| !is_address(prose, found.start()));
            if let Some(entry) = entry {
                found.push((
                    index + 1,
                    format!("`{}` looks like an entry of a private list", entry.as_str()),
                ));
            }
        }
    }
    found
}

/// Whether the word is part of a link or of quoted code.
fn is_address(prose: &str, at: usize) -> bool {
    let before = &prose[..at];
    let word_start = before
        .rfind(char::is_whitespace)
        .map_or(0, |space| space + 1);
    prose[word_start..].contains("://") || before.matches('`').count() % 2 == 1
}

/// The page sends requests to nobody: an address in it may only be a link for people to follow.
fn requests(file: &File) -> Vec<(usize, String)> {
    let sources = [
        "www/",
        "content/",
        "crates/page/src/",
        "crates/try-page/src/",
        "crates/kit/src/",
        "crates/browser/src/",
        "crates/engine/src/",
    ];
    let is_page =
        sources.iter().any(|folder| file.path.starts_with(folder)) || file.path == "index.html";
    if !is_page || file.path.ends_with(".md") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with("//");
        for (at, _) in line.match_indices("http").filter(|_| !is_comment) {
            let address = &line[at..];
            let is_address = ["http://", "https://"].iter().any(|scheme| {
                // Only with a host: prose may say "over https://".
                address
                    .strip_prefix(scheme)
                    .is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric()))
            });
            if is_address && !LINKS.iter().any(|link| address.starts_with(link)) {
                found.push((
                    index + 1,
                    "an address that is not in tidy's list of links".into(),
                ));
            }
        }
    }
    found
}

/// `waitForFunction` of Puppeteer and Playwright turns a string into a function inside the page.
/// The page's policy refuses that, in some browsers even to the driver, so tests poll with
/// `evaluate`.
fn waits_in_the_page(file: &File) -> Vec<(usize, String)> {
    if !file.ends(&[".mjs"]) {
        return Vec::new();
    }
    lines_with(file, &["waitForFunction("])
}

fn lines_with(file: &File, words: &[&str]) -> Vec<(usize, String)> {
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            words
                .iter()
                .filter(move |word| line.contains(**word))
                .map(move |word| (index + 1, format!("`{word}`")))
        })
        .collect()
}

/// Third-party data lies in a `vectors` folder whose README names its source and licence.
fn vectors_name_their_source(paths: &[&str]) -> Vec<String> {
    let mut folders: Vec<&str> = paths
        .iter()
        .filter_map(|path| {
            path.find("/vectors/")
                .map(|at| &path[..at + "/vectors/".len()])
        })
        .collect();
    folders.sort_unstable();
    folders.dedup();
    let says = |folder: &str| {
        let readme = fs::read_to_string(root().join(folder).join("README.md"))
            .unwrap_or_default()
            .to_lowercase();
        readme.contains("licence") || readme.contains("license")
    };
    let silent = folders.iter().filter(|folder| !says(folder));
    silent
        .map(|folder| format!("{folder}: no README.md that names source and licence"))
        .collect()
}

/// Code that may name a protocol besides `consensus` and tests: articles and the list of them, words,
/// and the ready-made rooms, which are scenarios without a script.
const NAMES_PROTOCOLS: [&str; 3] = [
    "crates/consensus/",
    "crates/page/src/learn.rs",
    "crates/page/src/shell/presets.rs",
];

/// A protocol is a folder and a line in the registry. Whoever names one elsewhere would have to be
/// found and changed for the next one.
fn protocols_stay_unnamed(files: &[File], paths: &[&str]) -> Vec<String> {
    let folder = |path: &&str| {
        let rest = path.strip_prefix("crates/consensus/src/")?;
        rest.strip_suffix("/mod.rs").map(str::to_owned)
    };
    let names: Vec<String> = paths
        .iter()
        .filter_map(folder)
        .filter(|name| !name.contains('/'))
        .collect();
    if names.is_empty() {
        return vec!["no protocol is in crates/consensus/src".into()];
    }
    let names = names.join("|");
    let named = Regex::new(&format!(r#"consensus::({names})\b|"({names})""#)).expect("a pattern");
    let may = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        let tests = parts
            .iter()
            .any(|part| ["tests", "tests.rs"].contains(part));
        tests
            || path.ends_with("/words.rs")
            || NAMES_PROTOCOLS.iter().any(|start| path.starts_with(start))
    };
    let ours = files
        .iter()
        .filter(|file| file.is_rust() && !file.is_ours());
    let checked = ours.filter(|file| !may(&file.path));
    let mut found = Vec::new();
    for file in checked {
        // A module's tests stand at its end.
        let code = file
            .text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"));
        for (number, line) in (1..).zip(code) {
            let code = line.split("//").next().unwrap_or_default();
            if named.is_match(code) {
                found.push(format!("{}:{number}: names a protocol", file.path));
            }
        }
    }
    found
}

/// Every path in backticks in the architecture document must exist.
fn named_paths_exist(file: &File, paths: &[&str]) -> Vec<String> {
    static PATH: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"`([\w.-]+(?:/[\w.-]+)+/?)`").expect("a literal"));
    let mut missing = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for named in PATH.captures_iter(line) {
            let path = named[1].trim_end_matches('/');
            let is_there = |known: &&str| {
                [path.to_owned(), format!("crates/{path}")]
                    .iter()
                    .any(|place| **known == *place || known.starts_with(&format!("{place}/")))
            };
            if !paths.iter().any(is_there) {
                missing.push(format!("{}:{}: there is no `{path}`", file.path, index + 1));
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn long_files_and_functions_are_found() {
        let long = "//\n".repeat(MOST_LINES_A_FILE + 1);
        assert_eq!(file_length(&file("crates/a/src/b.rs", &long)).len(), 1);
        let body = "    x();\n".repeat(MOST_LINES_A_FUNCTION);
        let function = format!("fn short() {{\n}}\npub fn long() {{\n{body}}}\n");
        let found = function_length(&file("a.rs", &function));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 3);
    }

    #[test]
    fn declarations_and_one_liners_end_where_they_end() {
        let rest = "// x\n".repeat(200);
        let text = format!(
            "trait T {{\n    fn a(&self);\n    fn b() {{}}\n    fn c(\n        x: u8,\n    );\n}}\n{rest}"
        );
        assert!(function_length(&file("a.rs", &text)).is_empty());
    }

    #[test]
    fn spaces_and_tabs_are_found_in_text_but_not_in_data() {
        assert_eq!(spaces(&file("a.rs", "a \n\tb\n")).len(), 2);
        assert_eq!(spaces(&file("a.rs", "a")).len(), 1);
        assert!(spaces(&file("a.csv", "a \n")).is_empty());
    }

    #[test]
    fn each_crate_root_forbids_unsafe() {
        assert_eq!(
            unsafe_is_forbidden(&file("crates/chain/src/lib.rs", "")).len(),
            1
        );
        assert_eq!(
            unsafe_is_forbidden(&file("crates/page/src/main.rs", "")).len(),
            1
        );
        assert!(unsafe_is_forbidden(&file("crates/miner/src/lib.rs", "")).is_empty());
        assert!(unsafe_is_forbidden(&file("crates/chain/src/tree.rs", "")).is_empty());
    }

    #[test]
    fn the_door_sign_stands_on_the_first_three_lines() {
        let good = "//! Does: a.\n//! Never: b.\n//! Neighbours: c.\n";
        assert!(door_sign(&file("crates/a/src/lib.rs", good)).is_empty());
        assert_eq!(
            door_sign(&file("crates/a/src/lib.rs", "//! Does: a.\n")).len(),
            2
        );
    }

    #[test]
    fn unfinished_code_and_private_mentions_are_found() {
        assert_eq!(
            unfinished(&file("crates/a/src/b.rs", "fn f() { todo!() }\n")).len(),
            1
        );
        assert_eq!(
            private_mentions(&file("README.md", "see ../shared/x\n")).len(),
            1
        );
        assert_eq!(private_mentions(&file("a.rs", "/// Case A01.\n")).len(), 1);
    }

    #[test]
    fn a_test_that_waits_inside_the_page_is_found() {
        let found = |line| waits_in_the_page(&file("tests/browser/a.mjs", line)).len();
        assert_eq!(found("await page.waitForFunction(() => window.x);\n"), 1);
        assert_eq!(
            found("await expect.poll(() => page.evaluate(() => window.x));\n"),
            0
        );
    }

    #[test]
    fn hex_code_and_links_are_no_private_mentions() {
        for innocent in [
            "let x = 0xA01;\n",
            "f(\"B12\");\n",
            "// `A01` in hex\n",
            "// https://x.org/A01\n",
            "// SHA-256, BIP340, UTF-16\n",
        ] {
            assert!(
                private_mentions(&file("a.rs", innocent)).is_empty(),
                "{innocent}"
            );
        }
    }

    #[test]
    fn the_page_requests_nothing_from_others() {
        assert_eq!(
            requests(&file("www/a.js", "fetch(\"https://evil.example/\")\n")).len(),
            1
        );
        assert!(requests(&file("www/a.js", "// https://anything.example\n")).is_empty());
        assert!(requests(&file("www/a.svg", "xmlns=\"http://www.w3.org/2000/svg\"\n")).is_empty());
        assert!(
            requests(&file(
                "crates/cli/src/main.rs",
                "\"https://evil.example/\"\n"
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_protocol_is_named_by_tests_and_content_only() {
        let paths = [
            "crates/consensus/src/pbft/mod.rs",
            "crates/consensus/src/lib.rs",
        ];
        let at = |path: &str, text: &str| protocols_stay_unnamed(&[file(path, text)], &paths).len();
        let entry = "fn f() { consensus::pbft::ENTRY }\n";
        assert_eq!(at("crates/scenario/src/room.rs", entry), 1);
        assert_eq!(at("crates/page/src/live.rs", "if id == \"pbft\" {}\n"), 1);
        assert_eq!(at("crates/page/src/live.rs", "// as in \"pbft\"\n"), 0);
        assert_eq!(at("crates/sim/tests/a.rs", entry), 0);
        assert_eq!(at("crates/sim/src/tests.rs", entry), 0);
        let below = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{entry}}}\n");
        assert_eq!(at("crates/sim/src/a.rs", &below), 0);
        assert_eq!(at("crates/page/src/live/words.rs", "\"pbft\"\n"), 0);
        assert_eq!(at("crates/consensus/src/lib.rs", entry), 0);
        assert_eq!(protocols_stay_unnamed(&[], &[]).len(), 1);
    }

    #[test]
    fn a_path_that_the_architecture_names_has_to_exist() {
        let paths = ["crates/chain/src/lib.rs", "www/boot.js"];
        let text = "`crates/chain/` `chain/src/lib.rs` `www/boot.js` `a::b`\n`crates/gone/src`\n";
        let missing = named_paths_exist(&file("docs/ARCHITECTURE.md", text), &paths);
        assert_eq!(
            missing,
            ["docs/ARCHITECTURE.md:2: there is no `crates/gone/src`"]
        );
    }

    #[test]
    fn vectors_without_a_readme_are_found() {
        assert_eq!(
            vectors_name_their_source(&["crates/nowhere/tests/vectors/a.json"]).len(),
            1
        );
    }
}
