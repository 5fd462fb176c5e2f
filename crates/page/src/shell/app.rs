//! The root component: connects the engine's news, the page's state and the rooms.

use js_sys::Function;
use kit::address;
use kit::lang::{Lang, Words};
use kit::numbers::Numbers;
use scenario::RoomError;
use wasm_bindgen::prelude::*;
use wire::Notice;
use yew::prelude::*;

use super::about::{about, not_found};
use super::dialogs::words::{Room, bad_room as bad_room_words};
use super::dialogs::{ShareDialog, crash_dialog, reset_dialog, room_dialog};
use super::door::{Ui, focus};
use super::header::header;
use super::model::{Action, Dialog, Model};
use super::notices::{banners, left_off, old_page, toasts};
use super::program::{Visit, program, use_program};
use super::route::{self, Route};
use super::words::Shell;
use crate::bridge::{Bridge, Phase};
use crate::learn::{Article, Figures};
use crate::live::{live, spoken};
use crate::{system_dark, window};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub bridge: Bridge,
    pub lang: Lang,
    pub dark: bool,
    /// Whether the person chose the colours; if not, the system does.
    pub dark_chosen: bool,
}

#[component]
pub fn App(props: &Props) -> Html {
    let (lang, dark, dark_chosen) = (props.lang, props.dark, props.dark_chosen);
    let model = use_reducer(move || Model::new(lang, dark, dark_chosen));
    let bridge = &props.bridge;
    let dispatch = model.dispatcher();
    use_news(bridge, &dispatch);
    use_acknowledge(bridge, &model);
    use_document(&model);
    use_system_colours(&dispatch);
    let address = (model.route == Route::Try).then(|| AttrValue::from(address::hash()));
    let visit = use_program(model.lang, address);
    let numbers = use_memo(model.lang, |lang| Numbers::new(lang.tag()));
    let ui = Ui {
        lang: model.lang,
        n: numbers,
        bridge: bridge.clone(),
        dispatch,
    };
    html! {
        <ContextProvider<Ui> context={ui.clone()}>
            { page(&ui, &model, visit.as_ref()) }
        </ContextProvider<Ui>>
    }
}

/// Listens to the engine and the address bar for as long as the page lives.
#[hook]
fn use_news(bridge: &Bridge, dispatch: &UseReducerDispatcher<Model>) {
    let (bridge, dispatch) = (bridge.clone(), dispatch.clone());
    use_effect_with((), move |()| {
        let news = dispatch.clone();
        let id = bridge.subscribe(move |what| news.dispatch(Action::News(what.clone())));
        bridge.begin(route::room_of_address().unwrap_or(Ok(None)));
        let follower = bridge.clone();
        let listener = route::on_change(move |route, room| {
            // Tell the bridge first: by the time the page follows, the old room is no longer
            // running, so its link cannot be written over the new one.
            if let Some(room) = room {
                follower.follow(room);
            }
            dispatch.dispatch(Action::Route(route));
        });
        move || {
            bridge.unsubscribe(id);
            drop(listener);
        }
    });
}

/// Tells the engine when a frame is on the screen, and writes the room's link into the address bar.
#[hook]
fn use_acknowledge(bridge: &Bridge, model: &Model) {
    let bridge = bridge.clone();
    use_effect_with(
        (
            model.frame,
            matches!(model.phase, Phase::Running | Phase::OtherVersion),
        ),
        move |(frame, running)| {
            if *running {
                bridge.acknowledge(*frame);
            }
        },
    );
    let link = model
        .picture
        .as_ref()
        .map(|picture| picture.room.link.clone());
    use_effect_with(
        (link, model.route, model.phase.clone()),
        |(link, _, phase)| {
            if let (Some(link), Phase::Running) = (link, phase) {
                route::show_room(link);
            }
        },
    );
}

/// Sets the document's language, colours and title.
#[hook]
fn use_document(model: &Model) {
    use_effect_with(
        (model.lang, model.dark, model.dark_chosen),
        |(lang, dark, chosen)| {
            if let Some(root) = window()
                .document()
                .and_then(|document| document.document_element())
            {
                let _ = root.set_attribute("lang", lang.tag());
                // Translation in place would change DOM nodes that Yew has to find as it left them.
                let _ = root.set_attribute("translate", "no");
                if *chosen {
                    let _ = root.set_attribute("data-theme", if *dark { "dark" } else { "light" });
                }
            }
        },
    );
    let height = model.picture.as_ref().map(|picture| picture.tip.height);
    // In a room to try, the title is that room's.
    let own = model.route != Route::Try;
    use_effect_with((model.lang, height, own), |(lang, height, own)| {
        if let Some(document) = window().document().filter(|_| *own) {
            let title = height.map(|height| (Shell::of(*lang).title)(&height.to_string()));
            document.set_title(&title.unwrap_or_else(|| "Tabchain".to_owned()));
        }
    });
}

