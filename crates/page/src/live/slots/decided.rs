//! What was decided: the last blocks of this tab's first server, newest first.

use kit::numbers::short;
use kit::who::who;
use wire::{DecidedView, SlotsView};
use yew::prelude::*;

use super::transaction;
use super::words::Slots;
use crate::shell::door::Ui;

/// The panel; `height` is that of the tip.
pub fn decided_panel(ui: &Ui, slots: &SlotsView, height: u32) -> Html {
    let t: &Slots = ui.words();
    let mut servers = slots.seats.iter().filter_map(|seat| seat.server.as_ref());
    let is_seated = servers.any(|server| server.here);
    let content = if !slots.blocks.is_empty() {
        let rows = slots.blocks.iter().rev();
        html! { <ol class="decided" reversed=true>{ for rows.map(|block| row(ui, block)) }</ol> }
    } else if is_seated {
        html! { <p class="muted">{ t.nothing_yet }</p> }
    } else {
        html! { <p class="muted">{ t.no_chain }</p> }
    };
    html! {
        <section class="panel panel-block" aria-labelledby="decided-title">
            <div class="panel-head">
                <h2 id="decided-title">{ t.decided }</h2>
                if is_seated {
                    <span class="chip strong">{ t.height }{ " " }<span data-testid="tip-height">{ height }</span></span>
                }
            </div>
            { content }
        </section>
    }
}

fn row(ui: &Ui, block: &DecidedView) -> Html {
    let t: &Slots = ui.words();
    let hash = block.id.to_string();
    let time = u32::try_from(block.time).unwrap_or(u32::MAX);
    html! {
        <li key={hash.clone()} data-testid={format!("decided-{}", block.height)}>
            <div class="asked">
                { for block.requests.iter().map(|told| html! { <p>{ transaction(ui.lang, told) }</p> }) }
                if block.more > 0 { <p class="muted">{ (t.more)(&ui.n.whole(block.more)) }</p> }
            </div>
            <p class="muted">
                <span>{ (t.block)(&block.height.to_string(), &ui.n.whole(block.slot)) }</span>
                <span>{ t.proposed }{ " " }{ who(ui.lang, Some(block.proposer)) }</span>
                <span>{ ui.n.moment(time) }</span>
                <code title={hash.clone()}>{ short(&hash) }</code>
            </p>
        </li>
    }
}
