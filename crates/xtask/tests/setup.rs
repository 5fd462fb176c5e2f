//! `cargo xtask setup` with fake programs: what it asks them for, what it shows, and that two of
//! them at once do not interfere.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Answers as cargo does and records what it is asked in a file. The test supplies the scripts for
/// `binstall` and `install`.
const CARGO: &str = r#"
case "$1 $2" in
  "binstall -V") test -n "$BINSTALL" ;;
  binstall*) echo "$*" >> "$HERE/asked"; eval "$BINSTALL" ;;
  install*) echo "$* opt=$CARGO_PROFILE_RELEASE_OPT_LEVEL lto=$CARGO_PROFILE_RELEASE_LTO" >> "$HERE/asked"
    root=$5; eval "$INSTALL" ;;
esac
"#;

/// Puts a program into `$root`, with the name and version that are in `$last`.
const PUT: &str = r#"
for last; do :; done
version=${last##*@}; name=${last%%@*}; name=${name%-cli}
mkdir -p "$root/bin"
printf '#!/bin/sh\necho %s %s\n' "$name" "$version" > "$root/bin/$name"
chmod +x "$root/bin/$name"
"#;

/// Prints cargo's progress; the program follows.
const COMPILE: &str = r#"
printf '   Compiling a v1.0.0\n' >&2
for done in 1 2 3 4 5 6 7 8 9 10; do
  printf '    Building [=>   ] %s/10: some, crates\r' $done >&2
done
"#;

/// Fails while another one runs: two npm processes in one folder break each other's packages.
const NPM: &str = r#"
mkdir "$HERE/npm-runs" || exit 7
echo npm >> "$HERE/asked"
sleep 1
mkdir -p node_modules
rmdir "$HERE/npm-runs"
"#;

/// A checkout, a cache and a PATH of the test's own.
struct Place {
    here: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&here);
        for folder in ["bin", "target-libdir", "crates/xtask", "tests/browser"] {
            fs::create_dir_all(here.join(folder)).unwrap();
        }
        fs::write(here.join("tests/browser/package-lock.json"), "{}").unwrap();
        let place = Self { here };
        place.program("cargo", CARGO);
        place.program("rustc", r#"echo "$HERE/target-libdir""#);
        place.program("node", "echo v20.0.0");
        place.program("npm", NPM);
        place
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.here.join("bin").join(name);
        // Only our programs are on the PATH under test: the script finds the system's by itself.
        let script = format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn start(&self, binstall: &str, install: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("setup")
            .env("CARGO_MANIFEST_DIR", self.here.join("crates/xtask"))
            .env("TABCHAIN_CACHE", self.here.join("cache"))
            .env("PATH", self.here.join("bin"))
            .env("HERE", &self.here)
            .env("CHROME", "a-chromium")
            .env("BINSTALL", binstall)
            .env("INSTALL", install)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn set_up(&self, binstall: &str, install: &str) -> Output {
        self.start(binstall, install).wait_with_output().unwrap()
    }

    /// What cargo and npm were asked for, one request per line.
    fn asked(&self) -> Vec<String> {
        let text = fs::read_to_string(self.here.join("asked")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

#[test]
fn cargo_binstall_is_asked_for_each_tool_at_its_version_without_questions() {
    let place = Place::new("binstall");
    let output = place.set_up(&format!("root=$CARGO_INSTALL_ROOT; {PUT}"), "exit 1");
    assert!(output.status.success(), "{}", said(&output));
    let asked = place.asked();
    for tool in ["wasm-bindgen-cli@", "trunk@", "wasm-pack@"] {
        let of_tool: Vec<_> = asked.iter().filter(|line| line.contains(tool)).collect();
        let [line] = of_tool[..] else {
            panic!("{asked:?}");
        };
        assert!(line.starts_with("binstall --no-confirm "), "{line}");
        assert!(line.contains("--strategies crate-meta-data"), "{line}");
    }
    // The second time, everything is there.
    assert!(place.set_up("exit 1", "exit 1").status.success());
    assert_eq!(place.asked(), asked);
}

#[test]
fn what_binstall_cannot_fetch_is_compiled_cheaply_with_few_lines() {
    let place = Place::new("fall-back");
    // It reports success but leaves a program that does not run.
    let broken = "mkdir -p $CARGO_INSTALL_ROOT/bin; echo > $CARGO_INSTALL_ROOT/bin/trunk";
    let output = place.set_up(broken, &format!("{COMPILE}{PUT}"));
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("cargo-binstall did not help"), "{said}");
    let asked = place.asked();
    let compiled: Vec<_> = asked
        .iter()
        .filter(|line| line.starts_with("install "))
        .collect();
    assert_eq!(compiled.len(), 3, "{asked:?}");
    for line in compiled {
        let level = if line.contains("wasm-bindgen") { 1 } else { 0 };
        let profile = format!("opt={level} lto=off");
        assert!(line.contains("--locked --force"), "{line}");
        assert!(line.ends_with(&profile), "{line}");
    }
    let trunk: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("compiling trunk"))
        .collect();
    let percents: Vec<_> = trunk.iter().filter(|line| line.contains(" % (")).collect();
    assert_eq!(percents.len(), 5, "20, 40, 60, 80 and 100: {trunk:?}");
    assert!(percents[1].contains("40 % (4 of 10)"), "{trunk:?}");
    assert!(
        !said.contains("Compiling a v1.0.0"),
        "only a failure shows it: {said}"
    );
    assert!(!place.here.join("cache/build/trunk").exists());
}

#[test]
fn a_tool_that_does_not_compile_shows_what_cargo_said_and_what_to_do() {
    let place = Place::new("failure");
    let output = place.set_up(
        "",
        &format!("{COMPILE}echo 'error: no linker' >&2; exit 101"),
    );
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["Compiling a v1.0.0", "error: no linker", "put it on PATH"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("Building ["), "{said}");
}

#[test]
fn two_at_once_set_up_once_and_the_second_says_what_it_waits_for() {
    let place = Place::new("two-at-once");
    let slow = format!("sleep 1; {PUT}");
    let both = [place.start("", &slow), place.start("", &slow)];
    let both = both.map(|child| child.wait_with_output().unwrap());
    let texts = both.each_ref().map(said);
    assert!(
        both.iter().all(|output| output.status.success()),
        "{texts:?}"
    );
    let asked = place.asked();
    let count = |start: &str| asked.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("install"), count("npm")), (3, 1), "{asked:?}");
    assert!(
        texts
            .concat()
            .contains("waiting for another `cargo xtask`, which sets up tools"),
        "{texts:?}"
    );
}
