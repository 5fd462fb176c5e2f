//! Draws the room about difficulty.

use std::fmt::Write;

use yew::prelude::*;

use super::model::{AFTER, BEFORE, Difficulty, MOST_POWER, Track, WINDOWS};
use super::rules::Rule;
use super::words::{Difficulty as Words, rule as rule_words};
use crate::app::Ui;
use crate::frame::{Slider, choice, frame, slider};
use crate::room::{Kept, Props, use_kept};

const WIDTH: i64 = 600;
const HEIGHT: i64 = 220;
/// Lines are drawn on a grid that is so many times finer, in whole numbers: formatting fractions would
/// cost more bytes than the rest of the chart.
const FINE: i64 = 10;

#[component]
pub fn DifficultyRoom(props: &Props) -> Html {
    let ui = &props.ui;
    let kept = use_kept::<Difficulty>(ui, props.query.clone());
    let tracks = use_memo(kept.now().clone(), |wish| {
        Rule::ALL.map(|rule| Track::run(rule, wish))
    });
    let content = html! { <>
        <section class="panel">
            { controls(ui, &kept) }
            { chart(ui, &*tracks) }
        </section>
        <section class="panel">
            { table(ui, &*tracks) }
            <p class="remark">{ ui.words::<Words>().same_luck }</p>
        </section>
    </> };
    frame(ui, &kept, content)
}

/// A power of two as a factor.
fn factor(power: i8) -> String {
    let size = 1u32 << power.unsigned_abs();
    if power < 0 {
        format!("1/{size}")
    } else {
        size.to_string()
    }
}

fn controls(ui: &Ui, kept: &Kept<Difficulty>) -> Html {
    let t: &Words = ui.words();
    let wish = kept.now();
    let set_power = kept.changing(|wish, place: u64| {
        let power = i8::try_from(place).unwrap_or_default() - MOST_POWER;
        wish.power = power.clamp(-MOST_POWER, MOST_POWER);
    });
    let set_window = kept.changing(|wish, window| wish.window = window);
    let other_luck = kept.changing(|wish, _: MouseEvent| wish.luck = wish.luck % 9_999 + 1);
    let at = Slider {
        testid: "power",
        label: t.power,
        least: 0,
        most: 2 * MOST_POWER as u64,
        value: (wish.power + MOST_POWER) as u64,
        text: (t.times)(&factor(wish.power)),
    };
    let windows = WINDOWS.map(|window| (window, ui.n.whole(window)));
    html! { <>
        { slider(at, set_power) }
        <div class="try-choices">
            { choice(t.window, "window", &windows, wish.window, &set_window) }
            <button type="button" data-testid="other-luck" onclick={other_luck}>{ t.luck }</button>
        </div>
    </> }
}

/// A time in thousandths of the spacing as doublings of the spacing.
fn doublings(expected: u32) -> f64 {
    (f64::from(expected.max(1)) / 1000.0).log2()
}

/// Four lines over the blocks, on a logarithmic scale.
fn chart(ui: &Ui, tracks: &[Track]) -> Html {
    let t: &Words = ui.words();
    let all = || {
        tracks
            .iter()
            .flat_map(|track| track.expected.iter().copied())
    };
    let low = doublings(all().min().unwrap_or(1000)).floor().min(-1.0) as i64;
    let high = doublings(all().max().unwrap_or(1000)).ceil().max(1.0) as i64;
    let x = |block: usize| block as i64 * WIDTH * FINE / (BEFORE + AFTER) as i64;
    let y = |doublings: f64| {
        let above = (doublings - low as f64) / (high - low) as f64;
        ((1.0 - above) * (HEIGHT * FINE) as f64).round() as i64
    };
    let line = |track: &Track| {
        let mut path = String::new();
        for (block, expected) in track.expected.iter().enumerate().skip(BEFORE / 2) {
            let sign = if path.is_empty() { 'M' } else { 'L' };
            // Writing to a string never fails.
            let _ = write!(path, "{sign}{} {}", x(block), y(doublings(*expected)));
        }
        html! { <path class={format!("track {}", track.rule.name())} d={path} /> }
    };
    // A tick each so many doublings that about six fit.
    let step = ((high - low + 5) / 6).max(1);
    let ticks = (low..=high).filter(|tick| tick % step == 0);
    let tick = |tick: i64| {
        let at = y(tick as f64) / FINE;
        let power = i8::try_from(tick).unwrap_or_default();
        html! { <>
            <path class={if tick == 0 { "axis strong" } else { "axis" }} d={format!("M0 {at}H{WIDTH}")} />
            <text x="-6" y={(at + 4).to_string()}>{ factor(power) }</text>
        </> }
    };
    let change = x(BEFORE) / FINE;
    html! {
        <figure class="try-figure">
            <figcaption>{ t.chart }</figcaption>
            <svg class="chart" viewBox={format!("-44 -14 {} {}", WIDTH + 50, HEIGHT + 22)} role="img" aria-label={format!("{}. {}", t.chart, t.chart_said)}>
                { for ticks.map(tick) }
                <path class="now" d={format!("M{change} 0V{HEIGHT}")} />
                <text class="start" x={(change + 4).to_string()} y="-3">{ t.change }</text>
                <g transform="scale(0.1)">{ for tracks.iter().map(line) }</g>
            </svg>
            <p class="remark">{ (t.axis)(&ui.n.whole((BEFORE / 2) as u64), &ui.n.whole(AFTER as u64)) }</p>
        </figure>
    }
}

fn table(ui: &Ui, tracks: &[Track]) -> Html {
    let t: &Words = ui.words();
    let row = |track: &Track| {
        let (name, how) = rule_words(track.rule);
        let back = match track.back_after() {
            Some(blocks) => (t.blocks)(&ui.n.whole(blocks as u64)),
            None if track.stands_still() => t.still.to_owned(),
            None => t.never.to_owned(),
        };
        let took = if track.stands_still() {
            t.still.to_owned()
        } else {
            ui.n.duration(track.seconds * 1000)
        };
        html! {
            <tr data-testid={format!("rule-{}", track.rule.name())} data-slowest={track.slowest().to_string()} data-fastest={track.fastest().to_string()}>
                <th scope="row">
                    <svg class="key wide" viewBox="0 0 28 12" aria-hidden="true"><path class={format!("track {}", track.rule.name())} d="M0 6h28" /></svg>
                    { name.of(ui.lang) }<small>{ how.of(ui.lang) }</small>
                </th>
                <td>{ ui.n.milli(u64::from(track.slowest())) }{ " ×" }</td>
                <td>{ back }</td>
                <td>{ took }</td>
            </tr>
        }
    };
    let planned = ui.n.duration(AFTER as u64 * 600_000);
    html! {
        <div class="table-scroll" tabindex="0" role="region" aria-label={t.rule}>
            <table class="try-table">
                <thead><tr><th scope="col">{ t.rule }</th><th scope="col">{ t.slowest }</th><th scope="col">{ t.back }</th><th scope="col">{ t.took }</th></tr></thead>
                <tbody>{ for tracks.iter().map(row) }</tbody>
                <tfoot><tr><th scope="row">{ t.planned }</th><td></td><td></td><td>{ planned }</td></tr></tfoot>
            </table>
        </div>
    }
}
