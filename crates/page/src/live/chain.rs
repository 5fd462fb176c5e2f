//! The chain panel: the block tree as a picture or as a table, and a legend.

mod block;
mod legend;
mod picture;
mod table;
mod walk;
pub mod words;

use std::rc::Rc;

use chain::BlockId;
use kit::icon;
use wire::{BlockView, NodeView, TipView};
use yew::prelude::*;

use self::legend::legend;
use self::picture::TreePicture;
use self::table::table;
use self::words::Chain;
use super::tips::{Harmony, harmony};
use crate::shell::door::{Dialog, Ui, use_ui};

/// The whole tree as the panel's parts see it.
#[derive(Properties, PartialEq, Clone)]
pub struct TreeProps {
    /// Lowest first, parents before children.
    pub tree: Rc<Vec<BlockView>>,
    pub nodes: Rc<Vec<NodeView>>,
    pub tip: Rc<TipView>,
    /// The block whose details are shown.
    pub selected: Option<BlockId>,
    /// Whether this tab mines.
    pub mining: bool,
    /// Transactions that wait for the next block.
    pub waiting: u32,
}

impl TreeProps {
    /// Seats of the nodes whose tip is this block.
    fn standing(&self, block: BlockId) -> Vec<u32> {
        let here = self.nodes.iter().filter(|node| node.tip.id == block);
        here.map(|node| node.seat).collect()
    }
}

#[component]
pub fn ChainPanel(props: &TreeProps) -> Html {
    let ui = use_ui();
    let t: &Chain = ui.words();
    let as_table = use_state(|| false);
    let toggle = {
        let as_table = as_table.clone();
        Callback::from(move |_: MouseEvent| as_table.set(!*as_table))
    };
    let (toggle_icon, toggle_name) = if *as_table {
        (icon::CHAIN, t.as_tree)
    } else {
        (icon::TABLE, t.as_table)
    };
    html! {
        <section class="panel panel-chain" aria-labelledby="chain-title" id="chain">
            <div class="panel-head">
                <h2 id="chain-title" tabindex="-1">{ t.title }</h2>
                <span class="chip strong">{ t.tip }{ " " }<span data-testid="tip-height">{ props.tip.height }</span></span>
                <span class="visually-hidden" data-testid="tip-hash">{ props.tip.id.to_string() }</span>
                { harmony_chip(&ui, props) }
                <span class="stretch"></span>
                <button type="button" class="quiet" data-testid="view-toggle" onclick={toggle} aria-label={toggle_name} title={toggle_name}>
                    { icon::icon(toggle_icon) }<span class="wide-only">{ toggle_name }</span>
                </button>
                <button type="button" class="quiet" data-testid="reset-button" onclick={ui.opening(Some(Dialog::Reset))} aria-label={t.reset} title={t.reset}>
                    { icon::icon(icon::RESET) }<span class="wide-only">{ t.reset }</span>
                </button>
            </div>
            if *as_table { { table(&ui, props) } } else { <TreePicture ..props.clone() /> }
            { legend(&ui, &props.tree, &props.nodes) }
        </section>
    }
}

fn harmony_chip(ui: &Ui, props: &TreeProps) -> Html {
    let t: &Chain = ui.words();
    let all = props.nodes.len() as u64;
    let (class, text) = match harmony(&props.tree, &props.nodes, &props.tip) {
        Harmony::Agree if all == 1 => ("", (t.agree)("1")),
        Harmony::Agree => ("good", (t.agree)(&ui.n.whole(all))),
        Harmony::Compete(tips) => ("bad", (t.compete)(&ui.n.whole(tips as u64))),
        Harmony::Behind(here) => (
            "",
            (t.some_here)(&ui.n.whole(here as u64), &ui.n.whole(all)),
        ),
    };
    html! { <span class={classes!("chip", class)} data-testid="harmony">{ text }</span> }
}
