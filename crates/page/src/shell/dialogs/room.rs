//! The room dialog: the current room, presets, recent rooms, and a form for custom rules.

use kit::address;
use kit::form;
use kit::lang::word_or;
use kit::modal::Modal;
use protocol::ParamSpec;
use scenario::{Draft, LedgerOutline, MAX_NAME, ProtocolOutline, Room as Rules};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use wire::RoomView;
use yew::prelude::*;

use super::words::{
    Room, bad_room, param, preset as preset_words, protocol as protocol_words, unit,
};
use crate::shell::door::{Ui, use_ui};
use crate::shell::presets::{STARTS, presets};

/// The dialog; `now` is the current room.
pub fn room_dialog(ui: &Ui, now: Option<&RoomView>, onclose: Callback<()>) -> Html {
    let t: &Room = ui.words();
    html! {
        <Modal lang={ui.lang} title={t.title} testid="room-dialog" onclose={onclose.clone()}>
            <p>{ t.lead }</p>
            if let Some(room) = now {
                <p><span class="muted">{ t.now }{ " " }</span><strong><bdi>{ &room.name }</bdi></strong><br />
                    { rules(ui, room) }
                </p>
            }
            <h3>{ t.presets }</h3>
            <ul class="presets">
                { for presets().filter_map(|room| preset(ui, &room, now, &onclose)) }
            </ul>
            { recent(ui, now, &onclose) }
            <details class="own">
                <summary>{ t.own }</summary>
                <OwnRoom onclose={onclose.clone()} />
            </details>
        </Modal>
    }
}

/// A room's rules in a sentence.
fn rules(ui: &Ui, room: &RoomView) -> String {
    let t: &Room = ui.words();
    let value = |name: &str| room.param(name).unwrap_or_default();
    if room.slots {
        let protocol = ProtocolOutline::find(&room.protocol);
        let name = protocol.map_or_else(|| room.protocol.clone(), |one| protocol_text(ui, one));
        return (t.slot_rules)(&name, &ui.n.whole(value("seats")));
    }
    (t.rules)(
        &ui.n.duration(value("spacing").saturating_mul(1000)),
        &ui.n.whole(value("window")),
        &ui.n.whole(value("halving")),
    )
}

fn preset(ui: &Ui, room: &Rules, now: Option<&RoomView>, onclose: &Callback<()>) -> Option<Html> {
    let (name, line) = preset_words(room.name())?;
    let here = now.is_some_and(|now| now.link == room.link());
    Some(html! {
        <li key={room.name().to_owned()}>
            <button type="button" disabled={here} onclick={entering(room.link(), onclose)}>
                <strong>{ name.of(ui.lang) }</strong><span>{ line.of(ui.lang) }</span>
            </button>
        </li>
    })
}

/// The rooms that were open before, if their links are still valid.
fn recent(ui: &Ui, now: Option<&RoomView>, onclose: &Callback<()>) -> Html {
    let links = ui.bridge.prefs().rooms();
    let rooms = links.iter().filter_map(|link| Rules::parse(link).ok());
    let elsewhere = rooms.filter(|room| now.is_none_or(|now| now.link != room.link()));
    let rows: Vec<Html> = elsewhere
        .map(|room| {
            html! {
                <li key={room.link()}>
                    <button type="button" class="pill" onclick={entering(room.link(), onclose)}><bdi>{ room.name() }</bdi></button>
                </li>
            }
        })
        .collect();
    html! {
        if !rows.is_empty() {
            <h3>{ ui.words::<Room>().recent }</h3>
            <ul class="recent">{ for rows }</ul>
        }
    }
}

fn entering(link: String, onclose: &Callback<()>) -> Callback<MouseEvent> {
    let onclose = onclose.clone();
    Callback::from(move |_| {
        onclose.emit(());
        address::go(&link);
    })
}

#[derive(Properties, PartialEq)]
struct OwnProps {
    onclose: Callback<()>,
}

