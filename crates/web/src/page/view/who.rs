//! A node as people see it everywhere: its shape in its colour, and its name.

use yew::prelude::*;

use crate::page::seats;
use crate::page::ui::use_ui;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// Its seat; `None` is somebody unknown.
    pub seat: Option<u32>,
}

/// Shape and name in a line of text.
#[component]
pub fn Who(props: &Props) -> Html {
    let ui = use_ui();
    match props.seat {
        Some(seat) => html! {
            <span class="who"><Mark {seat} /><span>{ seats::name(seat) }</span></span>
        },
        None => html! { <span class="who">{ ui.t.common.somebody }</span> },
    }
}

#[derive(Properties, PartialEq)]
pub struct MarkProps {
    pub seat: u32,
}

/// The shape alone; decoration beside a name.
#[component]
pub fn Mark(props: &MarkProps) -> Html {
    html! {
        <svg class={classes!("mark", seats::colour_class(props.seat))} viewBox="-7 -7 14 14" aria-hidden="true">
            <path d={seats::shape(props.seat)} />
        </svg>
    }
}
