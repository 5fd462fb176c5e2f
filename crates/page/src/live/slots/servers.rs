//! The servers: a card for each seat, with what its server says of itself.

use kit::lang::word_or;
use kit::seats;
use kit::who::who;
use wire::{RowView, SeatView, ServerView, SlotsView, ValueView};
use yew::prelude::*;

use super::words::{Slots, label, state};
use crate::shell::door::Ui;

/// The row that says what a server is at present; it stands in the card's head.
const ROLE: &str = "role";

/// The panel.
pub fn servers_panel(ui: &Ui, slots: &SlotsView) -> Html {
    let t: &Slots = ui.words();
    let taken = slots.seats.iter().filter(|seat| seat.server.is_some());
    let (taken, all) = (taken.count() as u64, slots.seats.len() as u64);
    let seats = (t.taken)(&ui.n.whole(taken), &ui.n.whole(all));
    html! {
        <section class="panel panel-chain" aria-labelledby="servers-title">
            <div class="panel-head">
                <h2 id="servers-title">{ t.servers }</h2>
                <span class="chip strong" data-testid="seats-taken">{ seats }</span>
            </div>
            <ul class="servers">{ for slots.seats.iter().map(|seat| card(ui, seat)) }</ul>
            if taken < all { <p class="remark">{ t.more_seats }</p> }
        </section>
    }
}

fn card(ui: &Ui, seat: &SeatView) -> Html {
    let t: &Slots = ui.words();
    let key = seat.seat.to_string();
    let testid = format!("server-{key}");
    let Some(server) = &seat.server else {
        return html! {
            <li {key} class="server vacant" data-testid={testid}>
                <h3>{ who(ui.lang, Some(seat.seat)) }</h3>
                <p class="muted">{ t.vacant }</p>
            </li>
        };
    };
    let role = role_of(server);
    let tab = if server.here {
        t.here.to_owned()
    } else {
        (t.tab)(&server.tab.to_string())
    };
    let facts = server.rows.iter().filter(|row| row.label != ROLE);
    html! {
        <li {key} class={classes!("server", server.here.then_some("me"), (!server.online).then_some("cut"))}
            data-testid={testid} data-role={role.map(str::to_owned)}>
            <h3>{ who(ui.lang, Some(seat.seat)) }
                if let Some(role) = role { <span class={classes!("chip", "role", role.to_owned())}>{ word_or(state(role), ui.lang, role) }</span> }
            </h3>
            <p class="muted">{ tab }if !server.online { { " · " }<span class="problem">{ t.out_of_reach }</span> }</p>
            <dl>
                { for facts.map(|row| fact(ui, row)) }
                { fact_of(t.height.to_owned(), "height", html! { ui.n.whole(server.height) }) }
            </dl>
        </li>
    }
}

fn role_of(server: &ServerView) -> Option<&str> {
    let row = server.rows.iter().find(|row| row.label == ROLE)?;
    match &row.value {
        ValueView::Word(word) => Some(word),
        _ => None,
    }
}

fn fact(ui: &Ui, row: &RowView) -> Html {
    let value = match &row.value {
        ValueView::Number(number) => html! { ui.n.whole(*number) },
        ValueView::Word(word) => html! { word_or(state(word), ui.lang, word) },
        ValueView::Seat(seat) => html! { seats::name(*seat) },
        ValueView::Peer(peer) => html! { <code>{ format!("{peer:x}")[..8].to_owned() }</code> },
    };
    fact_of(
        word_or(label(&row.label), ui.lang, &row.label),
        &row.label,
        value,
    )
}

fn fact_of(name: String, label: &str, value: Html) -> Html {
    html! { <div><dt>{ name }</dt><dd data-row={label.to_owned()}>{ value }</dd></div> }
}
