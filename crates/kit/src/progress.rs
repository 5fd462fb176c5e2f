//! A progress bar.

use yew::prelude::*;

/// A progress bar and a text that says the same.
pub fn progress(have: u32, want: u32, text: String) -> Html {
    html! {
        <div class="progress">
            <progress max={want.max(1).to_string()} value={have.min(want).to_string()} aria-label={text.clone()}></progress>
            <span>{ text }</span>
        </div>
    }
}
