//! The bar at the top: name, room, Try, About, share, language and colours.

use kit::icon;
use wire::RoomView;
use yew::prelude::*;

use super::door::Ui;
use super::model::{Action, Dialog, Model};
use super::route::Route;
use super::words::Shell;

/// The bar; `home` is the link to the chain of this room.
pub fn header(ui: &Ui, room: Option<&RoomView>, model: &Model, home: &AttrValue) -> Html {
    let t: &Shell = ui.words();
    let language = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            let other = ui.lang.other();
            ui.bridge.prefs().keep_word("language", other.tag());
            ui.dispatch.dispatch(Action::Lang(other));
        })
    };
    let theme = {
        let (ui, dark) = (ui.clone(), !model.dark);
        Callback::from(move |_: MouseEvent| {
            ui.bridge
                .prefs()
                .keep_word("theme", if dark { "dark" } else { "light" });
            ui.dispatch.dispatch(Action::Dark(dark));
        })
    };
    let (theme_icon, theme_name) = if model.dark {
        (icon::SUN, t.light)
    } else {
        (icon::MOON, t.dark)
    };
    html! {
        <header class="bar">
            <a class="brand" href={home.clone()}>{ logo() }<span>{ "Tabchain" }</span></a>
            <button type="button" class="pill room" data-testid="room-button" onclick={ui.opening(Some(Dialog::Room))}>
                <span class="muted">{ t.room }</span>
                if let Some(room) = room { <bdi>{ &room.name }</bdi> }
            </button>
            if let Some(room) = room {
                // Buttons are not printed, but the room's name must be.
                <span class="on-paper">{ t.room }{ " " }<strong><bdi>{ &room.name }</bdi></strong></span>
            }
            <span class="stretch"></span>
            <a class="pill about-link" data-testid="try-link" href="#/try" aria-current={(model.route == Route::Try).then_some("page")}>{ t.try_it }</a>
            <a class="pill about-link" href="#/about">{ t.about }</a>
            <button type="button" class="pill share" data-testid="share-button" aria-label={t.share} onclick={ui.opening(Some(Dialog::Share))}>
                { icon::icon(icon::SHARE) }<span class="wide-only">{ t.share }</span>
            </button>
            <button type="button" class="pill" data-testid="lang-toggle" lang={ui.lang.other().tag()} onclick={language}>
                { t.other_language }
            </button>
            <button type="button" class="pill icon-only" data-testid="theme-toggle" aria-label={theme_name} title={theme_name} onclick={theme}>
                { icon::icon(theme_icon) }
            </button>
        </header>
    }
}

/// Two tabs, linked.
fn logo() -> Html {
    html! {
        <svg class="logo" viewBox="0 0 32 24" aria-hidden="true">
            <path class="logo-back" d="M13 5V3h6l2 3h9v14h-9" />
            <path class="logo-front" d="M2 21V6h7l2 3h8v12z" />
        </svg>
    }
}
