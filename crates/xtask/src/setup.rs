//! Fetches what a fresh machine lacks. What is there is used; what cannot be obtained is named
//! together with the way to get it.

use crate::once::once;
use crate::tools::{self, TRUNK, WASM_BINDGEN, WASM_PACK};
use crate::{root, sh};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The wasm target: everything that runs in a browser.
pub const WASM: &str = "wasm32-unknown-unknown";
/// A target without an operating system; compiling for it proves that a crate is `no_std`.
pub const BARE: &str = "thumbv7em-none-eabi";

const OLDEST_NODE: u32 = 20;
const APT_FIREFOX: &str = "firefox-esr";

/// Something that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The crates, for steps that work without the network.
    Crates,
    Rustfmt,
    Clippy,
    /// The wasm target.
    Wasm,
    /// The target without an operating system.
    BareMetal,
    /// The tools that run wasm tests.
    WasmTests,
    /// Node and its packages.
    Node,
    /// Browsers, a driver and a Chinese font.
    Browser,
    /// Everything that building the page takes.
    Page,
}

impl Need {
    /// Everything, in the order in which it is fetched.
    pub const ALL: [Self; 9] = [
        Self::Page,
        Self::Crates,
        Self::Rustfmt,
        Self::Clippy,
        Self::Wasm,
        Self::BareMetal,
        Self::WasmTests,
        Self::Node,
        Self::Browser,
    ];

    /// Fetches it unless it is there; system packages only as root or if `system` says so.
    ///
    /// # Errors
    /// Names what cannot be obtained and how to get it.
    pub fn ensure(self, system: bool) -> Result<()> {
        match self {
            Self::Crates => sh::run(
                Command::new("cargo")
                    .args(["fetch", "--locked"])
                    .current_dir(root()),
            ),
            Self::Rustfmt => component("fmt", "rustfmt"),
            Self::Clippy => component("clippy", "clippy"),
            Self::Wasm => target(WASM),
            Self::BareMetal => target(BARE),
            Self::WasmTests => {
                target(WASM)?;
                WASM_BINDGEN.ensure()?;
                WASM_PACK.ensure()
            }
            Self::Node => node_packages(&tools::node_folder()),
            Self::Browser => browser(system),
            Self::Page => {
                target(WASM)?;
                WASM_BINDGEN.ensure()?;
                TRUNK.ensure()?;
                node_packages(&tools::node_folder())?;
                // Trunk builds offline, so that it fetches no tools of its own: the crates must be
                // here first.
                Self::Crates.ensure(system)
            }
        }
    }
}

/// Makes sure that a compilation target is there, through rustup if it is missing.
///
/// # Errors
/// Names the target and how to get it.
pub fn target(name: &str) -> Result<()> {
    let is_there = || {
        // Asks the compiler, not rustup: a distribution's Rust has no rustup.
        let folder =
            sh::ask(Command::new("rustc").args(["--print", "target-libdir", "--target", name]));
        folder.is_some_and(|folder| Path::new(folder.trim()).is_dir())
    };
    let add = || sh::run(Command::new("rustup").args(["target", "add", name]));
    rustup(is_there, add)
        .with_context(|| format!("the Rust target {name} is needed; get it from https://rustup.rs"))
}

fn rustup(is_there: impl Fn() -> bool, add: impl FnOnce() -> Result<()>) -> Result<()> {
    let lock = tools::cache().join("locks/rustup");
    once(&lock, "adds to the Rust toolchain", is_there, add)
}

fn component(subcommand: &str, name: &str) -> Result<()> {
    let is_there = || sh::ask(Command::new("cargo").args([subcommand, "--version"])).is_some();
    let add = || sh::run(Command::new("rustup").args(["component", "add", name]));
    rustup(is_there, add).with_context(|| {
        format!("the Rust component {name} is needed; get it from https://rustup.rs")
    })
}

/// Installs a folder's Node packages from its lock file, unless they are up to date.
///
/// # Errors
/// When Node is missing or too old, or the packages cannot be fetched.
pub fn node_packages(folder: &Path) -> Result<()> {
    check_node()?;
    let list = folder.join("package-lock.json");
    let list = fs::read(&list).with_context(|| format!("{}", list.display()))?;
    let wanted = format!("{:x?}", Sha256::digest(&list));
    let stamp = folder.join("node_modules/.installed-lock");
    let is_done = || fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    // In this checkout, not in the cache: other checkouts have packages of their own.
    let lock = root().join("target/locks/node-packages");
    once(&lock, "installs Node packages", is_done, || {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        sh::run(
            Command::new(npm)
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(folder)
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                .env("PUPPETEER_SKIP_DOWNLOAD", "1"),
        )?;
        Ok(fs::write(&stamp, &wanted)?)
    })
}

fn check_node() -> Result<()> {
    let version = sh::ask(Command::new("node").arg("--version")).unwrap_or_default();
    let version = version.trim();
    let major = version.trim_start_matches('v').split('.').next();
    let major = major.and_then(|n| n.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= OLDEST_NODE),
        "Node {OLDEST_NODE} or newer is needed (found `{version}`); get it from https://nodejs.org",
    );
    Ok(())
}

