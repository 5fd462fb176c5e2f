//! What the signs of the picture mean, always in view.

use std::collections::BTreeSet;
use std::rc::Rc;

use yew::prelude::*;

use crate::page::ui::use_ui;
use crate::page::view::who::Who;
use crate::stream::{BlockView, NodeView};

/// So many finders are named; more would be a wall.
const NAMED: usize = 8;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub tree: Rc<Vec<BlockView>>,
    pub nodes: Rc<Vec<NodeView>>,
}

#[component]
pub fn Legend(props: &Props) -> Html {
    let ui = use_ui();
    let t = &ui.t.chain;
    let seats: BTreeSet<u32> = props
        .nodes
        .iter()
        .map(|node| node.seat)
        .chain(props.tree.iter().filter_map(|block| block.miner))
        .collect();
    let sign = |class: &'static str, text: &'static str| {
        html! { <li><span class={classes!("sign", class)}></span>{ text }</li> }
    };
    html! {
        <ul class="legend" aria-label={t.legend}>
            <li class="seats">
                { for seats.iter().take(NAMED).map(|seat| html! { <Who seat={*seat} /> }) }
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
