//! The root component: finds the room that the address asks for, and says so in the title.

use std::cell::Cell;
use std::rc::Rc;

use kit::lang::{Lang, Words};
use kit::numbers::Numbers;
use kit::store::{Store, deployment};
use yew::prelude::*;

use crate::difficulty::DifficultyRoom;
use crate::hash::HashRoom;
use crate::keys::KeysRoom;
use crate::link::Query;
use crate::route::{Room, Wanted};
use crate::supply::SupplyRoom;
use crate::tamper::TamperRoom;
use crate::words::{Rooms, lead, name};

/// Draws a room; `None` is a room of the other program.
pub type Draw = fn(&Ui, Room, Option<Query>) -> Option<Html>;

thread_local! {
    static DRAW: Cell<Draw> = const { Cell::new(|_, _, _| None) };
}

/// Says which rooms this program has. What it does not name is not in its file.
pub fn draw_with(draw: Draw) {
    DRAW.set(draw);
}

/// The rooms without signatures.
pub fn page(ui: &Ui, room: Room, query: Option<Query>) -> Option<Html> {
    let ui = ui.clone();
    match room {
        Room::Hash => Some(html! { <HashRoom {ui} {query} /> }),
        Room::Difficulty => Some(html! { <DifficultyRoom {ui} {query} /> }),
        Room::Supply => Some(html! { <SupplyRoom {ui} {query} /> }),
        Room::Keys | Room::Tamper => None,
    }
}

/// The rooms with signatures.
pub fn keys(ui: &Ui, room: Room, query: Option<Query>) -> Option<Html> {
    let ui = ui.clone();
    match room {
        Room::Keys => Some(html! { <KeysRoom {ui} {query} /> }),
        Room::Tamper => Some(html! { <TamperRoom {ui} {query} /> }),
        Room::Hash | Room::Difficulty | Room::Supply => None,
    }
}

/// What the page says.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The language.
    pub lang: Lang,
    /// The address from its `#` on.
    pub address: AttrValue,
}

/// The context of all rooms.
#[derive(Clone)]
pub struct Ui {
    pub lang: Lang,
    pub n: Rc<Numbers>,
    pub store: Store,
}

impl PartialEq for Ui {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang
    }
}

impl Ui {
    /// A group of words in the current language.
    pub fn words<W: Words>(&self) -> &'static W {
        W::of(self.lang)
    }
}

/// The rooms' entries, and the room or the list.
#[component]
pub fn App(props: &Props) -> Html {
    let lang = props.lang;
    let n = use_memo(lang, |lang| Numbers::new(lang.tag()));
    let store = use_memo((), |()| {
        let window = kit::window();
        let path = window.location().pathname().unwrap_or_default();
        Store::open(&window, &format!("{}try:", deployment(&path)))
    });
    let ui = Ui {
        lang,
        n,
        store: (*store).clone(),
    };
    let wanted = Wanted::of(&props.address);
    let room = match &wanted {
        Wanted::Room(room, _) => Some(*room),
        _ => None,
    };
    use_effect_with((lang, room), |(lang, room)| {
        let area = Rooms::of(*lang).title;
        let title = match room {
            Some(room) => format!("{} · {area} · Tabchain", name(*room).of(*lang)),
            None => format!("{area} · Tabchain"),
        };
        if let Some(document) = kit::window().document() {
            document.set_title(&title);
        }
        // Who follows a link in the middle of a page wants to begin at the top.
        kit::window().scroll_to_with_x_and_y(0.0, 0.0);
    });
    let content = match wanted {
        Wanted::List => list(&ui),
        Wanted::Room(room, query) => DRAW.get()(&ui, room, query).unwrap_or_default(),
        Wanted::Unknown => unknown(&ui),
    };
    html! { <>
        if room.is_some() { { entries(lang, room) } }
        { content }
    </> }
}

/// The entries of all rooms, one beside the other.
fn entries(lang: Lang, here: Option<Room>) -> Html {
    html! {
        <nav class="rooms" aria-label={Rooms::of(lang).title}>
            { for Room::ALL.map(|room| html! {
                <a href={room.href()} data-testid={format!("room-link-{}", room.name())} aria-current={(here == Some(room)).then_some("page")}>
                    { name(room).of(lang) }
                </a>
            }) }
        </nav>
    }
}

fn list(ui: &Ui) -> Html {
    let t: &Rooms = ui.words();
    html! {
        <div class="try-list" data-testid="try-list">
            <h1>{ t.title }</h1>
            <p class="lead">{ t.lead }</p>
            <ul class="cards">
                { for Room::ALL.map(|room| html! {
                    <li><a class="panel card" href={room.href()} data-testid={format!("room-link-{}", room.name())}>
                        <h2>{ name(room).of(ui.lang) }</h2>
                        <p>{ lead(room).of(ui.lang) }</p>
                    </a></li>
                }) }
            </ul>
        </div>
    }
}

fn unknown(ui: &Ui) -> Html {
    let t: &Rooms = ui.words();
    html! {
        <div class="try-list">
            <h1>{ t.unknown }</h1>
            <p class="lead">{ t.unknown_more }</p>
            <p><a class="button" href="#/try">{ t.to_list }</a></p>
        </div>
    }
}
