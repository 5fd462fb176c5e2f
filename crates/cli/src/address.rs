//! `tabchain address`: what an address pays to, and which address a script or key has.

use chain::{Address, Lock, PublicKey, Script, WitnessProgram};
use serde_json::json;

use crate::decode::lock_words;
use crate::hex_args::digits;
use crate::out::{Failure, Out};

/// `address`; true if the text is an address, or has one.
pub fn address(text: &str, prefix: &str, out: &mut Out) -> Result<bool, Failure> {
    let text = text.trim();
    let bytes = hex::decode(digits(text)).ok();
    let (program, prefix) = match bytes {
        Some(bytes) => (of_bytes(bytes)?, prefix.to_string()),
        None => of_address(text)?,
    };
    let script = program.script_pubkey();
    let lock = Lock::of(&script);
    let address = program
        .to_address(&prefix)
        .map_err(|error| Failure::Input {
            error: error.to_string(),
            help: "a prefix has letters and digits, such as tab or bc",
        })?;
    // An address can have the right form and still be no point on the curve.
    let taproot = Address::from_script_pubkey(&script);
    let is_nobodys = taproot.is_some_and(|address| address.output_key().is_err());
    let meaning = match is_nobodys {
        true => "has the form of a taproot key, and nobody can have that key",
        false => lock_words(&lock),
    };
    let (version, hash) = (program.version(), hex::encode(program.bytes()));
    let script = hex::encode(script.as_bytes());
    out.line(
        format_args!("address {address}\nversion {version}\nprogram {hash}\nscript {script}\nmeaning {meaning}"),
        json!({
            "address": address,
            "version": version,
            "program": hash,
            "script": script,
            "meaning": meaning,
            "spendable": !is_nobodys && !matches!(lock, Lock::NonStandard(_)),
        }),
    )?;
    out.finish()?;
    Ok(!is_nobodys)
}

/// What an output's script pays to; or the output of an internal key, by itself (BIP86).
fn of_bytes(bytes: Vec<u8>) -> Result<WitnessProgram, Failure> {
    let failure = |error: String| Failure::Input {
        error,
        help: "give an address, a script such as 5120 and 64 hex digits, or the 64 hex digits of a key",
    };
    if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
        let address = PublicKey::from_bytes(&key).and_then(|key| Address::from_internal_key(&key));
        let address = address.map_err(|error| failure(error.to_string()))?;
        let program = WitnessProgram::from_script_pubkey(&address.script_pubkey());
        return program.ok_or_else(|| failure("this key has no address".into()));
    }
    let script = Script(bytes);
    let none = || {
        failure(format!(
            "no address stands for this script: it {}",
            lock_words(&Lock::of(&script))
        ))
    };
    WitnessProgram::from_script_pubkey(&script).ok_or_else(none)
}

/// The program of an address of whatever network, and its prefix.
fn of_address(text: &str) -> Result<(WitnessProgram, String), Failure> {
    let prefix = text.rsplit_once('1').map_or("", |(prefix, _)| prefix);
    let prefix = prefix.to_lowercase();
    let program = WitnessProgram::from_address(&prefix, text);
    let program = program.map_err(|error| Failure::Input {
        error: error.to_string(),
        help: "check the address letter by letter against where it comes from",
    })?;
    Ok((program, prefix))
}
