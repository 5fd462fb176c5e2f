//! The programs that cargo can compile for us, each at a fixed version: one on
//! PATH is used when its version fits, else one of our own below the user's
//! cache folder, which is compiled once.

use crate::once::once;
use crate::{root, sh};
use anyhow::Result;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// One such program.
pub struct Tool {
    /// Its package on crates.io.
    pub package: &'static str,
    /// The only version that will do.
    pub version: &'static str,
    /// The executable.
    pub program: &'static str,
}

/// Has to be exactly the version of the `wasm-bindgen` crate in Cargo.lock.
pub const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.126",
    program: "wasm-bindgen",
};
/// Builds the page.
pub const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    program: "trunk",
};
/// Runs wasm tests in a browser.
pub const WASM_PACK: Tool = Tool {
    package: "wasm-pack",
    version: "0.15.0",
    program: "wasm-pack",
};

const ALL: [&Tool; 3] = [&WASM_BINDGEN, &TRUNK, &WASM_PACK];

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

    /// Makes sure that the program is there, compiling it if need be.
    ///
    /// # Errors
    /// When it cannot be compiled, with the command to try by hand.
    pub fn ensure(&self) -> Result<()> {
        let lock = cache().join("locks/tools");
        once(
            &lock,
            "sets up tools",
            || self.is_there(),
            || self.compile(),
        )
    }

    fn is_there(&self) -> bool {
        self.fits(self.program.into()) || self.fits(self.own_program().into())
    }

    fn compile(&self) -> Result<()> {
        println!(
            "compiling {} {} once (takes minutes)",
            self.package, self.version
        );
        let package = format!("{}@{}", self.package, self.version);
        sh::run(
            Command::new("cargo")
                .args(["install", "--locked", "--root"])
                .arg(self.own_folder())
                .arg(package)
                // A target folder of its own: ours has other profiles and flags.
                .env_remove("CARGO_TARGET_DIR"),
        )
        .map_err(|error| {
            error.context(format!(
                "{} {} is needed; get it with your package manager or cargo, put it on PATH, and try again",
                self.package, self.version
            ))
        })
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
