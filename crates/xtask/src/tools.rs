//! The programs that cargo can compile for us, each at a fixed version: the one on PATH is used if
//! its version matches, otherwise our own in the user's cache folder, which is compiled once.

use crate::once::once;
use crate::{progress, root, sh};
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

/// One such program.
pub struct Tool {
    /// The name of its package on crates.io.
    pub package: &'static str,
    /// The exact version that is required.
    pub version: &'static str,
    /// The executable.
    pub program: &'static str,
    /// How much it is optimised when it is compiled here.
    opt_level: &'static str,
}

/// Must have exactly the version of the `wasm-bindgen` crate in Cargo.lock.
pub const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.126",
    program: "wasm-bindgen",
    opt_level: "1", // it processes whole programs: 4 s for a debug build at level 0, 1 s at level 1
};
/// Builds the page.
pub const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    program: "trunk",
    opt_level: "0", // it mostly waits for other programs
};
/// Runs wasm tests in a browser.
pub const WASM_PACK: Tool = Tool {
    package: "wasm-pack",
    version: "0.15.0",
    program: "wasm-pack",
    opt_level: "0", // like trunk
};

const ALL: [&Tool; 3] = [&WASM_BINDGEN, &TRUNK, &WASM_PACK];

/// The tools run for seconds but take minutes to compile, so they are optimised only as far as
/// needed. The level of optimisation is set per tool.
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

    /// Makes sure that the program is there: as built by its authors if cargo-binstall can fetch
    /// it, otherwise compiled here.
    ///
    /// # Errors
    /// When it cannot be obtained; names what to try by hand.
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

    /// Fetches the program with cargo-binstall if that is installed; returns whether it now runs
    /// here.
    fn fetch_built(&self) -> bool {
        if sh::ask(Command::new("cargo").args(["binstall", "-V"])).is_none() {
            return false;
        }
        let mut binstall = Command::new("cargo");
        binstall
            // Only the authors' own builds: if something must be compiled, we do it more cheaply.
            .args([
                "binstall",
                "--no-confirm",
                "--strategies",
                "crate-meta-data",
            ])
            .arg(self.at_version())
            // The option has changed its name several times, the variable never.
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
        // Kept until the program is there: an interrupted compilation continues where it stopped.
        let build = cache().join("build").join(self.package);
        let mut install = Command::new("cargo");
        install
            // With --force, because cargo considers the program installed even if it does not run.
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
        let _ = fs::remove_dir_all(build); // failing here only wastes space
        Ok(())
    }
}

/// Where our own tools live: `TABCHAIN_CACHE`, otherwise Tabchain's folder in the user's cache.
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

/// PATH with our own tools and the Node packages' programs in front. A tool in the right version on
/// the user's PATH is not shadowed, because then we install none of our own.
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

/// The shell command that puts the same tools on a person's PATH.
pub fn path_line() -> String {
    let folders: Vec<String> = own_folders()
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!("export PATH=\"{}:$PATH\"", folders.join(":"))
}

/// A command that runs in the root folder and finds our tools first.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path());
    command
}
