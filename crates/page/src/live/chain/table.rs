//! The block tree as a table: the same facts for those who cannot use the picture.

use kit::numbers::short;
use kit::seats;
use kit::who::who;
use wire::BlockView;
use yew::prelude::*;

use super::TreeProps;
use super::words::{Chain, state_words};
use crate::shell::door::Ui;

/// The table.
pub fn table(ui: &Ui, props: &TreeProps) -> Html {
    let t: &Chain = ui.words();
    html! {
        <div class="table-box" tabindex="0" role="region" aria-label={t.picture}>
            <table>
                <thead><tr>
                    { for [t.col_height, t.col_hash, t.col_miner, t.col_state, t.col_nodes].map(|name| html! { <th scope="col">{ name }</th> }) }
                </tr></thead>
                <tbody>
                    { for props.tree.iter().rev().map(|block| {
                        let here = props.standing(block.id);
                        row(ui, block, &here, props.selected == Some(block.id))
                    }) }
                </tbody>
            </table>
        </div>
    }
}

fn row(ui: &Ui, block: &BlockView, here: &[u32], selected: bool) -> Html {
    let t: &Chain = ui.words();
    let id = block.id.to_string();
    let names: Vec<String> = here.iter().map(|seat| seats::name(*seat)).collect();
    html! {
        <tr key={id.clone()} class={classes!(selected.then_some("selected"))}>
            <td class="number">{ block.height }</td>
            <td>
                <button type="button" class="reference" data-testid={format!("block-{id}")}
                    aria-current={selected.then_some("true")} onclick={ui.selecting(block.id)}><code>{ short(&id) }</code></button>
            </td>
            <td>{ if block.height == 0 { html! { t.genesis } } else { who(ui.lang, block.miner) } }</td>
            <td>{ state_words(block.state).of(ui.lang) }</td>
            <td>{ names.join(", ") }</td>
        </tr>
    }
}
