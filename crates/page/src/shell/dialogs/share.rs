//! The share dialog: the room's link, to copy or to scan.

use std::fmt::Write;

use fast_qr::QRBuilder;
use kit::address;
use kit::copy::CopyButton;
use kit::modal::Modal;
use yew::prelude::*;

use super::words::Share;
use crate::shell::door::use_ui;

/// Width of the quiet zone around a QR code in modules, as its standard requires.
const QUIET: usize = 4;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The part of the room's link after `#`.
    pub link: AttrValue,
    pub onclose: Callback<()>,
}

#[component]
pub fn ShareDialog(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Share = ui.words();
    let address = address::full(&props.link);
    let code = use_memo(address.clone(), |address| qr(address));
    html! {
        <Modal lang={ui.lang} title={t.title} testid="share-dialog" onclose={props.onclose.clone()}>
            <p>{ t.lead }</p>
            <div class="share-link">
                <input type="text" readonly=true value={address.clone()} aria-label={t.link} data-testid="share-link" />
                <CopyButton lang={ui.lang} text={address} what={t.link} label={t.copy} />
            </div>
            if let Some((size, path)) = &*code {
                <svg class="qr" viewBox={format!("0 0 {size} {size}")} role="img" aria-label={t.qr}>
                    <rect width="100%" height="100%" /><path d={path.clone()} />
                </svg>
            } else {
                <p class="muted">{ t.too_long }</p>
            }
            <p>{ t.elsewhere }</p>
            <p class="muted">{ t.never_mines }</p>
        </Modal>
    }
}

/// Encodes a text as a QR code: its width in modules, and its dark modules as a path.
fn qr(text: &str) -> Option<(usize, String)> {
    let code = QRBuilder::new(text).build().ok()?;
    let mut path = String::new();
    for row in 0..code.size {
        for (column, _) in code[row]
            .iter()
            .enumerate()
            .filter(|(_, module)| module.value())
        {
            let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
        }
    }
    Some((code.size + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    #[test]
    fn links_become_codes_and_books_do_not() {
        let (size, path) = super::qr("https://example.org/#/live?room=maple-river").expect("short");
        assert!(size >= 21 + 8);
        assert!(
            path.starts_with("M4 4h1v1h-1z"),
            "a finder pattern in the corner"
        );
        assert!(super::qr(&"x".repeat(4000)).is_none());
    }
}
