//! Announces the major events to screen readers.

use kit::seats;
use protocol::Event;
use wire::Happening;
use yew::prelude::*;

use super::model::Live;
use super::slots::words::Slots;
use super::words::Live as Words;
use crate::shell::door::Ui;

/// A live region with the latest major event.
pub fn spoken(ui: &Ui, live: &Live) -> Html {
    let t: &Words = ui.words();
    let text = live.spoken.as_ref().map(|line| match &line.entry.what {
        Happening::InNode { event, seat, .. } => match event {
            Event::Found { height, .. } => (t.you_found)(&height.to_string()),
            Event::Reorganised {
                disconnected,
                connected,
                ..
            } => (t.switched)(&ui.n.whole(*disconnected), &ui.n.whole(*connected)),
            Event::Leads { .. } => (ui.words::<Slots>().leads)(&seats::name(*seat)),
            _ => String::new(),
        },
        _ => String::new(),
    });
    html! { <p class="visually-hidden" aria-live="polite">{ text.unwrap_or_default() }</p> }
}
