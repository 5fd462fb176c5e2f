//! Draws the room about the supply.

use std::fmt::Write;

use yew::prelude::*;

use super::model::{END, Era, HALVING, Schedule, Supply, coins};
use super::words::Supply as Words;
use crate::app::Ui;
use crate::frame::{Slider, frame, slider};
use crate::room::{Props, use_kept};

const WIDTH: u64 = 660;
const HEIGHT: u64 = 200;

#[component]
pub fn SupplyRoom(props: &Props) -> Html {
    let ui = &props.ui;
    let t: &Words = ui.words();
    let kept = use_kept::<Supply>(ui, props.query.clone());
    let height = kept.now().height;
    let schedule = use_memo((), |()| Schedule::new());
    let choose = kept.changing(|supply, height: u64| {
        supply.height = u32::try_from(height).unwrap_or(END);
    });
    let at = Slider {
        testid: "supply-height",
        label: t.height,
        least: 0,
        most: u64::from(END),
        value: u64::from(height),
        text: (t.block)(&ui.n.whole(height)),
    };
    let content = html! { <>
        <section class="panel">
            { slider(at, choose) }
            { figures(ui, &schedule, height) }
            { chart(ui, &schedule, height) }
        </section>
        <section class="panel">
            <h2>{ t.total }</h2>
            <p class="big" data-testid="supply-total">{ (t.satoshi)(&ui.n.whole(schedule.total())) }</p>
            <p class="muted">{ t.why_not_21 }</p>
            <details>
                <summary>{ t.eras }</summary>
                { eras(ui, &schedule.eras) }
            </details>
        </section>
    </> };
    frame(ui, &kept, content)
}

/// Satoshi as coins.
fn say(ui: &Ui, satoshi: u64) -> String {
    coins(satoshi, |whole| ui.n.whole(whole))
}

/// A share of all coins in percent with three decimals, rounded down: all is said of all alone.
fn percent(part: u64, all: u64) -> String {
    let thousandths = u128::from(part) * 100_000 / u128::from(all.max(1));
    format!("{}.{:03} %", thousandths / 1000, thousandths % 1000)
}

fn figures(ui: &Ui, schedule: &Schedule, height: u32) -> Html {
    let t: &Words = ui.words();
    let sum = schedule.sum(height);
    let next = if height / HALVING < schedule.eras.len() as u32 {
        ui.n.whole(HALVING - height % HALVING)
    } else {
        t.no_next.to_owned()
    };
    html! {
        <dl class="facts">
            <div><dt>{ t.sum }</dt><dd data-testid="supply-sum">{ say(ui, sum) }</dd></div>
            <div><dt>{ t.share }</dt><dd>{ percent(sum, schedule.total()) }</dd></div>
            <div><dt>{ t.subsidy }</dt><dd>{ (t.coins)(&say(ui, schedule.subsidy(height))) }</dd></div>
            <div><dt>{ t.next }</dt><dd>{ next }</dd></div>
        </dl>
    }
}

/// All coins as a line over the height, what each era adds as bars, and the chosen height.
fn chart(ui: &Ui, schedule: &Schedule, height: u32) -> Html {
    let t: &Words = ui.words();
    let total = schedule.total();
    let x = |height: u32| u64::from(height) * WIDTH / u64::from(END);
    let tall = |satoshi: u64| {
        ((u128::from(satoshi) * u128::from(HEIGHT - 10) + u128::from(total / 2))
            / u128::from(total)) as u64
    };
    let mut line = format!("M0 {HEIGHT}");
    for era in &schedule.eras {
        let end = x(era.first + HALVING);
        let _ = write!(line, "L{end} {}", HEIGHT - tall(era.sum)); // writing to a string never fails
    }
    let bar = |era: &Era| {
        let tall = tall(era.subsidy * u64::from(HALVING));
        html! { <rect class="era" x={(x(era.first) + 1).to_string()} y={(HEIGHT - tall).to_string()} width="18" height={tall.to_string()} /> }
    };
    let sum = schedule.sum(height);
    let label = (t.chart_said)(&say(ui, sum), &ui.n.whole(height), &percent(sum, total));
    html! {
        <figure class="try-figure">
            <figcaption>{ t.chart }</figcaption>
            <svg class="chart" viewBox={format!("-6 0 {} {}", WIDTH + 12, HEIGHT + 4)} role="img" aria-label={label}>
                { for schedule.eras.iter().map(bar) }
                <path class="axis" d={format!("M0 {HEIGHT}H{WIDTH}")} />
                <path class="line" d={line} />
                <path class="now" d={format!("M{} 0V{HEIGHT}", x(height))} />
                <circle class="now-dot" cx={x(height).to_string()} cy={(HEIGHT - tall(sum)).to_string()} r="5" />
            </svg>
            <p class="remark">{ (t.axis)(&ui.n.whole(0u32), &ui.n.whole(END)) }</p>
        </figure>
    }
}

fn eras(ui: &Ui, eras: &[Era]) -> Html {
    let t: &Words = ui.words();
    html! {
        <div class="table-scroll" tabindex="0" role="region" aria-label={t.eras}>
            <table class="try-table">
                <thead><tr><th scope="col">{ t.from }</th><th scope="col">{ t.each }</th><th scope="col">{ t.by_end }</th></tr></thead>
                <tbody>{ for eras.iter().map(|era| html! {
                    <tr><th scope="row">{ ui.n.whole(era.first) }</th><td>{ say(ui, era.subsidy) }</td><td>{ say(ui, era.sum) }</td></tr>
                }) }</tbody>
            </table>
        </div>
    }
}
