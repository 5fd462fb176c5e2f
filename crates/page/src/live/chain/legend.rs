//! The legend of the picture, always in view.

use kit::seats::each_once;
use kit::who::who;
use wire::{BlockView, NodeView};
use yew::prelude::*;

use super::words::Chain;
use crate::shell::door::Ui;

/// How many finders are named, so that the legend stays short.
const NAMED: usize = 8;

/// The legend.
pub fn legend(ui: &Ui, tree: &[BlockView], nodes: &[NodeView]) -> Html {
    let t: &Chain = ui.words();
    let nodes = nodes.iter().map(|node| node.seat);
    let seats = each_once(nodes.chain(tree.iter().filter_map(|block| block.miner)));
    let sign = |class: &'static str, text: &'static str| {
        html! { <li><span class={classes!("sign", class)}></span>{ text }</li> }
    };
    html! {
        <ul class="legend" aria-label={t.legend}>
            <li class="seats">
                { for seats.iter().take(NAMED).map(|seat| html! { { who(ui.lang, Some(*seat)) } }) }
                <span>{ if seats.len() > NAMED { "… " } else { "" } }{ t.legend_miner }</span>
            </li>
            { sign("tip", t.legend_tip) }
            { sign("rival", t.legend_rival) }
            { sign("stale", t.legend_stale) }
            { sign("unseen", t.legend_unseen) }
            <li><span class="sign stand"></span>{ t.legend_stand }</li>
        </ul>
    }
}
