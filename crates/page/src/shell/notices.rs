//! What people must know: banners at the top and short messages at the bottom, in live regions that
//! a screen reader announces.

pub mod words;

use kit::icon;
use kit::progress::progress;
use kit::seats;
use wire::ask::UndoReset;
use wire::{NodeView, Notice, StorageView};
use yew::prelude::*;

use self::words::{Notices, failure, held_up as held_up_words, no_seat};
use super::dialogs::words::Crash;
use super::door::{Ui, focus};
use super::model::{Action, Dialog, Toast};
use crate::bridge::Picture;

/// The banners: storage, notices, and how far this tab's nodes have caught up.
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
            { banner("banner-storage", text, None) }
        }
        { held_up(ui, &picture.notices) }
        { for picture.notices.iter().map(|notice| warning(ui, notice)) }
        { catching_up(ui, &picture.nodes) }
    </section> }
}

/// A banner: its text, and `measured`, which changes while the banner lasts. That part is outside
/// the live region, or a screen reader would announce the banner again every second.
fn banner(testid: &'static str, text: Html, measured: Option<String>) -> Html {
    html! {
        <div class="banner" data-testid={testid}>
            { icon::icon(icon::WARN) }
            <p><span role="status">{ text }</span>
            if let Some(measured) = measured { { " " }<span class="muted">{ measured }</span> }</p>
        </div>
    }
}

fn warning(ui: &Ui, notice: &Notice) -> Html {
    let t: &Notices = ui.words();
    let duration = |seconds: u32| ui.n.duration(u64::from(seconds) * 1000);
    match notice {
        Notice::OtherVersion => html! {
            <div class="banner" role="status" data-testid="banner-version">{ icon::icon(icon::WARN) }<p>{ t.other_version }</p>{ reload(ui) }</div>
        },
        Notice::SlowStorage { seconds } => {
            let measured = (t.slow_for)(&duration(*seconds));
            banner("banner-slow", html! { t.slow }, Some(measured))
        }
        Notice::Future { ahead, blocks } => {
            let measured = (t.future_by)(&duration(*ahead), &ui.n.whole(*blocks));
            let put_away = ui.opening(Some(Dialog::Reset));
            html! {
                <div class="banner" data-testid="banner-future">
                    { icon::icon(icon::WARN) }
                    <p><span role="status">{ t.future }</span>{ " " }<span class="muted">{ measured }</span></p>
                    <button type="button" onclick={put_away}>{ t.put_away }</button>
                </div>
            }
        }
        Notice::Damaged { height, records } => {
            let text = (t.damaged)(&ui.n.whole(*records), &height.to_string());
            banner("banner-damaged", html! { text }, None)
        }
        Notice::NoSeat(why) => banner("banner-seat", html! { no_seat(*why).of(ui.lang) }, None),
        // Undoing a reset is offered in a message below; all `HeldUp` notices share one banner.
        Notice::UndoReset | Notice::HeldUp(_) => Html::default(),
    }
}

/// One banner for everything that the tab went on without.
fn held_up(ui: &Ui, notices: &[Notice]) -> Html {
    let t: &Notices = ui.words();
    let mut lines: Vec<&str> = notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::HeldUp(what) => Some(held_up_words(*what).of(ui.lang)),
            _ => None,
        })
        .collect();
    if lines.is_empty() {
        return Html::default();
    }
    lines.push(t.held);
    let text = html! { lines.join(" ") };
    banner("banner-held", text, None)
}

fn reload(ui: &Ui) -> Html {
    let onclick = Callback::from(|_: MouseEvent| {
        let _ = crate::window().location().reload();
    });
    html! { <button type="button" {onclick}>{ ui.words::<Notices>().reload }</button> }
}

/// The progress of this tab's node that has the most left to do.
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

/// The banner of a page whose engines died too often.
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

/// The banner of a page whose engine is of another version.
pub fn old_page(ui: &Ui) -> Html {
    html! {
        <div class="banner" role="alert" data-testid="banner-build">{ icon::icon(icon::WARN) }<p>{ ui.words::<Crash>().old_page }</p>{ reload(ui) }</div>
    }
}

/// Short messages at the lower edge. They stay until they are closed or no longer apply; `undo`
/// says that a reset can be undone.
pub fn toasts(ui: &Ui, toast: Option<&Toast>, undo: bool) -> Html {
    let t: &Notices = ui.words();
    let close = |action: fn() -> Action| {
        let ui = ui.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            focus("main"); // the focused button is about to go with the message
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
