//! Builds the page and serves it as static files, exactly as any host would.

use crate::setup::{self, Need};
use crate::{once, root, sh, tools};
use anyhow::{Context, Result, anyhow, ensure};
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use tiny_http::{Header, Method, Request, Response, Server};

/// The options of `cargo xtask serve`.
pub struct Options {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Whether to open the address in the user's browser.
    pub open: bool,
    /// Whether to build without optimisation: quick to compile, far too slow to mine.
    pub debug: bool,
    /// Whether to build first.
    pub build: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8080,
            open: false,
            debug: false,
            build: true,
        }
    }
}

/// Where the static page lands.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Builds the page into dist/; its tools must be there.
///
/// # Errors
/// When the page does not build.
pub fn build(debug: bool) -> Result<()> {
    setup::bindgen_matches()?;
    // Two builds at once would clear each other's dist/.
    let _held = once::hold(&root().join("target/locks/build"), "builds the page")?;
    sh::run(&mut build_command(debug))
}

/// The command that builds the page.
pub fn build_command(debug: bool) -> Command {
    let mut trunk = tools::command("trunk");
    trunk.arg("build").env_remove("NO_COLOR"); // Trunk takes only "true" or "false" there
    if !debug {
        trunk.arg("--release");
    }
    if cfg!(windows) {
        // On Windows, npm's wasm-opt is a script that Trunk cannot start: let Trunk fetch a
        // program.
        trunk.arg("--offline=false");
    }
    trunk
}

/// Builds and serves until interrupted.
///
/// # Errors
/// When the port is taken, or the page does not build.
pub fn run(options: &Options) -> Result<()> {
    // The port comes first: nobody should wait for a build only to learn that the port is taken.
    let server = listen(options.port)?;
    if options.build {
        Need::Page.ensure(false)?;
        build(options.debug)?;
    }
    ensure!(
        dist().join("index.html").is_file(),
        "there is no build in {}",
        dist().display()
    );
    let port = server
        .server_addr()
        .to_ip()
        .map_or(options.port, |address| address.port());
    let address = format!("http://127.0.0.1:{port}/");
    println!("\nTabchain is at {address}   (Ctrl+C stops)");
    if options.open {
        open(&address);
    }
    for request in server.incoming_requests() {
        let answered = answer(request, &dist());
        if let Err(error) = answered {
            eprintln!("a browser disconnected: {error}");
        }
    }
    Ok(())
}

fn listen(port: u16) -> Result<Server> {
    Server::http(("127.0.0.1", port)).map_err(|error| {
        let other = if port < 1024 {
            8080
        } else {
            port.checked_add(1).unwrap_or(8080)
        };
        anyhow!(
            "port {port} cannot be used ({error}); try another: cargo xtask serve --port {other}"
        )
    })
}

fn answer(request: Request, folder: &Path) -> std::io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return request.respond(Response::from_string("only GET").with_status_code(405));
    }
    let Some((path, file)) = find(request.url(), folder) else {
        return request.respond(Response::from_string("not found").with_status_code(404));
    };
    let mut response = Response::from_file(file);
    for (name, value) in [
        ("Content-Type", content_type(&path)),
        ("Cache-Control", "no-cache"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    request.respond(response)
}

/// The file below `folder` that an address names, never one outside it.
fn find(url: &str, folder: &Path) -> Option<(PathBuf, File)> {
    let address = url.split(['?', '#']).next()?;
    let relative = Path::new(address.trim_start_matches('/'));
    if relative
        .components()
        .any(|part| !matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let mut path = folder.join(relative);
    if path.is_dir() {
        path.push("index.html");
    }
    let file = File::open(&path).ok()?;
    Some((path, file))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn open(address: &str) {
    let mut opener = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    let opened = opener
        .arg(address)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.context("no browser").is_err() {
        println!("(no browser could be opened; please open the address yourself)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_folder_are_served() {
        let folder = root().join("crates/xtask/src");
        assert!(find("/main.rs?x=1", &folder).is_some());
        assert!(find("/../Cargo.toml", &folder).is_none());
        assert!(find("//etc/passwd", &folder).is_none());
        assert!(find("/a/../../Cargo.toml", &folder).is_none());
        assert!(find("/nothing", &folder).is_none());
    }

    #[test]
    fn a_taken_port_is_named_with_another_to_try() {
        let first = listen(0).unwrap();
        let taken = first.server_addr().to_ip().unwrap().port();
        let error = listen(taken).err().unwrap().to_string();
        assert!(
            error.contains(&format!("port {taken}")) && error.contains("--port"),
            "{error}"
        );
    }
}
