//! The frame around a room: what it is about, the link to its state, and the way back to the start.

use kit::copy::CopyButton;
use kit::{form, icon};
use yew::prelude::*;

use crate::app::Ui;
use crate::link::Fault;
use crate::room::{Kept, State};
use crate::words::{Rooms, lead, name};

/// A room; `content` is a list of panels.
pub fn frame<S: State>(ui: &Ui, kept: &Kept<S>, content: Html) -> Html {
    let (t, room): (&Rooms, _) = (ui.words(), S::ROOM);
    html! {
        <div class="try-room" data-testid={format!("try-{}", room.name())}>
            <div class="try-head">
                <div>
                    <h1>{ name(room).of(ui.lang) }</h1>
                    <p class="muted">{ lead(room).of(ui.lang) }</p>
                </div>
                <div class="try-actions">
                    <span data-testid="copy-link" data-link={kept.link()}>
                        <CopyButton lang={ui.lang} text={kept.link()} what={t.link_what} label={AttrValue::from(t.copy_link)} />
                    </span>
                    <button type="button" class="quiet" data-testid="start-over" onclick={kept.starting_over()}>{ icon::icon(icon::RESET) }{ t.start_over }</button>
                </div>
            </div>
            if let Some(fault) = kept.fault() { { bad_link(ui, fault) } }
            { content }
        </div>
    }
}

/// What is wrong with the link that led here.
fn bad_link(ui: &Ui, fault: &Fault) -> Html {
    let t: &Rooms = ui.words();
    let said = match fault {
        Fault::TooLong(bytes) => (t.too_long)(&ui.n.whole(*bytes as u64)),
        Fault::Stray(_) => t.stray.to_owned(),
        Fault::BadValue(key, _) => (t.bad_value)(key),
    };
    let value = match fault {
        Fault::TooLong(_) => None,
        Fault::Stray(part) => Some(part),
        Fault::BadValue(_, value) => Some(value),
    };
    html! {
        <div class="banner try-fault" role="alert" data-testid="bad-link">
            { icon::icon(icon::WARN) }
            <p>{ said }{ " " }
                if let Some(value) = value { <code><bdi>{ shortened(value) }</bdi></code>{ " " } }
                { t.fault_more }</p>
        </div>
    }
}

/// The beginning of a text that may be long.
fn shortened(text: &str) -> String {
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(60).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

/// What a slider is for.
pub struct Slider<'a> {
    /// Its mark for tests.
    pub testid: &'a str,
    /// Its label.
    pub label: &'a str,
    /// The least value.
    pub least: u64,
    /// The greatest value.
    pub most: u64,
    /// The value.
    pub value: u64,
    /// The value in words.
    pub text: String,
}

/// A slider with its value in words beside it.
pub fn slider(what: Slider<'_>, onchange: Callback<u64>) -> Html {
    let oninput = Callback::from(move |event: InputEvent| {
        if let Ok(value) = form::entered(&event).parse() {
            onchange.emit(value);
        }
    });
    html! {
        <label class="try-slider">
            <span>{ what.label }</span>
            <input type="range" min={what.least.to_string()} max={what.most.to_string()} value={what.value.to_string()}
                data-testid={what.testid.to_owned()} aria-valuetext={what.text.clone()} {oninput} />
            <output>{ what.text }</output>
        </label>
    }
}

/// A choice between a few values, one of which holds.
pub fn choice<T: Copy + PartialEq + 'static>(
    legend: &'static str,
    name: &'static str,
    options: &[(T, String)],
    chosen: T,
    onchange: &Callback<T>,
) -> Html {
    html! {
        <fieldset class="segmented">
            <legend>{ legend }</legend>
            { for options.iter().map(|(value, label)| {
                let value = *value;
                let onchange = onchange.reform(move |_: Event| value);
                html! {
                    <label>
                        <input type="radio" name={name} checked={value == chosen} {onchange} />
                        <span>{ label }</span>
                    </label>
                }
            }) }
        </fieldset>
    }
}
