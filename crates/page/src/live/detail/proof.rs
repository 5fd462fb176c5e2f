//! The proof of work: hash and target, written one under the other so that digits line up.

use wire::BlockDetail;
use yew::prelude::*;

use super::words::Block;
use crate::shell::door::Ui;

/// Hash, target, and how they compare.
pub fn proof(ui: &Ui, detail: &BlockDetail) -> Html {
    let t: &Block = ui.words();
    let verdict = if detail.margin_milli >= 1000 {
        let below = (t.below)(&ui.n.milli(detail.margin_milli));
        format!(
            "{below} {}",
            (t.tries)(&ui.n.compact(detail.expected_tries))
        )
    } else {
        t.above.to_owned()
    };
    html! {
        <div class="proof">
            <h3>{ t.proof }</h3>
            <dl class="compare">
                <div><dt>{ t.hash }</dt><dd>{ digits(&detail.block.id.to_string()) }</dd></div>
                <div><dt>{ t.target }</dt><dd>{ digits(&detail.target.to_string()) }</dd></div>
            </dl>
            <p>{ verdict }</p>
        </div>
    }
}

/// A number whose leading zeros are styled apart.
fn digits(hex: &str) -> Html {
    let rest = hex.trim_start_matches('0');
    let zeros = &hex[..hex.len() - rest.len()];
    html! { <code><span class="zeros">{ zeros }</span>{ rest }</code> }
}
