//! Does: gives every program in the page the same languages, numbers, marks, icons, buttons and dialogs.
//! Never: knows a room, an engine or a chain, or decides what is drawn.
//! Neighbours: `page` draws with it, and so does each program that `page` loads when it is wanted.

#![forbid(unsafe_code)]

pub mod address;
pub mod copy;
pub mod crash;
pub mod form;
pub mod icon;
pub mod lang;
pub mod modal;
pub mod numbers;
pub mod progress;
pub mod seats;
pub mod spark;
pub mod store;
pub mod who;
mod words;

/// The window; the page's code runs nowhere else.
///
/// # Panics
/// In a worker.
#[must_use]
pub fn window() -> web_sys::Window {
    web_sys::window().expect("the page runs in a window")
}

/// Moves the focus to an element, for controls that vanish when they are used: the focus would be
/// lost with them.
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    let document = window().document();
    let element = document.and_then(|document| document.get_element_by_id(id));
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

/// Must be called once by a program that draws inside what another one drew, before it draws.
///
/// Yew marks elements with the number of the tree that handles their events. Each program counts its
/// trees from 1, and 1 is the tree of the program around this one: it would take this one's events
/// for its own. An empty tree uses the number up.
pub fn be_a_guest() {
    #[yew::component]
    fn Nothing() -> yew::Html {
        yew::Html::default()
    }
    let document = window().document();
    if let Some(place) = document.and_then(|document| document.create_element("div").ok()) {
        yew::Renderer::<Nothing>::with_root(place)
            .render()
            .destroy();
    }
}
