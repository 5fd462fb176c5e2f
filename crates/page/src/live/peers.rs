//! Tabs and nodes: who is here, which tip each node has, and the switches that cut them off.

pub mod words;

use std::rc::Rc;

use chain::BlockId;
use kit::icon;
use kit::numbers::tail;
use kit::progress::progress;
use kit::seats;
use kit::who::who;
use wire::ask::{AddNode, RemoveNode, SetOnline};
use wire::{NodeView, Subject, TabView};
use yew::prelude::*;

use self::words::Peers;
use crate::shell::door::{Ui, focus, use_ui};

/// The most nodes that a tab hosts.
const MOST_NODES: usize = 16;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub tabs: Rc<Vec<TabView>>,
    pub nodes: Rc<Vec<NodeView>>,
    /// This tab's tip.
    pub tip: BlockId,
    /// Whether the room has seats, which tabs take and give up.
    pub slots: bool,
    /// Whether none of them is free.
    #[prop_or_default]
    pub taken: bool,
}

#[component]
pub fn PeersPanel(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Peers = ui.words();
    let count = (t.count)(
        &ui.n.whole(props.tabs.len() as u64),
        &ui.n.whole(props.nodes.len() as u64),
    );
    let lonely = props.tabs.len() <= 1;
    html! {
        <section class="panel panel-peers" aria-labelledby="peers-title" data-testid="tabs-panel">
            <div class="panel-head">
                <h2 id="peers-title" tabindex="-1">{ t.title }</h2>
                if !props.tabs.is_empty() { <span class="chip" data-testid="peer-count">{ count }</span> }
            </div>
            <ul class="tabs">
                { for props.tabs.iter().map(|tab| html! {
                    <li key={format!("{:x}", tab.id)} class={classes!("tab", tab.me.then_some("me"), (!tab.online).then_some("cut"))}>
                        { tab_head(&ui, tab) }
                        <ul class="nodes">
                            { for props.nodes.iter().filter(|node| node.tab == tab.id).map(|node| node_row(&ui, node, props)) }
                        </ul>
                        if tab.me { { add_button(&ui, props) } }
                    </li>
                }) }
            </ul>
            <p class="remark">{ if lonely { t.alone } else if props.slots { t.seat_hint } else { t.switch_hint } }</p>
        </section>
    }
}

fn tab_head(ui: &Ui, tab: &TabView) -> Html {
    let t: &Peers = ui.words();
    let label = tab.label.to_string();
    let subject = if tab.me {
        Subject::Here
    } else {
        Subject::Tab(tab.id)
    };
    let turn = SetOnline {
        subject,
        online: !tab.online,
    };
    html! {
        <div class="tab-head">
            <h3>{ (t.tab)(&label) }</h3>
            if tab.me { <span class="chip here">{ t.this_tab }</span> }
            if tab.silent { <span class="chip problem">{ t.silent }</span> }
            if !tab.online { <span class="chip problem" title={t.cut_tab}>{ t.cut }</span> }
            if tab.mining && !tab.silent {
                <span class="chip mining">
                    { if tab.hash_rate > 0 { ui.n.rate(tab.hash_rate).text() } else { t.mining.to_owned() } }
                </span>
            }
            { switch(ui, format!("tab-switch-{label}"), (t.joined_tab)(&label), tab.online, turn) }
        </div>
    }
}

fn node_row(ui: &Ui, node: &NodeView, props: &Props) -> Html {
    let t: &Peers = ui.words();
    let name = seats::name(node.seat);
    let own = props.nodes.iter().filter(|node| node.here).count();
    let turn = SetOnline {
        subject: Subject::Node(node.id),
        online: !node.online,
    };
    let same = node.tip.id == props.tip;
    let tip = node.tip.id.to_string();
    html! {
        <li key={format!("{:x}", node.id)} class={classes!("node", (!node.online).then_some("cut"))} data-testid={format!("node-{}", node.seat)}>
            { who(ui.lang, Some(node.seat)) }
            if !props.slots {
                <button type="button" class={classes!("tip", (!same).then_some("other"))} onclick={ui.selecting(node.tip.id)}>
                    <span class="visually-hidden">{ t.tip }{ " " }</span>
                    <span>{ node.tip.height }</span><code>{ tail(&tip).to_owned() }</code>
                </button>
            }
            if node.here && (own > 1 || props.slots) {
                <button type="button" class="quiet icon-only" aria-label={(t.remove)(&name)} title={(t.remove)(&name)}
                    onclick={removing(ui, node)}>{ icon::icon(icon::CLOSE) }</button>
            }
            { switch(ui, format!("node-switch-{}", node.seat), (t.joined_node)(&name), node.online, turn) }
            if let Some((read, all)) = node.loading { { progress(read, all, (t.loading)(&ui.n.whole(read), &ui.n.whole(all))) } }
            else if let Some((have, want)) = node.sync { { progress(have, want, (t.syncing)(&ui.n.whole(have), &ui.n.whole(want))) } }
        </li>
    }
}

fn removing(ui: &Ui, node: &NodeView) -> Callback<MouseEvent> {
    let (ui, node) = (ui.clone(), node.id);
    Callback::from(move |_| {
        focus("peers-title"); // the focused button is about to go with its node
        ui.ask(RemoveNode(node));
    })
}

fn add_button(ui: &Ui, props: &Props) -> Html {
    let t: &Peers = ui.words();
    let here = props.nodes.iter().filter(|node| node.here).count();
    let full = here >= MOST_NODES || props.taken;
    html! {
        <button type="button" class="add" data-testid="add-node" disabled={full} onclick={ui.asking(AddNode)}>
            { icon::icon(icon::PLUS) }{ if props.slots { t.add_seat } else { t.add } }
        </button>
    }
}

fn switch(ui: &Ui, testid: String, name: String, on: bool, turn: SetOnline) -> Html {
    html! {
        <button type="button" role="switch" class="switch" aria-checked={on.to_string()} aria-label={name.clone()} title={name}
            data-testid={testid} onclick={ui.asking(turn)}><span></span></button>
    }
}
