//! A button that copies a text.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use super::icon;
use super::lang::{Lang, Words};
use super::words::Kit;

/// What a [`CopyButton`] copies.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The language of its words.
    pub lang: Lang,
    /// The text to copy.
    pub text: AttrValue,
    /// What the text is, for the button's accessible name.
    pub what: AttrValue,
    /// A label beside the icon, if any.
    #[prop_or_default]
    pub label: Option<AttrValue>,
}

/// The button, and whether copying worked.
#[component]
pub fn CopyButton(props: &Props) -> Html {
    let t = Kit::of(props.lang);
    // The text last copied and whether that worked; the result is ignored once the text changes.
    let done = use_state(|| None::<(AttrValue, bool)>);
    let onclick = {
        let (done, text) = (done.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            let (done, text) = (done.clone(), text.clone());
            let clipboard = crate::window().navigator().clipboard();
            spawn_local(async move {
                let worked = JsFuture::from(clipboard.write_text(&text)).await.is_ok();
                done.set(Some((text, worked)));
            });
        })
    };
    let result = done
        .as_ref()
        .filter(|(text, _)| *text == props.text)
        .map(|(_, worked)| *worked);
    let name = (t.copy_what)(&props.what);
    let path = if result == Some(true) {
        icon::CHECK
    } else {
        icon::COPY
    };
    html! {
        <span class="copy">
            <button type="button" class={classes!("quiet", props.label.is_none().then_some("icon-only"))} aria-label={name.clone()} title={name} {onclick}>
                { icon::icon(path) }
                if let Some(label) = &props.label { <span>{ label }</span> }
            </button>
            <span role="status" class={if result == Some(false) { "problem" } else { "visually-hidden" }}>
                { match result {
                    Some(true) => t.copied,
                    Some(false) => t.copy_failed,
                    None => "",
                } }
            </span>
        </span>
    }
}
