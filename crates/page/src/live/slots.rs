//! A room in which slots are decided: its servers by seat, the blocks that came of what they
//! decided, and a form to ask something of them.

mod ask;
mod decided;
mod servers;
pub mod words;

pub use self::ask::AskPanel;
pub use self::decided::decided_panel;
pub use self::servers::servers_panel;

use wire::ToldView;
use yew::prelude::*;

use self::words::asked;
use crate::kit::lang::Lang;

/// A transaction as people read it: what it is, and its values as they were written.
fn transaction(lang: Lang, told: &ToldView) -> Html {
    let word = asked(&told.what).map(|word| word.of(lang).to_owned());
    html! { <>
        <strong>{ word.unwrap_or_else(|| told.what.clone()) }</strong>
        { for told.values.iter().map(|value| html! { <>{ " " }<code><bdi>{ value }</bdi></code></> }) }
    </> }
}