/// The form: its fields follow from the protocol. They keep their own values, which are read on
/// submission.
#[component]
fn OwnRoom(props: &OwnProps) -> Html {
    let ui = use_ui();
    let t: &Room = ui.words();
    let wrong = use_state(|| None::<(String, String)>);
    let chosen = use_state(|| 0_usize);
    let offers: Vec<_> = offers().collect();
    let (protocol, ledger) = offers[(*chosen).min(offers.len() - 1)];
    let choose = {
        let (chosen, wrong) = (chosen.clone(), wrong.clone());
        Callback::from(move |event: Event| {
            chosen.set(form::chosen(&event));
            wrong.set(None);
        })
    };
    let form = use_node_ref();
    {
        // Set the defaults once: a `value` attribute would overwrite the input with every picture.
        let form = form.clone();
        use_effect_with(*chosen, move |_| {
            for spec in Rules::specs(protocol, ledger) {
                let form = form.cast::<Element>();
                let input = form.and_then(|form| form::field(&form, spec.name));
                if let Some(input) = input.and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
                    input.set_value(&Rules::default_of(spec).to_string());
                }
            }
        });
    }
    let onsubmit = {
        let (wrong, onclose) = (wrong.clone(), props.onclose.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(form) = event.target_dyn_into::<Element>() else {
                return;
            };
            match read(&form, protocol, ledger) {
                Ok(room) => {
                    onclose.emit(());
                    address::go(&room.link());
                }
                Err(error) => wrong.set(Some(error)),
            }
        })
    };
    html! {
        <form ref={form} {onsubmit} novalidate=true>
            <label><span>{ t.name }</span>
                <input name={NAME} type="text" maxlength={MAX_NAME.to_string()} autocomplete="off" spellcheck="false" data-testid="room-name" />
                <small>{ t.name_hint }</small></label>
            <label><span>{ t.protocol }</span>
                <select onchange={choose} data-testid="room-protocol">
                    { for offers.iter().enumerate().map(|(place, (protocol, _))| html! {
                        <option value={protocol.id} selected={place == *chosen}>{ protocol_text(&ui, protocol) }</option>
                    }) }
                </select></label>
            { for Rules::specs(protocol, ledger).map(|spec| field(&ui, protocol, spec)) }
            if let Some((code, value)) = &*wrong {
                <p class="problem" role="alert">{ bad_room(code).of(ui.lang) }{ " " }<bdi>{ value }</bdi></p>
            }
            <div class="buttons"><button type="submit" class="primary" data-testid="room-open">{ t.open }</button></div>
        </form>
    }
}

/// Every protocol, with the ledger that rooms have with it.
fn offers() -> impl Iterator<Item = (&'static ProtocolOutline, &'static LedgerOutline)> {
    let all = ProtocolOutline::all().iter();
    all.filter_map(|protocol| Some((protocol, protocol.usual_ledger()?)))
}

/// A protocol's name: in its paper's language unless the words have another.
fn protocol_text(ui: &Ui, protocol: &ProtocolOutline) -> String {
    word_or(protocol_words(protocol.id), ui.lang, protocol.name)
}

/// The field of a parameter.
fn field(ui: &Ui, protocol: &ProtocolOutline, spec: &ParamSpec) -> Html {
    let t: &Room = ui.words();
    let label = word_or(param(spec.name), ui.lang, spec.name);
    if spec.name == "bits" {
        return html! {
            <label key={spec.name}><span>{ label }</span>
                <select name={spec.name}>
                    { for STARTS.iter().map(|(power, bits)| html! {
                        <option value={bits.to_string()} selected={*power == 24}>{ (t.odds)(&ui.n.compact(1 << power)) }</option>
                    }) }
                </select></label>
        };
    }
    let mut hints = vec![(t.range)(&ui.n.whole(spec.min), &ui.n.whole(spec.max))];
    if protocol.seats.as_ref() == Some(spec) {
        let bears =
            |(faults, seats): (u32, u32)| (t.bears)(&ui.n.whole(seats), &ui.n.whole(faults));
        hints.extend(protocol.tolerances().map(bears));
    }
    let hint = hints.join(" · ");
    html! {
        <label key={spec.name}><span>{ label }</span>
            <span class="with-unit">
                <input name={spec.name} type="number" min={spec.min.to_string()} max={spec.max.to_string()} data-testid={format!("room-{}", spec.name)} />
                if !spec.unit.is_empty() {
                    <span>{ word_or(unit(spec.unit), ui.lang, spec.unit) }</span>
                }
            </span>
            <small>{ hint }</small></label>
    }
}

/// The name of the field for the room's own name.
const NAME: &str = "name";

/// Reads the room from the form, or the code and value of what is wrong with it.
fn read(
    form: &Element,
    protocol: &'static ProtocolOutline,
    ledger: &'static LedgerOutline,
) -> Result<Rules, (String, String)> {
    let text = |name: &str| form::value(form, name).trim().to_owned();
    let number = |spec: &'static ParamSpec| {
        let value = text(spec.name);
        let number = value.parse::<u64>();
        let number = number.map_err(|_| (format!("{}-number", spec.name), value))?;
        Ok((spec.name, number))
    };
    let numbers = Rules::specs(protocol, ledger).map(number);
    let values: Vec<_> = numbers.collect::<Result<_, (String, String)>>()?;
    let draft = Draft {
        name: &text(NAME),
        protocol: Some(protocol.id),
        ledger: Some(ledger.id),
        values: &values,
    };
    Rules::new(&draft).map_err(|error| (error.code(), error.value()))
}
