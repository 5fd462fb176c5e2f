//! A node as people see it everywhere: its shape in its colour, and its name.

use yew::prelude::*;

use super::lang::{Lang, Words};
use super::seats;
use super::words::Kit;

/// Shape and name in a line of text; `None` is an unknown node.
pub fn who(lang: Lang, seat: Option<u32>) -> Html {
    match seat {
        Some(seat) => html! {
            <span class="who">{ mark(seat) }<span>{ seats::name(seat) }</span></span>
        },
        None => html! { <span class="who">{ Kit::of(lang).somebody }</span> },
    }
}

/// The shape alone, as decoration beside a name.
fn mark(seat: u32) -> Html {
    html! {
        <svg class={classes!("mark", seats::colour_class(seat))} viewBox="-7 -7 14 14" aria-hidden="true">
            <path d={seats::shape(seat)} />
        </svg>
    }
}
