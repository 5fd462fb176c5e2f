//! What is left to do after a panic of a program in the page.

use wasm_bindgen::prelude::*;

use crate::lang::{Lang, Word};
use crate::window;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

/// Reports a panic of the program's own code, which cannot draw any more, with bare DOM calls.
pub fn say(what: Word, report: &str) {
    console_error(report);
    let show = || {
        let document = window().document()?;
        let lang = document.document_element()?.get_attribute("lang")?;
        let dialog = document.create_element("dialog").ok()?;
        dialog.set_attribute("data-testid", "crash-dialog").ok()?;
        dialog.set_attribute("open", "").ok()?;
        for (tag, text) in [("p", what.of(Lang::of(&lang))), ("pre", report)] {
            let element = document.create_element(tag).ok()?;
            element.set_text_content(Some(text));
            dialog.append_child(&element).ok()?;
        }
        document.body()?.append_child(&dialog).ok()
    };
    let _ = show();
}
