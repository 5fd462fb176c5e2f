//! Draws the search for leading zeros, and carries it on in slices.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::model::{MOST_ZEROS, RUNS};
use super::tries::{COLUMNS, SLICE, Search, expected, expected_share};
use super::words::Hash as Words;
use crate::app::Ui;
use crate::frame::choice;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub ui: Ui,
    pub text: String,
    pub zeros: u8,
    pub runs: u16,
    pub set_zeros: Callback<u8>,
    pub set_runs: Callback<u16>,
}

#[component]
pub fn TriesPanel(props: &Props) -> Html {
    let ui = &props.ui;
    let t: &Words = ui.words();
    let (search, on) = use_search(props);
    let onclick = {
        let (on, search) = (on.clone(), search.clone());
        let fresh = Search::new(props.text.as_bytes(), props.zeros, props.runs);
        Callback::from(move |_: MouseEvent| {
            if !*on {
                search.set(fresh.clone());
            }
            on.set(!*on);
        })
    };
    let zeros: Vec<_> = (1..=MOST_ZEROS)
        .map(|zeros| (zeros, zeros.to_string()))
        .collect();
    let runs = RUNS.map(|runs| (runs, ui.n.whole(runs)));
    html! {
        <section class="panel" aria-labelledby="tries-title">
            <h2 id="tries-title">{ t.tries }</h2>
            <p class="muted">{ t.tries_lead }</p>
            <div class="try-choices">
                { choice(t.zeros, "zeros", &zeros, props.zeros, &props.set_zeros) }
                { choice(t.runs, "runs", &runs, props.runs, &props.set_runs) }
            </div>
            <p><button type="button" class={if *on { "try-main" } else { "primary try-main" }} data-testid={if *on { "tries-stop" } else { "tries-start" }} {onclick}>{ if *on { t.stop } else { t.start } }</button></p>
            { ladder(ui, &search) }
            { outcome(ui, &search, *on, props.zeros) }
        </section>
    }
}

/// The search, and whether it goes on. It begins anew with another text or another wish.
#[hook]
fn use_search(props: &Props) -> (UseStateHandle<Search>, UseStateHandle<bool>) {
    let wanted = (props.text.clone(), props.zeros, props.runs);
    let search = {
        let (text, zeros, runs) = wanted.clone();
        use_state(move || Search::new(text.as_bytes(), zeros, runs))
    };
    let on = use_state(|| false);
    {
        let (search, on) = (search.clone(), on.clone());
        use_effect_with(wanted, move |(text, zeros, runs)| {
            search.set(Search::new(text.as_bytes(), *zeros, *runs));
            on.set(false);
        });
    }
    {
        let (shown, ended) = (search.clone(), on.clone());
        use_effect_with(*on, move |on| {
            let stopped = Rc::new(Cell::new(!*on));
            let told = stopped.clone();
            spawn_local(async move {
                let mut search = (*shown).clone();
                while !told.get() {
                    search.step(SLICE);
                    shown.set(search.clone());
                    if search.is_done() {
                        ended.set(false);
                        break;
                    }
                    TimeoutFuture::new(0).await;
                }
            });
            move || stopped.set(true)
        });
    }
    (search, on)
}

/// The try at which so many zeros first led, beside the one at which that was to be expected.
fn ladder(ui: &Ui, search: &Search) -> Html {
    let t: &Words = ui.words();
    let row = |zeros: u8| {
        let first = search.first[usize::from(zeros) - 1];
        // Doublings, of which 24 fit.
        let width = first.map_or(0, |first| ((first as f64).log2() * 10.0).max(3.0) as u32);
        let mark = u32::from(zeros) * 40;
        html! {
            <tr>
                <th scope="row"><code>{ { "0".repeat(usize::from(zeros)) } }</code></th>
                <td class="bar-cell"><svg viewBox="0 0 240 14" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="track" width="240" height="14" rx="3" />
                    <rect class="bit" width={width.to_string()} height="14" rx="3" />
                    <rect class="mark-now" x={mark.to_string()} y="0" width="3" height="14" />
                </svg></td>
                <td data-testid={format!("first-{zeros}")}>{ first.map_or_else(|| t.not_yet.to_owned(), |first| ui.n.whole(first)) }</td>
                <td class="muted">{ ui.n.whole(expected(zeros)) }</td>
            </tr>
        }
    };
    html! { <>
        <table class="ladder">
            <thead><tr><th scope="col">{ t.zeros }</th><td></td><th scope="col">{ t.first }</th><th scope="col"><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect class="mark-now" x="4" width="4" height="12" /></svg>{ t.expected }</th></tr></thead>
            <tbody>{ for (1..=MOST_ZEROS).map(row) }</tbody>
        </table>
        <p class="remark"><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect class="mark-now" x="4" width="4" height="12" /></svg>{ t.log_scale }</p>
    </> }
}

/// What came of it, in words and as a histogram.
fn outcome(ui: &Ui, search: &Search, on: bool, zeros: u8) -> Html {
    let t: &Words = ui.words();
    let found = search.found.len();
    let done = (t.done)(
        &ui.n.whole(found as u64),
        &ui.n.whole(search.runs()),
        &ui.n.whole(search.tries),
    );
    // A screen reader shall hear the end, not each slice.
    let role = (!on).then_some("status");
    html! { <>
        if search.tries > 0 { <p {role} data-testid={search.is_done().then_some("tries-done")}>{ done }</p> }
        if let Some(mean) = search.mean() {
            <p>{ (t.mean)(&ui.n.whole(mean), &ui.n.whole(expected(zeros))) }</p>
            { histogram(ui, search) }
        } else {
            <p class="muted">{ t.none_found }</p>
        }
    </> }
}

/// The ends of the histogram's columns, as multiples of the expectation.
const ENDS: [&str; COLUMNS] = ["⅛", "¼", "½", "1", "2", "4", "8", "∞"];

fn histogram(ui: &Ui, search: &Search) -> Html {
    let t: &Words = ui.words();
    let columns = search.histogram();
    let found = search.found.len() as u64;
    let share = |column: usize| columns[column] as u64 * 1000 / found.max(1);
    let most = (0..COLUMNS).map(share).max().unwrap_or(0).max(400);
    let height = |thousandths: u64| thousandths * 80 / most;
    let said: Vec<String> = (0..COLUMNS)
        .map(|column| {
            (t.column)(
                &format!("≤ {} ×", ENDS[column]),
                &columns[column].to_string(),
            )
        })
        .collect();
    let bar = |column: usize| {
        let (x, tall) = (column as u64 * 40 + 4, height(share(column)));
        let chance = 90 - height(u64::from(expected_share(column)));
        html! { <>
            <rect class="bit" x={x.to_string()} y={(90 - tall).to_string()} width="28" height={tall.to_string()} />
            <path class="chance" d={format!("M{} {chance}h32", x - 2)} />
            <text x={(x + 14).to_string()} y="104">{ ENDS[column] }</text>
        </> }
    };
    html! {
        <figure class="try-figure">
            <figcaption>{ t.spread }</figcaption>
            <svg class="histogram" viewBox="0 0 320 110" role="img" aria-label={said.join(", ")}>
                <path class="axis" d="M0 90H320" />
                { for (0..COLUMNS).map(bar) }
            </svg>
            <ul class="try-legend">
                <li><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="bit" x="1" y="1" width="10" height="10" /></svg>{ t.found }</li>
                <li><svg viewBox="0 0 12 12" aria-hidden="true"><path class="chance" d="M0 6h12" /></svg>{ t.chance }</li>
            </ul>
        </figure>
    }
}
