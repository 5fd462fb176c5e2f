//! What must be known: banners above everything, short messages below, and the words for a screen
//! reader.

pub mod words;

use wire::ask::UndoReset;
use wire::{NodeView, Notice, StorageView};
use yew::prelude::*;

use self::words::{Notices, failure};
use super::dialogs::words::Crash;
use super::door::{Ui, focus};
use super::model::{Action, Toast};
use crate::bridge::Picture;
use crate::kit::icon;
use crate::kit::progress::progress;
use crate::kit::seats;

/// Storage, versions, and how far the nodes of this tab have caught up.
pub fn banners(ui: &Ui, picture: &Picture) -> Html {
    let t: &Notices = ui.words();
    let storage = match &*picture.storage {
        StorageView::Kept => None,
        StorageView::Memory(why) => {
            Some(html! { <>{ t.memory }{ " " }<bdi>{ (t.memory_why)(why) }</bdi></> })
        }
        StorageView::OtherVersion(version) => Some(html! { (t.other_data)(&version.to_string()) }),
    };
    html! { <section aria-label={t.title}>
        if let Some(text) = storage {
            <div class="banner" role="status" data-testid="banner-storage">{ icon::icon(icon::WARN) }<p>{ text }</p></div>
        }
        if picture.notices.contains(&Notice::OtherVersion) {
            <div class="banner" role="status" data-testid="banner-version">{ icon::icon(icon::WARN) }<p>{ t.other_version }</p>{ reload(ui) }</div>
        }
        { catching_up(ui, &picture.nodes) }
    </section> }
}

fn reload(ui: &Ui) -> Html {
    let onclick = Callback::from(|_: MouseEvent| {
        let _ = crate::window().location().reload();
    });
    html! { <button type="button" {onclick}>{ ui.words::<Notices>().reload }</button> }
}

/// The node of this tab that has most to do.
fn catching_up(ui: &Ui, nodes: &[NodeView]) -> Html {
    let t: &Notices = ui.words();
    let here = || nodes.iter().filter(|node| node.here);
    let bar = if let Some((read, all)) = here().filter_map(|node| node.loading).next() {
        Some(progress(
            read,
            all,
            (t.loading)(&ui.n.whole(read), &ui.n.whole(all)),
        ))
    } else {
        let behind = here().filter_map(|node| Some((node.seat, node.sync?)));
        behind
            .max_by_key(|(_, (have, want))| want.saturating_sub(*have))
            .map(|(seat, (have, want))| {
                let text = (t.syncing)(&seats::name(seat), &ui.n.whole(have), &ui.n.whole(want));
                progress(have, want, text)
            })
    };
    html! { if let Some(bar) = bar { <div class="banner calm" data-testid="sync-progress">{ bar }</div> } }
}

/// A page whose engine died too often.
pub fn left_off(ui: &Ui) -> Html {
    let t: &Crash = ui.words();
    let onclick = {
        let bridge = ui.bridge.clone();
        Callback::from(move |_: MouseEvent| bridge.start_again())
    };
    html! {
        <div class="banner" role="alert" data-testid="banner-crash">{ icon::icon(icon::WARN) }<p>{ t.gave_up }</p>
            <button type="button" {onclick}>{ t.again }</button></div>
    }
}

/// A page without an engine of its own version.
pub fn old_page(ui: &Ui) -> Html {
    html! {
        <div class="banner" role="alert" data-testid="banner-build">{ icon::icon(icon::WARN) }<p>{ ui.words::<Crash>().old_page }</p>{ reload(ui) }</div>
    }
}

/// Short messages at the lower edge. They stay until they are closed or do not hold any more;
/// `undo` says that a reset can be undone.
pub fn toasts(ui: &Ui, toast: Option<&Toast>, undo: bool) -> Html {
    let t: &Notices = ui.words();
    let close = |action: fn() -> Action| {
        let ui = ui.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            focus("main"); // the button goes with the message
            ui.dispatch.dispatch(action());
        });
        html! {
            <button type="button" class="quiet icon-only" aria-label={t.dismiss} {onclick}>{ icon::icon(icon::CLOSE) }</button>
        }
    };
    let take_back = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            focus("main");
            let dispatch = ui.dispatch.clone();
            ui.bridge.ask(UndoReset, move |result| {
                let toast = match result {
                    Ok(_) => Toast::Undone,
                    Err(failure) => Toast::Failed(failure.code, failure.message),
                };
                dispatch.dispatch(Action::Toast(Some(toast)));
            });
        })
    };
    let text = toast.map(|toast| match toast {
        Toast::Undone => t.undone.to_owned(),
        Toast::Failed(code, message) => {
            (t.failed)(failure(code).map_or(message, |words| words.of(ui.lang)))
        }
    });
    html! {
        <div class="toasts" role="status">
            if undo {
                <div class="toast">
                    <p>{ t.reset_done }</p>
                    <button type="button" class="primary" data-testid="undo-reset" onclick={take_back}>{ t.undo }</button>
                    { close(|| Action::DismissUndo) }
                </div>
            }
            if let Some(text) = text {
                <div class="toast" data-testid="toast"><p>{ text }</p>{ close(|| Action::Toast(None)) }</div>
            }
        </div>
    }
}
