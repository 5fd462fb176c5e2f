//! The mining panel: the button, the power, the rate, and what to expect of it.

pub mod words;

use kit::icon;
use kit::spark::spark;
use wire::ask::{StartMining, StopMining};
use wire::{MiningView, Power, TargetView};
use yew::prelude::*;

use self::words::Mine;
use super::power::power_control;
use crate::bridge::Picture;
use crate::shell::door::Ui;

/// The panel; before the first frame only its button works.
pub fn mine_panel(ui: &Ui, picture: Option<&Picture>) -> Html {
    let t: &Mine = ui.words();
    let mining = picture.map(|picture| &*picture.mining);
    let on = mining.is_some_and(|mining| mining.on);
    let power = mining.map_or(Power::GENTLE, |mining| mining.power);
    let onclick = if on {
        ui.asking(StopMining)
    } else {
        ui.asking(StartMining { power: None })
    };
    html! {
        <section class="panel panel-mine" aria-labelledby="mine-title">
            <h2 id="mine-title" class="visually-hidden">{ t.title }</h2>
            <button type="button" class={classes!("mine-button", on.then_some("on"))} data-testid="mine-button"
                {onclick}>
                { icon::icon(icon::PICK) }
                <span>{ if on { t.stop } else { t.start } }</span>
            </button>
            { power_control(ui, power) }
            { rate(ui, mining) }
            if let Some(mining) = mining {
                if on || mining.history.iter().any(|rate| *rate > 0) { { history(ui, &mining.history) } }
            }
            if let Some(picture) = picture {
                { facts(ui, picture) }
                { remarks(ui, &picture.mining) }
            }
            <a class="learn-link" data-testid="learn-link" href="#/learn/pow">{ t.learn }</a>
            <a class="about-small" href="#/try">{ t.try_it }</a>
            <a class="about-small" href="#/about">{ t.about }</a>
        </section>
    }
}

/// The rate over the last minute as a line, with a label that describes it.
fn history(ui: &Ui, history: &[u64]) -> Html {
    let say = |rate: Option<&u64>| ui.n.rate(rate.copied().unwrap_or_default()).text();
    let (low, high) = (history.iter().min(), history.iter().max());
    let label = (ui.words::<Mine>().spark)(&say(low), &say(high), &say(history.last()));
    spark(label, history)
}

fn rate(ui: &Ui, mining: Option<&MiningView>) -> Html {
    let t: &Mine = ui.words();
    let shown = match mining {
        Some(mining) if mining.on && mining.rate > 0 => {
            let rate = ui.n.rate(mining.rate);
            html! { <><strong>{ rate.number }</strong>{ "\u{a0}" }<span class="unit">{ rate.unit }</span></> }
        }
        Some(mining) if mining.on => html! { <span class="muted">{ t.measuring }</span> },
        _ => html! { <span class="muted">{ t.off }</span> },
    };
    html! {
        <p class="rate" data-testid="hash-rate"><span class="visually-hidden">{ t.rate }{ " " }</span>{ shown }</p>
    }
}

fn facts(ui: &Ui, picture: &Picture) -> Html {
    let (mining, target) = (&picture.mining, &picture.target);
    let t: &Mine = ui.words();
    let odds = (t.odds)(&ui.n.compact(target.expected_tries));
    let expected = match expected_ms(mining, target) {
        Some(time) => (t.expected_every)(&ui.n.duration(time)),
        None => (t.aims)(
            &ui.n
                .duration(picture.room.param("spacing").unwrap_or_default() * 1000),
        ),
    };
    let found = (t.found_of)(&ui.n.whole(mining.found), &ui.n.whole(picture.tip.height));
    html! {
        <dl class="facts">
            <div title={t.target_more}><dt>{ t.target }</dt><dd>{ odds }</dd></div>
            <div><dt>{ t.expected }</dt><dd>{ expected }</dd></div>
            <div><dt>{ t.retarget }</dt><dd>{ (t.retarget_in)(&ui.n.whole(target.retarget_in)) }</dd></div>
            <div><dt>{ t.found }</dt><dd data-testid="found">{ found }</dd></div>
        </dl>
    }
}

/// How long this tab needs for a block on average, in milliseconds; `None` while it has no rate.
fn expected_ms(mining: &MiningView, target: &TargetView) -> Option<u64> {
    let tries = u128::from(target.expected_tries) * 1000;
    let time = tries
        .checked_div(u128::from(mining.rate))
        .filter(|_| mining.on)?;
    Some(u64::try_from(time).unwrap_or(u64::MAX))
}

fn remarks(ui: &Ui, mining: &MiningView) -> Html {
    let t: &Mine = ui.words();
    let shared = (mining.on && mining.tabs > 1).then(|| {
        (t.shared)(
            &ui.n.whole(mining.tabs),
            &ui.n.whole(mining.share.workers),
            &mining.share.duty.to_string(),
        )
    });
    let restarts = (mining.restarts > 0).then(|| (t.restarts)(&ui.n.whole(mining.restarts)));
    html! { <>
        if let Some(shared) = shared { <p class="remark">{ shared }</p> }
        if let Some(restarts) = restarts { <p class="remark problem">{ restarts }</p> }
    </> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_time_is_tries_over_rate() {
        let mut mining = MiningView {
            on: true,
            power: Power::GENTLE,
            share: Power::GENTLE,
            tabs: 1,
            rate: 5_000_000,
            history: Vec::new(),
            found: 0,
            restarts: 0,
        };
        let mut target = TargetView {
            bits: 0,
            expected_tries: 52_000_000,
            retarget_in: 1,
            waiting: 0,
        };
        assert_eq!(expected_ms(&mining, &target), Some(10_400));
        target.expected_tries = u64::MAX;
        mining.rate = 1;
        assert_eq!(expected_ms(&mining, &target), Some(u64::MAX));
        mining.rate = 0;
        assert_eq!(expected_ms(&mining, &target), None);
    }
}
