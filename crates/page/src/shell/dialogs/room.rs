//! The room dialog: the current room, presets, recent rooms, and a form for custom rules.

use chain::CompactTarget;
use scenario::{MAX_NAME, Room as Rules};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use wire::RoomView;
use yew::prelude::*;

use super::words::{Room, bad_room, preset as preset_words};
use crate::kit::modal::Modal;
use crate::shell::door::{Ui, use_ui};
use crate::shell::presets::{STARTS, presets};
use crate::shell::route;

/// The dialog; `now` is the current room.
pub fn room_dialog(ui: &Ui, now: Option<&RoomView>, onclose: Callback<()>) -> Html {
    let t: &Room = ui.words();
    html! {
        <Modal lang={ui.lang} title={t.title} testid="room-dialog" onclose={onclose.clone()}>
            <p>{ t.lead }</p>
            if let Some(room) = now {
                <p><span class="muted">{ t.now }{ " " }</span><strong><bdi>{ &room.name }</bdi></strong><br />
                    { (t.rules)(&ui.n.duration(u64::from(room.spacing) * 1000), &ui.n.whole(room.window), &ui.n.whole(room.halving)) }
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
        route::go(&link);
    })
}

#[derive(Properties, PartialEq)]
struct OwnProps {
    onclose: Callback<()>,
}

/// The form. Its fields keep their own values, which are read on submission.
#[component]
fn OwnRoom(props: &OwnProps) -> Html {
    let ui = use_ui();
    let t: &Room = ui.words();
    let wrong = use_state(|| None::<(String, String)>);
    let refs = [
        use_node_ref(),
        use_node_ref(),
        use_node_ref(),
        use_node_ref(),
        use_node_ref(),
    ];
    {
        // Set the defaults once: a `value` attribute would overwrite the input with every picture.
        let fields = [
            ("spacing", refs[1].clone()),
            ("window", refs[3].clone()),
            ("halving", refs[4].clone()),
        ];
        use_effect_with((), move |()| {
            for (key, field) in fields {
                if let Some(field) = field.cast::<HtmlInputElement>() {
                    field.set_value(&Rules::limits(key).default.to_string());
                }
            }
        });
    }
    let onsubmit = {
        let (refs, wrong, onclose) = (refs.clone(), wrong.clone(), props.onclose.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match read(&refs) {
                Ok(room) => {
                    onclose.emit(());
                    route::go(&room.link());
                }
                Err(error) => wrong.set(Some(error)),
            }
        })
    };
    let [name, spacing, start, window, halving] = refs;
    html! {
        <form {onsubmit} novalidate=true>
            <label><span>{ t.name }</span>
                <input ref={name} type="text" maxlength={MAX_NAME.to_string()} autocomplete="off" spellcheck="false" data-testid="room-name" />
                <small>{ t.name_hint }</small></label>
            { number(&ui, t.spacing, t.seconds, "spacing", spacing) }
            <label><span>{ t.start }</span>
                <select ref={start}>
                    { for STARTS.iter().map(|(power, bits)| html! {
                        <option value={bits.to_string()} selected={*power == 24}>{ (t.odds)(&ui.n.compact(1 << power)) }</option>
                    }) }
                </select></label>
            { number(&ui, t.window, t.blocks, "window", window) }
            { number(&ui, t.halving, t.blocks, "halving", halving) }
            if let Some((code, value)) = &*wrong {
                <p class="problem" role="alert">{ bad_room(code).of(ui.lang) }{ " " }<bdi>{ value }</bdi></p>
            }
            <div class="buttons"><button type="submit" class="primary" data-testid="room-open">{ t.open }</button></div>
        </form>
    }
}

fn number(ui: &Ui, label: &'static str, unit: &'static str, key: &str, node: NodeRef) -> Html {
    let spec = Rules::limits(key);
    html! {
        <label><span>{ label }</span>
            <span class="with-unit">
                <input ref={node} type="number" min={spec.min.to_string()} max={spec.max.to_string()} data-testid={format!("room-{key}")} />
                <span>{ unit }</span>
            </span>
            <small>{ (ui.words::<Room>().range)(&ui.n.whole(spec.min), &ui.n.whole(spec.max)) }</small></label>
    }
}

/// Reads the room from the form, or the code and value of what is wrong with it.
fn read(refs: &[NodeRef; 5]) -> Result<Rules, (String, String)> {
    let text = |index: usize| {
        let element = refs[index].cast::<web_sys::Element>();
        let input = element
            .as_ref()
            .and_then(|e| e.dyn_ref::<HtmlInputElement>())
            .map(|i| i.value());
        let select = || {
            element
                .as_ref()
                .and_then(|e| e.dyn_ref::<HtmlSelectElement>())
                .map(|s| s.value())
        };
        input.or_else(select).unwrap_or_default().trim().to_owned()
    };
    let number = |index: usize, key: &str| {
        let value = text(index);
        value
            .parse::<u32>()
            .map_err(|_| (format!("{key}-number"), value))
    };
    let (spacing, bits) = (number(1, "spacing")?, CompactTarget(number(2, "bits")?));
    Rules::new(
        &text(0),
        spacing,
        bits,
        number(3, "window")?,
        number(4, "halving")?,
    )
    .map_err(|error| (error.code(), error.value()))
}
