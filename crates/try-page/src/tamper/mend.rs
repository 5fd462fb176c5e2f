//! Mends blocks one after the other, in slices, and draws what that costs.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::model::{BLOCKS, Checks, Deed, EXPECTED, Mending, Sample, ready};
use super::state::{MOST_OTHERS, Tamper};
use super::view::Seen;
use super::words::{CHECKS, Tamper as Words};
use crate::app::Ui;
use crate::frame::{Slider, slider};
use crate::room::Kept;

/// Nonces in one slice: some milliseconds.
const SLICE: u32 = 2_048;

/// Mending that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whether all blocks are mended, or only the next one.
    all: bool,
    /// Tries for the present block.
    tries: u32,
}

/// The next block to mend and the search for its nonce.
fn next(sample: &Sample, tamper: &Tamper) -> Option<(u8, Mending)> {
    let seen = Seen::of(sample, tamper);
    let at = seen.to_mend()?;
    Some((at as u8 + 1, Mending::new(ready(&seen.copy, at, 0))))
}

/// Carries the job on as long as there is one. Whatever else is done to the copy ends it.
#[hook]
pub fn use_mending(kept: &Kept<Tamper>, sample: &Rc<Sample>, job: &UseStateHandle<Option<Job>>) {
    let own = use_mut_ref(Vec::<Deed>::new);
    {
        let (own, job) = (own.clone(), job.clone());
        use_effect_with(kept.now().deeds.clone(), move |deeds| {
            if job.is_some() && *own.borrow() != *deeds {
                job.set(None);
            }
        });
    }
    let (kept, sample, shown) = (kept.clone(), sample.clone(), job.clone());
    use_effect_with(job.map(|job| job.all), move |wanted| {
        let stopped = Rc::new(Cell::new(wanted.is_none()));
        let told = stopped.clone();
        let all = wanted.unwrap_or_default();
        let mut tamper = kept.now().clone();
        own.replace(tamper.deeds.clone());
        spawn_local(async move {
            while !told.get()
                && let Some((block, mut search)) = next(&sample, &tamper)
            {
                while search.found().is_none() && !told.get() {
                    search.step(SLICE);
                    let tries = search.tries();
                    shown.set(Some(Job { all, tries }));
                    TimeoutFuture::new(0).await;
                }
                let Some(nonce) = search.found().filter(|_| !told.get()) else {
                    return;
                };
                tamper.add(Deed::Mend(block, nonce));
                own.replace(tamper.deeds.clone());
                kept.change(|kept| kept.clone_from(&tamper));
                if !all {
                    break;
                }
            }
            if !told.get() {
                shown.set(None);
            }
        });
        move || stopped.set(true)
    });
}

/// What mending costs, and how the race with everybody else stands.
pub fn mend_panel(
    ui: &Ui,
    kept: &Kept<Tamper>,
    seen: &Seen,
    job: &UseStateHandle<Option<Job>>,
) -> Html {
    let t: &Words = ui.words();
    let tamper = kept.now();
    let tries = tamper.tries() + job.map_or(0, |job| u64::from(job.tries));
    let found = tamper.found_meanwhile(tries);
    let behind = BLOCKS as u64 + found - seen.leading() as u64;
    let chance = tamper.chance(behind);
    html! {
        <section class="panel" aria-labelledby="mend-title">
            <h2 id="mend-title">{ t.cost }</h2>
            { buttons(ui, seen, job) }
            { others(ui, kept) }
            <dl class="facts">
                <div><dt>{ t.tries }</dt><dd data-testid="mend-tries">{ ui.n.whole(tries) }</dd></div>
                <div><dt>{ t.expected }</dt><dd>{ ui.n.whole(EXPECTED) }</dd></div>
                <div><dt>{ t.found }</dt><dd>{ ui.n.whole(found) }</dd></div>
                <div><dt>{ t.behind }</dt><dd>{ (t.blocks)(&ui.n.whole(behind)) }</dd></div>
                <div><dt>{ t.chance }</dt><dd>{ format!("{}.{} %", chance / 10, chance % 10) }</dd></div>
            </dl>
            { beyond_work(ui, seen) }
        </section>
    }
}

fn buttons(ui: &Ui, seen: &Seen, job: &UseStateHandle<Option<Job>>) -> Html {
    let t: &Words = ui.words();
    let set = |to: Option<Job>| {
        let job = job.clone();
        Callback::from(move |_: MouseEvent| job.set(to))
    };
    let begin = |all| Some(Job { all, tries: 0 });
    if job.is_some() {
        return html! { <p><button type="button" class="try-main" data-testid="mend-stop" onclick={set(None)}>{ t.stop }</button></p> };
    }
    let Some(at) = seen.to_mend() else {
        return html! { <p class="muted">{ t.nothing_to_mend }</p> };
    };
    html! {
        <div class="deed-buttons">
            <button type="button" class="primary" data-testid="mend-next" onclick={set(begin(false))}>{ (t.mend)(&ui.n.whole(at as u64 + 1)) }</button>
            <button type="button" data-testid="mend-all" onclick={set(begin(true))}>{ t.mend_all }</button>
        </div>
    }
}

/// How much hash power everybody else has.
fn others(ui: &Ui, kept: &Kept<Tamper>) -> Html {
    let t: &Words = ui.words();
    let quarters = u64::from(kept.now().others);
    let choose = kept.changing(|tamper, others: u64| {
        tamper.others = u8::try_from(others).unwrap_or(MOST_OTHERS);
    });
    let at = Slider {
        testid: "others",
        label: t.others,
        least: 1,
        most: u64::from(MOST_OTHERS) * 4,
        value: quarters,
        text: (t.times_yours)(&ui.n.milli(quarters * 250)),
    };
    slider(at, choose)
}

/// The first block that no work mends, and why.
fn beyond_work(ui: &Ui, seen: &Seen) -> Html {
    let t: &Words = ui.words();
    let found = seen
        .checks
        .iter()
        .position(|checks| checks.is_beyond_work());
    let Some(at) = found else {
        return Html::default();
    };
    let all = seen.checks[at].all();
    let failing = Checks::BEYOND_WORK.filter(|check| !all[*check]);
    let names: Vec<&str> = failing.map(|check| CHECKS[check].0.of(ui.lang)).collect();
    let said = (t.never_counts)(&ui.n.whole(at as u64 + 1), &names.join(", "));
    html! { <p class="problem" data-testid="never-counts">{ said }</p> }
}