/// A Chromium that tests can drive, its driver, and a font with Chinese glyphs.
fn browser(system: bool) -> Result<()> {
    let apt = Apt::find();
    let Some(apt) = apt.as_ref().filter(|apt| apt.is_root || system) else {
        return go_without(&missing_for_browser(), apt.is_some());
    };
    let lock = tools::cache().join("locks/system-packages");
    let is_done = || missing_for_browser().is_empty() && firefox().is_some();
    once(&lock, "installs system packages", is_done, || {
        install_for_browser(apt)
    })
}

fn install_for_browser(apt: &Apt) -> Result<()> {
    let missing = missing_for_browser();
    if !missing.is_empty() {
        println!("missing: {}", list(&missing, |lack| lack.what, ", "));
        // Programs that are there may come from elsewhere: only what is missing is installed.
        let packages: Vec<&str> = missing.iter().map(|lack| lack.apt).collect();
        if apt.install(&packages).is_err() {
            go_without(&missing_for_browser(), false)?; // the distribution may lack these names
        }
    }
    if firefox().is_none() && apt.install(&[APT_FIREFOX]).is_err() {
        println!("{APT_FIREFOX} cannot be installed here; its smoke test will be skipped");
    }
    Ok(())
}

/// Something that the browser tests lack, and the Debian package that provides it.
struct Lack {
    what: &'static str,
    apt: &'static str,
}

fn list(missing: &[Lack], say: impl Fn(&Lack) -> &'static str, between: &str) -> String {
    missing.iter().map(say).collect::<Vec<_>>().join(between)
}

/// Carries on without installing: says how to install what is missing, and fails only for want of a
/// browser.
fn go_without(missing: &[Lack], has_apt: bool) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names = list(missing, |lack| lack.what, ", ");
    let way = if has_apt {
        format!(
            "run `cargo xtask setup --system`, or: sudo apt-get install -y {}",
            list(missing, |lack| lack.apt, " ")
        )
    } else {
        "install Chrome or Chromium (or set CHROME to its executable), and a Chinese font".into()
    };
    if chromium().is_none() {
        bail!("missing: {names}; {way}");
    }
    // wasm-pack fetches a driver itself, and the font only matters for screenshots.
    println!("missing: {names}; continuing without; {way}");
    Ok(())
}

/// Installs system packages on Debian.
struct Apt {
    is_root: bool,
}

impl Apt {
    fn find() -> Option<Self> {
        on_path("apt-get")?;
        let is_root = sh::ask(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
        Some(Self { is_root })
    }

    fn command(&self) -> Command {
        // Through `env`, because sudo passes no variables on.
        let mut command = Command::new(if self.is_root { "env" } else { "sudo" });
        if !self.is_root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    }

    /// Installs packages, with one retry after an update: an outdated package list is the usual
    /// cause of failures.
    fn install(&self, packages: &[&str]) -> Result<()> {
        let install = || {
            let mut apt = self.command();
            apt.args(["install", "-y", "--no-install-recommends"])
                .args(packages);
            sh::run(&mut apt)
        };
        install().or_else(|_| {
            sh::run(self.command().arg("update"))?;
            install()
        })
    }
}

fn missing_for_browser() -> Vec<Lack> {
    let fonts = sh::ask(Command::new("fc-list").args([":lang=zh", "family"]));
    let no_font = cfg!(target_os = "linux") && fonts.is_none_or(|fonts| fonts.trim().is_empty());
    let needs = [
        (chromium().is_none(), "Chromium", "chromium"),
        (chromedriver().is_none(), "its driver", "chromium-driver"),
        (no_font, "a Chinese font", "fonts-noto-cjk"),
    ];
    let missing = needs.into_iter().filter(|(lacks, ..)| *lacks);
    missing.map(|(_, what, apt)| Lack { what, apt }).collect()
}

/// The browser that the tests drive: `CHROME` if set, otherwise an installed one.
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROME") {
        return Some(named.into());
    }
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ];
    let usual = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    ];
    names
        .iter()
        .find_map(|name| on_path(name))
        .or_else(|| usual.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// A Firefox for the smoke test.
pub fn firefox() -> Option<PathBuf> {
    ["firefox", "firefox-esr"]
        .iter()
        .find_map(|name| on_path(name))
}

/// Chromium's driver: `CHROMEDRIVER` if set, otherwise the one on PATH.
pub fn chromedriver() -> Option<PathBuf> {
    env::var_os("CHROMEDRIVER")
        .map(PathBuf::from)
        .or_else(|| on_path("chromedriver"))
}

/// The full path of a program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// Checks that Cargo.lock has exactly the `wasm-bindgen` version that our tool is for.
///
/// # Errors
/// When it has another version, which the tool would refuse.
pub fn bindgen_matches() -> Result<()> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let wanted = format!(
        "name = \"wasm-bindgen\"\nversion = \"{}\"",
        WASM_BINDGEN.version
    );
    if !lock.contains(&wanted) {
        bail!(
            "Cargo.lock has a wasm-bindgen other than {}; change both together",
            WASM_BINDGEN.version
        );
    }
    Ok(())
}
