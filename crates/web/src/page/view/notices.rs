//! What must be known: banners above everything, short messages below, and the words for a screen
//! reader.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{self, Icon};
use super::peers::progress;
use crate::page::model::{Action, Line, Toast};
use crate::page::seats;
use crate::page::ui::{Ui, use_ui};
use crate::stream::{Call, Happening, NodeView, StorageView};

#[derive(Properties, PartialEq)]
pub struct BannersProps {
    pub storage: Rc<StorageView>,
    pub nodes: Rc<Vec<NodeView>>,
    pub other_version: bool,
}

/// Storage, versions, and how far the nodes of this tab have caught up.
#[component]
pub fn Banners(props: &BannersProps) -> Html {
    let ui = use_ui();
    let t = &ui.t.notices;
    let storage = match &*props.storage {
        StorageView::Kept | StorageView::Opening => None,
        StorageView::Memory(why) => {
            Some(html! { <>{ t.memory }{ " " }<bdi>{ (t.memory_why)(why) }</bdi></> })
        }
        StorageView::OtherVersion(version) => Some(html! { (t.other_data)(&version.to_string()) }),
    };
    html! { <section aria-label={t.title}>
        if let Some(text) = storage {
            <div class="banner" role="status" data-testid="banner-storage"><Icon path={icon::WARN} /><p>{ text }</p></div>
        }
        if props.other_version {
            <div class="banner" role="status" data-testid="banner-version"><Icon path={icon::WARN} /><p>{ t.other_version }</p>{ reload(&ui) }</div>
        }
        { catching_up(&ui, &props.nodes) }
    </section> }
}

fn reload(ui: &Ui) -> Html {
    let onclick = Callback::from(|_: MouseEvent| {
        let _ = crate::page::window().location().reload();
    });
    html! { <button type="button" {onclick}>{ ui.t.notices.reload }</button> }
}

/// The node of this tab that has most to do.
fn catching_up(ui: &Ui, nodes: &[NodeView]) -> Html {
    let t = &ui.t.notices;
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

/// A page without an engine of its own version.
#[component]
pub fn OldPage() -> Html {
    let ui = use_ui();
    html! {
        <div class="banner" role="alert"><Icon path={icon::WARN} /><p>{ ui.t.crash.old_page }</p>{ reload(&ui) }</div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ToastsProps {
    pub toast: Option<Toast>,
    /// Whether a reset can be undone and that was not waved away.
    pub undo: bool,
}

/// Short messages at the lower edge. They stay until they are closed or do not hold any more.
#[component]
pub fn Toasts(props: &ToastsProps) -> Html {
    let ui = use_ui();
    let t = &ui.t.notices;
    let close = |action: fn() -> Action| {
        let ui = ui.clone();
        let onclick = Callback::from(move |_: MouseEvent| ui.dispatch.dispatch(action()));
        html! {
            <button type="button" class="quiet icon-only" aria-label={t.dismiss} {onclick}><Icon path={icon::CLOSE} /></button>
        }
    };
    let undo = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            let dispatch = ui.dispatch.clone();
            ui.bridge.call(Call::UndoReset, move |result| {
                let toast = match result {
                    Ok(_) => Toast::Undone,
                    Err(failure) => Toast::Failed(failure.code, failure.message),
                };
                dispatch.dispatch(Action::Toast(Some(toast)));
            });
        })
    };
    let text = props.toast.as_ref().map(|toast| match toast {
        Toast::Undone => ui.t.reset.undone.to_owned(),
        Toast::Failed(code, message) => (t.failed)((t.failure)(code).unwrap_or(message)),
    });
    html! {
        <div class="toasts" role="status">
            if props.undo {
                <div class="toast">
                    <p>{ ui.t.reset.done }</p>
                    <button type="button" class="primary" data-testid="undo-reset" onclick={undo}>{ ui.t.reset.undo }</button>
                    { close(|| Action::DismissUndo) }
                </div>
            }
            if let Some(text) = text {
                <div class="toast" data-testid="toast"><p>{ text }</p>{ close(|| Action::Toast(None)) }</div>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SpokenProps {
    pub line: Option<Rc<Line>>,
}

/// Says the great events to those who do not see them.
#[component]
pub fn Spoken(props: &SpokenProps) -> Html {
    let ui = use_ui();
    let t = &ui.t.notices;
    let text = props.line.as_ref().map(|line| match &line.entry.what {
        Happening::Found { height, .. } => (t.you_found)(&height.to_string()),
        Happening::Reorganised {
            undone, applied, ..
        } => (t.switched)(&ui.n.whole(*undone), &ui.n.whole(*applied)),
        _ => String::new(),
    });
    html! { <p class="visually-hidden" aria-live="polite">{ text.unwrap_or_default() }</p> }
}
