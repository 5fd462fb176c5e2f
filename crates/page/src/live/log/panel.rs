//! The panel of the event log: sentences, newest first, with filters by kind and by node.

use std::collections::BTreeSet;
use std::rc::Rc;

use kit::form;
use kit::lang::word_or;
use kit::numbers::tail;
use kit::seats;
use kit::who::who;
use yew::prelude::*;

use super::kind::Kind;
use super::sentence::{Part, sentence as sentence_of};
use super::words::Log;
use super::{Line, Log as Lines};
use crate::live::detail::words::Block;
use crate::live::slots::words::label;
use crate::shell::door::{Ui, use_ui};

/// How many nodes of a line are named before the rest are only counted.
const NAMED: usize = 3;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub log: Rc<Lines>,
    /// Whether slots are decided in the room; if not, blocks are mined.
    pub slots: bool,
    /// What the room's protocol calls the time of one leader.
    pub reign: &'static str,
}

#[component]
pub fn LogPanel(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Log = ui.words();
    let hidden = use_state(BTreeSet::<Kind>::new);
    let node = use_state(|| None::<u32>);
    let seats = seats::each_once(props.log.lines.iter().flat_map(|line| line.seats()));
    let fits = |line: &&Rc<Line>| {
        !hidden.contains(&Kind::of(&line.entry.what))
            && node.is_none_or(|seat| line.seats().any(|other| other == seat))
    };
    let shown: Vec<Html> = props
        .log
        .lines
        .iter()
        .filter(fits)
        .map(|line| html! { <LogLine key={line.key} line={line.clone()} reign={props.reign} /> })
        .collect();
    let kinds = Kind::all(props.slots).map(|kind| {
        let pressed = !hidden.contains(&kind);
        let onclick = {
            let hidden = hidden.clone();
            Callback::from(move |_: MouseEvent| {
                let mut next = (*hidden).clone();
                if !next.remove(&kind) {
                    next.insert(kind);
                }
                hidden.set(next);
            })
        };
        html! { <button type="button" class="pill filter" aria-pressed={pressed.to_string()} {onclick}>{ kind.words().of(ui.lang) }</button> }
    });
    html! {
        <section class="panel panel-log" aria-labelledby="log-title" data-testid="log">
            <div class="panel-head">
                <h2 id="log-title">{ t.title }</h2>
                if seats.len() > 1 || node.is_some() { { node_filter(&ui, &seats, node.clone()) } }
            </div>
            <div class="filters" role="group" aria-label={t.filters}>{ for kinds }</div>
            if shown.is_empty() {
                <p class="muted">{ if props.log.lines.is_empty() { t.empty } else { t.none_match } }</p>
            } else {
                <ol class="lines" tabindex="0" aria-labelledby="log-title">{ for shown }</ol>
            }
        </section>
    }
}

fn node_filter(ui: &Ui, seats: &[u32], node: UseStateHandle<Option<u32>>) -> Html {
    let t: &Log = ui.words();
    let chosen = *node;
    let onchange = Callback::from(move |event: Event| node.set(form::entered(&event).parse().ok()));
    let seats = seats::each_once(seats.iter().copied().chain(chosen));
    html! {
        <select aria-label={t.of_node} {onchange}>
            <option value="" selected={chosen.is_none()}>{ t.all_nodes }</option>
            { for seats.iter().map(|seat| html! {
                <option value={seat.to_string()} selected={chosen == Some(*seat)}>{ seats::name(*seat) }</option>
            }) }
        </select>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: Rc<Line>,
    reign: &'static str,
}

#[component]
fn LogLine(props: &LineProps) -> Html {
    let ui = use_ui();
    let entry = &props.line.entry;
    let at = ui.n.clock(entry.at);
    let kind = Kind::of(&entry.what).class();
    html! {
        <li class={kind}><time>{ at }</time><span>{ sentence(&ui, &props.line, props.reign) }</span></li>
    }
}

/// An event as a sentence whose blocks can be clicked.
fn sentence(ui: &Ui, line: &Line, reign: &str) -> Html {
    let whole = |number: u64| ui.n.whole(number);
    let milli = |number: u64| ui.n.milli(number);
    let reign = word_or(label(reign), ui.lang, reign);
    let parts = sentence_of(ui.lang, &line.entry.what, &reign, &whole, &milli);
    parts.into_iter().map(|part| match part {
        Part::Say(words) => html! { { words } },
        Part::Me => nodes(ui, line),
        Part::Node(seat) => who(ui.lang, seat),
        Part::Outside(text) => html! { <bdi>{ text }</bdi> },
        Part::Block(block, height) => html! {
            <button type="button" class="reference" onclick={ui.selecting(block)}>
                { height.map(|height| (ui.words::<Block>().title)(&height.to_string()) + " ").unwrap_or_default() }
                <code>{ tail(&block.to_string()).to_owned() }</code>
            </button>
        },
    }).collect()
}

/// The nodes that an event happened to: the first few by name, then a count.
fn nodes(ui: &Ui, line: &Line) -> Html {
    if line.entry.what.seat().is_none() {
        return who(ui.lang, None);
    }
    let left = line.seats().skip(NAMED).count();
    html! { <>
        { for line.seats().take(NAMED).enumerate().map(|(index, seat)| html! { <>
            if index > 0 { { ui.words::<Log>().between } }
            { who(ui.lang, Some(seat)) }
        </> }) }
        if left > 0 { { (ui.words::<Log>().more)(&ui.n.whole(left as u64)) } }
    </> }
}
