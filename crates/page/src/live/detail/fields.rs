//! The 80 bytes of a header as six coloured segments, in proportion, each explained below.

use std::rc::Rc;

use chain::BlockId;
use kit::copy::CopyButton;
use kit::numbers::{hex, short};
use wire::BlockDetail;
use yew::prelude::*;

use super::words::{Block, FIELDS};
use crate::shell::door::{Ui, use_ui};

/// Sizes of the fields in bytes, in order.
const SIZES: [usize; 6] = [4, 32, 32, 4, 4, 4];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub detail: Rc<BlockDetail>,
}

#[component]
pub fn Fields(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Block = ui.words();
    let chosen = use_state(|| None::<usize>);
    let detail = &props.detail;
    let header = hex(&detail.header.encode());
    let parts = split(&header);
    let values = values(&ui, detail);
    let choose = |index: Option<usize>| {
        let chosen = chosen.clone();
        Callback::from(move |_: MouseEvent| chosen.set(index))
    };
    let class = |index: usize, base: &'static str| {
        classes!(
            base,
            format!("field-{index}"),
            (*chosen == Some(index)).then_some("chosen")
        )
    };
    // The segments only illustrate the list below them, so screen readers skip them.
    html! {
        <div class="header-bytes">
            <h3>{ t.header }<CopyButton lang={ui.lang} text={header} what={t.header} /></h3>
            <div class="segments" aria-hidden="true" onmouseleave={choose(None)}>
                { for FIELDS.iter().enumerate().map(|(index, field)| html! {
                    <div class={class(index, "segment")} title={field.long.of(ui.lang)} onmouseenter={choose(Some(index))} onclick={choose(Some(index))}>
                        <span>{ field.short.of(ui.lang) }</span><code>{ parts[index].clone() }</code>
                    </div>
                }) }
            </div>
            <dl class="fields">
                { for FIELDS.iter().zip(values).enumerate().map(|(index, (field, value))| html! {
                    <div class={class(index, "field")} onmouseenter={choose(Some(index))}>
                        <dt><span class="swatch"></span>{ field.long.of(ui.lang) }</dt>
                        <dd class="value">{ value }</dd>
                        <dd class="meaning">{ field.meaning.of(ui.lang) }</dd>
                    </div>
                }) }
            </dl>
        </div>
    }
}

/// Splits the header's hex digits into fields.
fn split(header: &str) -> [String; 6] {
    let mut from = 0;
    SIZES.map(|size| {
        let part = header
            .get(from..from + 2 * size)
            .unwrap_or_default()
            .to_owned();
        from += 2 * size;
        part
    })
}

fn values(ui: &Ui, detail: &BlockDetail) -> [Html; 6] {
    let header = &detail.header;
    let (prev, root) = (header.prev.to_string(), header.merkle_root.to_string());
    let parent = if header.prev == BlockId::ZERO {
        html! { <code>{ short(&prev) }</code> }
    } else {
        html! {
            <button type="button" class="reference" onclick={ui.selecting(header.prev)}><code>{ short(&prev) }</code></button>
        }
    };
    [
        html! { <code>{ format!("0x{:08x}", header.version) }</code> },
        parent,
        html! { <><code>{ short(&root) }</code><CopyButton lang={ui.lang} text={root} what={FIELDS[2].long.of(ui.lang)} /></> },
        html! { ui.n.moment(header.time.0) },
        html! { <code>{ format!("{:08x}", header.bits.0) }</code> },
        html! { ui.n.whole(header.nonce) },
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_header_falls_into_six_fields() {
        let header: String = (0..80u8).map(|byte| format!("{byte:02x}")).collect();
        let parts = super::split(&header);
        assert_eq!(parts[0], "00010203");
        assert_eq!(parts[5], "4c4d4e4f");
        assert_eq!(parts.concat(), header);
        assert_eq!(super::split("00")[0], "");
    }
}
