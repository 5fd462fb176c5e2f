//! Seals a build after Trunk has written it: adds the Content-Security-Policy with the hashes of
//! the inline scripts, the build id that the page, its workers and its further programs compare,
//! and the loaders of these.

use crate::{content, root};
use anyhow::{Context, Result, ensure};
use base64ct::{Base64, Encoding};
use regex_lite::{Captures, Regex};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Programs that draw in the page when they are wanted; Trunk builds them as it builds workers.
const PROGRAMS: [&str; 2] = ["try-page", "try-keys"];

/// Seals the folder that Trunk names, or dist/.
///
/// # Errors
/// When the folder does not contain a build of the page.
pub fn run() -> Result<()> {
    let folder =
        env::var_os("TRUNK_STAGING_DIR").map_or_else(|| root().join("dist"), PathBuf::from);
    content::run(&folder)?;
    let build = build_id(&folder)?;
    let worker = fs::read_to_string(root().join("www/loader.js"))?;
    let program = fs::read_to_string(root().join("www/program.js"))?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if let Some(name) = file.strip_suffix("_loader.js") {
            let template = if PROGRAMS.contains(&name) {
                &program
            } else {
                &worker
            };
            fs::write(
                &path,
                template.replace("NAME", name).replace("BUILD", &build),
            )?;
        }
    }
    let index = folder.join("index.html");
    let html = fs::read_to_string(&index).with_context(|| format!("{}", index.display()))?;
    fs::write(&index, sealed(&html, &build)?)?;
    Ok(())
}

/// Identifies the code of a build: twelve hex digits of a hash over every program file.
fn build_id(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "js" || e == "wasm"));
    // Loaders contain the id, so they cannot be hashed into it.
    files.retain(|path| !path.to_string_lossy().ends_with("_loader.js"));
    ensure!(
        !files.is_empty(),
        "{} does not contain a build of the page",
        folder.display()
    );
    files.sort();
    let mut all = Sha256::new();
    for file in files {
        all.update(fs::read(file)?);
    }
    let mut id = String::new();
    for byte in &all.finalize()[..6] {
        write!(id, "{byte:02x}")?;
    }
    Ok(id)
}

/// The page with its policy and its build id.
fn sealed(html: &str, build: &str) -> Result<String> {
    let html = replace_content(
        html,
        "http-equiv=\"Content-Security-Policy\"",
        &policy(html)?,
    )?;
    let html = replace_content(&html, "name=\"tabchain-build\"", build)?;
    let charset = html.find("charset=").context("no charset")?;
    ensure!(
        charset < 1000,
        "the charset must be in the first 1024 bytes, but it is at {charset}"
    );
    Ok(html)
}

fn replace_content(html: &str, attribute: &str, content: &str) -> Result<String> {
    let meta = Regex::new(&format!("(<meta {attribute} content=)(\"[^\"]*\")"))?;
    ensure!(
        meta.is_match(html),
        "index.html has no <meta {attribute} content=\"...\">"
    );
    let whole = |found: &Captures| format!("{}\"{content}\"", &found[1]);
    Ok(meta.replace(html, whole).into_owned())
}

/// Everything that the page does not use is forbidden: no inline script runs except those whose
/// hash is listed here, no style except those in our own files, and no string becomes a script URL
/// except through `www/boot.js`.
fn policy(html: &str) -> Result<String> {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    let inline = Regex::new(r"(?s)<script([^>]*)>(.*?)</script>")?;
    for script in inline
        .captures_iter(html)
        .filter(|found| !found[1].contains("src="))
    {
        let hash = Base64::encode_string(&Sha256::digest(&script[2]));
        write!(scripts, " 'sha256-{hash}'")?;
    }
    Ok([
        "default-src 'none'",
        &format!("script-src {scripts}"),
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types tabchain",
    ]
    .join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<head><meta http-equiv=\"Content-Security-Policy\" content=\"x\">\
        <meta charset=\"utf-8\"><meta name=\"tabchain-build\" content=\"unsealed\">\
        <script src=\"boot.js\"></script><script type=\"module\">alert(1)</script>";

    #[test]
    fn the_policy_names_each_inline_script_by_its_sha256_and_no_other() {
        let page = sealed(PAGE, "0123456789ab").unwrap();
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(
            page.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
            "{page}"
        );
        assert_eq!(page.matches("'sha256-").count(), 1);
        assert!(page.contains("content=\"0123456789ab\""));
        assert!(!page.contains("unsafe-inline"));
    }

    #[test]
    fn a_page_without_a_place_for_the_policy_is_refused() {
        assert!(sealed("<head></head>", "0").is_err());
    }
}
