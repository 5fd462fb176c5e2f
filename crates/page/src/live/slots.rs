//! A room in which slots are decided: its servers by seat, the blocks that came of what they
//! decided, and a form to ask something of them.

mod ask;
mod decided;
mod servers;
pub mod words;

pub use self::ask::AskPanel;
pub use self::decided::decided_panel;
pub use self::servers::servers_panel;

use kit::lang::{Lang, word_or};
use wire::ToldView;
use yew::prelude::*;

use self::words::asked;

/// A transaction as people read it: what it is, and its values as they were written.
fn transaction(lang: Lang, told: &ToldView) -> Html {
    html! { <>
        <strong>{ word_or(asked(&told.what), lang, &told.what) }</strong>
        { values(told) }
    </> }
}

/// The values of a transaction or receipt, each set off from what stands before it.
fn values(told: &ToldView) -> Html {
    let value = |value: &String| html! { <>{ " " }<code><bdi>{ value }</bdi></code></> };
    told.values.iter().map(value).collect()
}
