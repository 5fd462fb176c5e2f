//! The form to ask something of the room's servers, and what came of it.

use std::rc::Rc;

use kit::form;
use kit::lang::word_or;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use wire::ask::Submit;
use wire::{Failure, FormView, RoomView, ToldView};
use yew::prelude::*;

use super::words::{Slots, asked, came, field};
use super::{transaction, values};
use crate::shell::door::{Ui, failure, use_ui};

/// Most asks that stay on the screen.
const MOST_SHOWN: usize = 6;
/// The longest value that can be typed, in characters.
const MOST_TYPED: &str = "64";

#[derive(Properties, PartialEq)]
pub struct Props {
    pub room: Rc<RoomView>,
}

/// What was asked here, newest first.
#[derive(Default, PartialEq)]
struct Asks {
    next: u32,
    asks: Vec<Asking>,
}

#[derive(Clone, PartialEq)]
struct Asking {
    number: u32,
    what: ToldView,
    /// What came of it; `None` while it is under way.
    answer: Option<Result<ToldView, Failure>>,
}

enum Change {
    Asked(ToldView),
    Answered(u32, Result<ToldView, Failure>),
}

impl Reducible for Asks {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let (mut next, mut asks) = (self.next, self.asks.clone());
        match change {
            Change::Asked(what) => {
                let (number, answer) = (next, None);
                next = next.wrapping_add(1);
                asks.insert(
                    0,
                    Asking {
                        number,
                        what,
                        answer,
                    },
                );
                asks.truncate(MOST_SHOWN);
            }
            Change::Answered(number, answer) => {
                if let Some(one) = asks.iter_mut().find(|one| one.number == number) {
                    one.answer = Some(answer);
                }
            }
        }
        Rc::new(Self { next, asks })
    }
}

/// The panel.
#[component]
pub fn AskPanel(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Slots = ui.words();
    let chosen = use_state(|| 0_usize);
    let asks = use_reducer(Asks::default);
    let forms = &props.room.forms;
    let form = forms.get(*chosen).or(forms.first());
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| chosen.set(form::chosen(&event)))
    };
    let onsubmit = submitting(&ui, form.cloned(), &asks);
    html! {
        <section class="panel panel-mine panel-ask" aria-labelledby="ask-title">
            <h2 id="ask-title">{ t.ask }</h2>
            if let Some(form) = form {
                <form class="ask" {onsubmit} novalidate=true data-testid="ask-form">
                    <label><span>{ t.what }</span>
                        <select onchange={choose} data-testid="ask-what">
                            { for forms.iter().enumerate().map(|(place, form)| html! {
                                <option value={form.id.clone()} selected={place == *chosen}>{ word_or(asked(&form.id), ui.lang, &form.id) }</option>
                            }) }
                        </select></label>
                    { for form.fields.iter().map(|name| typed(&ui, name)) }
                    <button type="submit" class="primary" data-testid="ask-send">{ t.send }</button>
                </form>
            }
            <ul class="answers" aria-live="polite" aria-label={t.answers} data-testid="answers">
                { for asks.asks.iter().map(|one| answer(&ui, one)) }
            </ul>
            <a class="learn-link" data-testid="learn-link" href={format!("#/learn/{}", props.room.protocol)}>{ t.learn }</a>
            <a class="about-small" href="#/try">{ t.try_it }</a>
            <a class="about-small" href="#/about">{ t.about }</a>
        </section>
    }
}

fn typed(ui: &Ui, name: &str) -> Html {
    let text = word_or(field(name), ui.lang, name);
    html! {
        <label key={name.to_owned()}><span>{ text }</span>
            <input type="text" name={name.to_owned()} maxlength={MOST_TYPED} autocomplete="off" autocapitalize="off" spellcheck="false"
                data-testid={format!("ask-{name}")} /></label>
    }
}

fn submitting(
    ui: &Ui,
    form: Option<FormView>,
    asks: &UseReducerHandle<Asks>,
) -> Callback<SubmitEvent> {
    let (bridge, asks) = (ui.bridge.clone(), asks.clone());
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        let element = event.target_dyn_into::<Element>();
        let (Some(form), Some(element)) = (&form, element) else {
            return;
        };
        let values: Vec<String> = form
            .fields
            .iter()
            .map(|name| form::value(&element, name))
            .collect();
        let (number, what) = (asks.next, form.id.clone());
        let shown = ToldView {
            what: what.clone(),
            values: values.clone(),
        };
        asks.dispatch(Change::Asked(shown));
        let answered = asks.dispatcher();
        let submit = Submit { form: what, values };
        bridge.ask(submit, move |result| {
            answered.dispatch(Change::Answered(number, result));
        });
        // The next one begins with the first field, which is where keyboards expect to go on.
        let first = element.query_selector("input").ok().flatten();
        if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
            let _ = first.focus();
        }
    })
}

fn answer(ui: &Ui, one: &Asking) -> Html {
    let t: &Slots = ui.words();
    let (state, text) = match &one.answer {
        None => ("waiting", html! { t.waiting }),
        Some(Ok(told)) => {
            let what = word_or(came(&told.what), ui.lang, &told.what);
            ("done", html! { <>{ what }{ values(told) }</> })
        }
        Some(Err(why)) => {
            let why = word_or(failure(&why.code), ui.lang, &why.message);
            ("failed", html! { why })
        }
    };
    html! {
        <li key={one.number} class={state} data-state={state}>
            <p>{ transaction(ui.lang, &one.what) }</p>
            <p class={if state == "failed" { "problem" } else { "muted" }}>{ text }</p>
        </li>
    }
}
