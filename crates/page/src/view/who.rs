//! A node as people see it everywhere: its shape in its colour, and its name.

use yew::prelude::*;

use crate::seats;
use crate::ui::Ui;

/// Shape and name in a line of text; `None` is somebody unknown.
pub fn who(ui: &Ui, seat: Option<u32>) -> Html {
    match seat {
        Some(seat) => html! {
            <span class="who">{ mark(seat) }<span>{ seats::name(seat) }</span></span>
        },
        None => html! { <span class="who">{ ui.t.common.somebody }</span> },
    }
}

/// The shape alone; decoration beside a name.
fn mark(seat: u32) -> Html {
    html! {
        <svg class={classes!("mark", seats::colour_class(seat))} viewBox="-7 -7 14 14" aria-hidden="true">
            <path d={seats::shape(seat)} />
        </svg>
    }
}
