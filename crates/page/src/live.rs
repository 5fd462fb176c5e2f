//! The live room: this tab's nodes, the chain that they agree on, and everybody else.

mod chain;
mod detail;
mod lanes;
mod log;
mod mine;
mod model;
mod peers;
mod power;
mod spoken;
mod tips;
mod words;

use yew::prelude::*;

use self::chain::ChainPanel;
use self::detail::DetailPanel;
use self::log::LogPanel;
use self::mine::mine_panel;
use self::peers::PeersPanel;
use self::words::Live as Words;
use crate::bridge::Picture;
use crate::kit::icon;
use crate::shell::door::Ui;

pub use self::model::{Change, Live, Panel};
pub use self::spoken::spoken;

/// The room; before the first picture only its mining button works.
pub fn live(ui: &Ui, live: &Live, picture: Option<&Picture>) -> Html {
    let t: &Words = ui.words();
    let panel = match live.panel {
        Panel::Mine => "mine",
        Panel::Chain => "chain",
        Panel::Peers => "peers",
        Panel::Log => "log",
    };
    html! { <>
        <main id="main" class="live" data-panel={panel} tabindex="-1">
            <h1 class="promise">{ t.promise }</h1>
            { mine_panel(ui, picture) }
            if let Some(picture) = picture {
                { panels(picture, live) }
            } else {
                <section class="panel panel-chain" aria-busy="true"><p class="muted">{ t.starting }</p></section>
            }
        </main>
        { bottom_bar(ui, live.panel) }
    </> }
}

fn panels(picture: &Picture, live: &Live) -> Html {
    let selected = live.selected;
    html! { <>
        <ChainPanel tree={picture.tree.clone()} nodes={picture.nodes.clone()} tip={picture.tip.clone()}
            {selected} mining={picture.mining.on} />
        <DetailPanel {selected} tip={picture.tip.clone()} tree={picture.tree.clone()} switches={live.switches} />
        <PeersPanel tabs={picture.tabs.clone()} nodes={picture.nodes.clone()} tip={picture.tip.id} />
        <LogPanel log={live.log.clone()} />
    </> }
}

/// The bar that chooses the panel on a small screen, which shows one at a time.
fn bottom_bar(ui: &Ui, current: Panel) -> Html {
    let t: &Words = ui.words();
    let entries = [
        (Panel::Mine, icon::PICK, t.bar_mine),
        (Panel::Chain, icon::CHAIN, t.bar_chain),
        (Panel::Peers, icon::PEERS, t.bar_peers),
        (Panel::Log, icon::LOG, t.bar_log),
    ];
    html! {
        <nav class="bottom" aria-label={t.bar}>
            { for entries.into_iter().map(|(panel, path, name)| {
                let ui = ui.clone();
                let onclick = Callback::from(move |_: MouseEvent| ui.change(Change::Panel(panel)));
                html! {
                    <button type="button" aria-current={(panel == current).then_some("true")} {onclick}>
                        { icon::icon(path) }<span>{ name }</span>
                    </button>
                }
            }) }
        </nav>
    }
}
