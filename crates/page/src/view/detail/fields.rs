//! The 80 bytes of a header as six coloured segments, in proportion, each explained below.

use std::rc::Rc;

use yew::prelude::*;

use crate::numbers::short;
use crate::ui::{Ui, use_ui};
use crate::view::copy::CopyButton;
use wire::BlockDetail;

/// Bytes of the fields, in their order.
const SIZES: [usize; 6] = [4, 32, 32, 4, 4, 4];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub detail: Rc<BlockDetail>,
}

#[component]
pub fn Fields(props: &Props) -> Html {
    let ui = use_ui();
    let t = &ui.t.block;
    let chosen = use_state(|| None::<usize>);
    let detail = &props.detail;
    let hex = split(&detail.header);
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
    // The segments are a picture of the list below them, which says it all to everybody.
    html! {
        <div class="header-bytes">
            <h3>{ t.header }<CopyButton text={detail.header.clone()} what={t.header} /></h3>
            <div class="segments" aria-hidden="true" onmouseleave={choose(None)}>
                { for t.fields.iter().enumerate().map(|(index, (long, short, _))| html! {
                    <div class={class(index, "segment")} title={*long} onmouseenter={choose(Some(index))} onclick={choose(Some(index))}>
                        <span>{ *short }</span><code>{ hex[index].clone() }</code>
                    </div>
                }) }
            </div>
            <dl class="fields">
                { for t.fields.iter().zip(values).enumerate().map(|(index, ((long, _, meaning), value))| html! {
                    <div class={class(index, "field")} onmouseenter={choose(Some(index))}>
                        <dt><span class="swatch"></span>{ *long }</dt>
                        <dd class="value">{ value }</dd>
                        <dd class="meaning">{ *meaning }</dd>
                    </div>
                }) }
            </dl>
        </div>
    }
}

/// The header's hex digits, field by field.
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
    let block = &detail.block;
    let zeros = block.parent.bytes().all(|digit| digit == b'0');
    let parent = if zeros {
        html! { <code>{ short(&block.parent) }</code> }
    } else {
        html! {
            <button type="button" class="reference" onclick={ui.selecting(&block.parent)}><code>{ short(&block.parent) }</code></button>
        }
    };
    [
        html! { <code>{ format!("0x{:08x}", detail.version) }</code> },
        parent,
        html! { <><code>{ short(&detail.merkle_root) }</code><CopyButton text={detail.merkle_root.clone()} what={ui.t.block.fields[2].0} /></> },
        html! { ui.n.moment(block.time) },
        html! { <code>{ format!("{:08x}", block.bits) }</code> },
        html! { ui.n.whole(detail.nonce) },
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
