//! Bytes as IndexedDB stores them: names come back as `ArrayBuffer`s, values as `Uint8Array`s.
//! Every page of the origin can write there, so anything else may come back as well.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::IdbKeyRange;

pub(super) fn to_js(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

pub(super) fn key_to_bytes(name: JsValue) -> Option<Vec<u8>> {
    let buffer = name.dyn_into::<ArrayBuffer>().ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// A value's bytes. A value that is not bytes comes back as its JSON text, which fails every check
/// further up: it is noticed and can be set aside, whereas a missing value would go unnoticed.
pub(super) fn value_to_bytes(value: JsValue) -> Vec<u8> {
    match value.dyn_into::<Uint8Array>() {
        Ok(bytes) => bytes.to_vec(),
        Err(other) => {
            let text = js_sys::JSON::stringify(&other).ok();
            let text = text.and_then(|text| text.as_string());
            text.unwrap_or_else(|| "something else".into()).into_bytes()
        }
    }
}

/// The range of names with this prefix.
pub(super) fn key_range(prefix: &[u8]) -> Result<JsValue, JsValue> {
    let lower = to_js(prefix);
    let range = match behind(prefix) {
        Some(upper) => {
            IdbKeyRange::bound_with_lower_open_and_upper_open(&lower, &to_js(&upper), false, true)?
        }
        None => IdbKeyRange::lower_bound(&lower)?,
    };
    Ok(range.into())
}

/// The smallest name above all names with this prefix, if there is one.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut name = prefix[..=kept].to_vec();
    name[kept] += 1;
    Some(name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn prefixes_end_where_the_next_one_begins() {
        assert_eq!(super::behind(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(super::behind(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(super::behind(&[255, 255]), None);
        assert_eq!(super::behind(&[]), None);
    }
}