/// Follows the system's change between dark and light.
#[hook]
fn use_system_colours(dispatch: &UseReducerDispatcher<Model>) {
    let dispatch = dispatch.clone();
    use_effect_with((), move |()| {
        let query = system_dark();
        let heard = query.clone();
        let closure = Closure::<dyn Fn()>::new(move || {
            let dark = heard.as_ref().is_some_and(|query| query.matches());
            dispatch.dispatch(Action::SystemDark(dark));
        });
        let listener: &Function = closure.as_ref().unchecked_ref();
        if let Some(query) = &query {
            query.set_onchange(Some(listener));
        }
        move || {
            if let Some(query) = query {
                query.set_onchange(None);
            }
            drop(closure);
        }
    });
}

fn page(ui: &Ui, model: &Model, visit: Option<&Visit>) -> Html {
    let picture = model.picture.as_ref();
    let home = AttrValue::from(match picture {
        Some(picture) => format!("#{}", picture.room.link),
        None => "#/live".to_owned(),
    });
    let content = match (model.route, &model.phase) {
        (Route::About, _) => about(ui, &home),
        (Route::Learn(topic), _) => {
            let figures = picture
                .map(|picture| Figures::of(picture, &ui.n))
                .unwrap_or_default();
            html! { <Article key={topic.id()} lang={ui.lang} {topic} home={home.clone()} {figures} /> }
        }
        (Route::Try, _) => visit.map_or_else(Html::default, |visit| program(ui, visit)),
        (Route::Unknown, _) => not_found(ui, &home),
        (Route::Live, Phase::BadRoom(error)) => bad_room(ui, error),
        (Route::Live, _) => live(ui, &model.live, picture),
    };
    let undo = picture.is_some_and(|picture| picture.notices.contains(&Notice::UndoReset))
        && !model.undo_dismissed;
    html! { <>
        <a class="skip" href="#main" onclick={skip()}>{ ui.words::<Shell>().skip }</a>
        { header(ui, picture.map(|picture| &*picture.room), model, &home) }
        if model.phase == Phase::OtherVersion { { old_page(ui) } }
        if model.crash.is_none() && matches!(model.phase, Phase::Crashed { again: false, .. }) { { left_off(ui) } }
        if let Some(picture) = picture {
            { banners(ui, picture) }
        }
        { content }
        { toasts(ui, model.toast.as_ref(), undo) }
        { spoken(ui, &model.live) }
        { dialog(ui, model) }
    </> }
}

/// Sets the focus itself instead of following the link: here, a URL's hash is a route.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        focus("main");
    })
}

fn bad_room(ui: &Ui, error: &RoomError) -> Html {
    let t: &Room = ui.words();
    let (code, value) = (error.code(), error.value());
    let onclick = {
        let bridge = ui.bridge.clone();
        Callback::from(move |_: MouseEvent| {
            address::go("/live");
            bridge.open_room(Ok(None));
        })
    };
    html! {
        <main id="main" class="prose" tabindex="-1" data-testid="bad-room">
            <h1>{ t.bad }</h1>
            <p class="lead">{ bad_room_words(&code).of(ui.lang) }{ " " }{ t.bad_lead }</p>
            <p>{ t.bad_value }{ " " }<code><bdi>{ value }</bdi></code>{ " " }<span class="muted">{ "(" }{ code }{ ")" }</span></p>
            <p><button type="button" class="primary" data-testid="to-default-room" {onclick}>{ t.to_default }</button></p>
        </main>
    }
}

fn dialog(ui: &Ui, model: &Model) -> Html {
    let picture = model.picture.as_ref();
    let closing = |action: fn() -> Action| {
        let dispatch = ui.dispatch.clone();
        Callback::from(move |()| dispatch.dispatch(action()))
    };
    let onclose = closing(|| Action::Dialog(None));
    let chosen = match (model.dialog, picture) {
        (Some(Dialog::Share), Some(picture)) => {
            html! { <ShareDialog link={picture.room.link.clone()} {onclose} /> }
        }
        (Some(Dialog::Room), _) => room_dialog(ui, picture.map(|picture| &*picture.room), onclose),
        (Some(Dialog::Reset), Some(picture)) => reset_dialog(ui, picture.tip.height, onclose),
        _ => Html::default(),
    };
    html! { <>
        { chosen }
        if let Some(crash) = &model.crash {
            { crash_dialog(ui, crash, &model.phase, closing(|| Action::CloseCrash)) }
        }
    </> }
}
