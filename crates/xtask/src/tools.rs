//! The programs that cargo can compile for us, each at a fixed version: one on
//! PATH is used when its version fits, else one of our own below the user's
//! cache folder, which is compiled once.

use crate::once::once;
use crate::{progress, root, sh};
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

/// One such program.
pub struct Tool {
    /// Its package on crates.io.
    pub package: &'static str,
    /// The only version that will do.
    pub version: &'static str,
    /// The executable.
    pub program: &'static str,
    /// How much it is optimised where it is compiled here.
    opt_level: &'static str,
}

/// Has to be exactly the version of the `wasm-bindgen` crate in Cargo.lock.
pub const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.126",
    program: "wasm-bindgen",
    opt_level: "1", // reads whole programs: 4 s for a debug build without, 1 s with it
};
/// Builds the page.
pub const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    program: "trunk",
    opt_level: "0", // mostly waits for others
};
/// Runs wasm tests in a browser.
pub const WASM_PACK: Tool = Tool {
    package: "wasm-pack",
    version: "0.15.0",
    program: "wasm-pack",
    opt_level: "0", // as trunk
};

const ALL: [&Tool; 3] = [&WASM_BINDGEN, &TRUNK, &WASM_PACK];

/// The tools work for seconds and are compiled in minutes: no more than makes them quick enough.
/// How much each is optimised it says itself.
const CHEAP_PROFILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

impl Tool {
    fn own_folder(&self) -> PathBuf {
        cache()
            .join("tools")
            .join(format!("{}-{}", self.package, self.version))
    }

    fn fits(&self, program: OsString) -> bool {
        let said = sh::ask(Command::new(program).arg("--version")).unwrap_or_default();
        said.split_whitespace().any(|word| word == self.version)
    }

    fn own_program(&self) -> PathBuf {
        let name = format!("{}{}", self.program, env::consts::EXE_SUFFIX);
        self.own_folder().join("bin").join(name)
    }

    fn is_there(&self) -> bool {
        self.fits(self.program.into()) || self.fits(self.own_program().into())
    }

    /// Makes sure that the program is there: as its authors built it where cargo-binstall can
    /// fetch that, else compiled here.
    ///
    /// # Errors
    /// When it cannot be had, with what to try by hand.
    pub fn ensure(&self) -> Result<()> {
        let lock = cache().join("locks/tools");
        let is_there = || self.is_there();
        once(&lock, "sets up tools", is_there, || {
            if self.fetch_built() {
                return Ok(());
            }
            self.compile().with_context(|| self.advice())
        })
    }

    fn advice(&self) -> String {
        let Self {
            package, version, ..
        } = self;
        format!(
            "{package} {version} is needed; get it with your package manager or cargo, \
             put it on PATH, and try again"
        )
    }

    fn at_version(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }

    /// Asks cargo-binstall, where it is installed, for the program; whether it runs here now.
    fn fetch_built(&self) -> bool {
        if sh::ask(Command::new("cargo").args(["binstall", "-V"])).is_none() {
            return false;
        }
        let mut binstall = Command::new("cargo");
        binstall
            // Only what the authors built: compiling is our part, and done more cheaply.
            .args([
                "binstall",
                "--no-confirm",
                "--strategies",
                "crate-meta-data",
            ])
            .arg(self.at_version())
            // The option for it had several names, the variable only this one.
            .env("CARGO_INSTALL_ROOT", self.own_folder())
            .stdin(Stdio::null());
        let fetched = sh::run(&mut binstall);
        let runs = self.fits(self.own_program().into());
        if !runs {
            let why = fetched
                .err()
                .map_or("it does not run here".into(), |error| error.to_string());
            println!("cargo-binstall did not help ({why}); compiling instead");
        }
        runs
    }

    fn compile(&self) -> Result<()> {
        // Kept until the program is there: an interrupted compilation goes on where it stopped.
        let build = cache().join("build").join(self.package);
        let mut install = Command::new("cargo");
        install
            // By force: cargo takes a note of its own for the program, even if that does not run.
            .args(["install", "--locked", "--force", "--root"])
            .arg(self.own_folder())
            .arg("--target-dir")
            .arg(&build)
            .arg(self.at_version())
            .envs(CHEAP_PROFILE)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level);
        let what = format!("compiling {} {}, once", self.package, self.version);
        progress::run(&what, &mut install)?;
        ensure!(
            self.fits(self.own_program().into()),
            "{} does not run, or is not {}",
            self.own_program().display(),
            self.version
        );
        let _ = fs::remove_dir_all(build); // only space: the program is there
        Ok(())
    }
}

/// Where our own tools live: `TABCHAIN_CACHE`, else the user's cache folder for Tabchain.
pub fn cache() -> PathBuf {
    let of = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(named) = of("TABCHAIN_CACHE") {
        return named;
    }
    let home = env::home_dir().unwrap_or_else(|| root().join("target"));
    let base = of("XDG_CACHE_HOME").unwrap_or_else(|| {
        if cfg!(target_os = "windows") {
            of("LOCALAPPDATA").unwrap_or(home)
        } else if cfg!(target_os = "macos") {
            home.join("Library/Caches")
        } else {
            home.join(".cache")
        }
    });
    base.join("tabchain")
}

/// The folder of the Node packages (test runner, `wasm-opt`).
pub fn node_folder() -> PathBuf {
    root().join("tests/browser")
}

/// PATH with our own tools and the Node packages' programs in front. A tool
/// that stands on the user's PATH in the right version is not shadowed.
pub fn path() -> OsString {
    let mut folders: Vec<PathBuf> = own_folders();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    env::join_paths(folders).unwrap_or_default()
}

fn own_folders() -> Vec<PathBuf> {
    let own = ALL.iter().map(|tool| tool.own_folder().join("bin"));
    let node = node_folder().join("node_modules/.bin");
    own.chain([node])
        .filter(|folder| fs::exists(folder).unwrap_or(false))
        .collect()
}

/// The shell line that puts the same tools on a person's PATH.
pub fn path_line() -> String {
    let folders: Vec<String> = own_folders()
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!("export PATH=\"{}:$PATH\"", folders.join(":"))
}

/// A command that finds our tools first.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path());
    command
}
