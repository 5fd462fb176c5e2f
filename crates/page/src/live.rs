//! The live room: this tab's nodes, the chain that they agree on, and everybody else.

mod chain;
mod detail;
mod lanes;
mod log;
mod mine;
mod model;
mod peers;
mod power;
mod slots;
mod spoken;
mod tips;
mod words;

use kit::icon;
use protocol::Shape;
use scenario::ProtocolOutline;
use yew::prelude::*;

use self::chain::ChainPanel;
use self::detail::DetailPanel;
use self::log::LogPanel;
use self::mine::mine_panel;
use self::peers::PeersPanel;
use self::slots::words::Slots as SlotWords;
use self::slots::{AskPanel, decided_panel, servers_panel};
use self::words::Live as Words;
use crate::bridge::Picture;
use crate::shell::door::{Ui, room_of_address};

pub use self::model::{Change, Live, Panel};
pub use self::spoken::spoken;

/// The room; before the first picture only its mining button works.
pub fn live(ui: &Ui, live: &Live, picture: Option<&Picture>) -> Html {
    let slots = picture.map_or_else(address_has_slots, |picture| picture.room.slots);
    let t: &Words = ui.words();
    let promise = if slots {
        ui.words::<SlotWords>().promise
    } else {
        t.promise
    };
    let chains = match picture {
        Some(picture) if slots => slot_panels(ui, picture, live),
        Some(picture) => panels(picture, live),
        None => html! {
            <section class="panel panel-chain" aria-busy="true"><p class="muted">{ t.starting }</p></section>
        },
    };
    let panel = match live.panel {
        Panel::Mine => "mine",
        Panel::Chain => "chain",
        Panel::Peers => "peers",
        Panel::Log => "log",
    };
    html! { <>
        <main id="main" class="live" data-panel={panel} tabindex="-1">
            <h1 class="promise">{ promise }</h1>
            if !slots { { mine_panel(ui, picture) } }
            { chains }
        </main>
        { bottom_bar(ui, live.panel, slots) }
    </> }
}

fn panels(picture: &Picture, live: &Live) -> Html {
    let selected = live.selected;
    html! { <>
        <ChainPanel tree={picture.tree.clone()} nodes={picture.nodes.clone()} tip={picture.tip.clone()}
            {selected} mining={picture.mining.on} waiting={picture.target.waiting} />
        <DetailPanel {selected} tip={picture.tip.clone()} tree={picture.tree.clone()} switches={live.switches} />
        <PeersPanel tabs={picture.tabs.clone()} nodes={picture.nodes.clone()} tip={picture.tip.id} slots={false} />
        <LogPanel log={live.log.clone()} slots={false} reign="" />
    </> }
}

/// The panels of a room in which slots are decided.
fn slot_panels(ui: &Ui, picture: &Picture, live: &Live) -> Html {
    let taken = picture.slots.seats.iter().all(|seat| seat.server.is_some());
    let protocol = ProtocolOutline::find(&picture.room.protocol);
    let reign = protocol.map_or("", |protocol| protocol.reign);
    html! { <>
        <AskPanel key={picture.room.link.clone()} room={picture.room.clone()} />
        { servers_panel(ui, &picture.slots) }
        { decided_panel(ui, &picture.slots, picture.tip.height) }
        <PeersPanel tabs={picture.tabs.clone()} nodes={picture.nodes.clone()} tip={picture.tip.id} slots={true} {taken} />
        <LogPanel log={live.log.clone()} slots={true} {reign} />
    </> }
}

/// What the room will be like before its first picture, as far as the address says.
fn address_has_slots() -> bool {
    let room = room_of_address().and_then(Result::ok).flatten();
    room.is_some_and(|room| room.protocol().shape == Shape::Slots)
}

/// The bar that chooses the panel on a small screen, which shows one at a time.
fn bottom_bar(ui: &Ui, current: Panel, slots: bool) -> Html {
    let t: &Words = ui.words();
    let s: &SlotWords = ui.words();
    let (first, second) = if slots {
        ((icon::SHARE, s.bar_ask), (icon::CHAIN, s.bar_servers))
    } else {
        ((icon::PICK, t.bar_mine), (icon::CHAIN, t.bar_chain))
    };
    let entries = [
        (Panel::Mine, first.0, first.1),
        (Panel::Chain, second.0, second.1),
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
