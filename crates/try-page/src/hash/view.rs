//! Draws the room about digests.

use kit::form;
use kit::numbers::hex;
use yew::prelude::*;

use super::model::{Compared, Hash};
use super::tries_view::TriesPanel;
use super::words::Hash as Words;
use crate::app::Ui;
use crate::frame::frame;
use crate::room::{Kept, Props, use_kept};

#[component]
pub fn HashRoom(props: &Props) -> Html {
    let ui = &props.ui;
    let kept = use_kept::<Hash>(ui, props.query.clone());
    let hash = kept.now();
    let set_zeros = kept.changing(|hash, zeros| hash.zeros = zeros);
    let set_runs = kept.changing(|hash, runs| hash.runs = runs);
    let content = html! {
        <div class="try-columns">
            { digest_panel(ui, &kept) }
            <TriesPanel ui={ui.clone()} text={hash.text.clone()} zeros={hash.zeros} runs={hash.runs} {set_zeros} {set_runs} />
        </div>
    };
    frame(ui, &kept, content)
}

fn digest_panel(ui: &Ui, kept: &Kept<Hash>) -> Html {
    let t: &Words = ui.words();
    let hash = kept.now();
    let compared = hash.compared();
    let differing = compared.differing();
    let oninput = kept.changing(|hash, event: InputEvent| hash.type_text(&form::entered(&event)));
    let cause = if hash.flipped.is_some() {
        t.by_one
    } else {
        t.by_typing
    };
    html! {
        <section class="panel">
            <label class="try-text">
                <span>{ t.text }</span>
                <input type="text" data-testid="hash-text" value={hash.text.clone()} {oninput} spellcheck="false" autocomplete="off" autocapitalize="off" />
            </label>
            { bits(ui, kept) }
            <div class="avalanche">
                { grid(&compared, (t.picture)(&differing.to_string())) }
                <div>
                    <p role="status"><strong class="big" data-testid="differing">{ ui.n.whole(differing) }</strong>{ " " }{ t.of_256 }{ " " }{ cause }</p>
                    <ul class="try-legend">
                        <li><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="bit" x="1" y="1" width="10" height="10" rx="2" /></svg>{ t.flipped }</li>
                        <li><svg viewBox="0 0 12 12" aria-hidden="true"><circle class="no-bit" cx="6" cy="6" r="1.6" /></svg>{ t.same }</li>
                        <li><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="usual" x="1" y="2" width="10" height="8" rx="2" /></svg>{ t.usual }</li>
                    </ul>
                </div>
            </div>
            { scale(differing) }
            <h2 class="try-small-head">{ t.digest }</h2>
            <p class="digest" data-testid="digest" data-digest={hex(&compared.now)}>{ digits(&compared) }</p>
        </section>
    }
}

/// The last byte's bits as buttons.
fn bits(ui: &Ui, kept: &Kept<Hash>) -> Html {
    let t: &Words = ui.words();
    let hash = kept.now();
    let Some(byte) = hash.last_byte() else {
        return html! { <p class="muted">{ t.no_text }</p> };
    };
    let letter = char::from(byte);
    let letter = if letter.is_ascii_graphic() {
        letter.to_string()
    } else {
        t.no_letter.to_owned()
    };
    let button = |place: u8| {
        let onclick = kept.changing(move |hash, _: MouseEvent| hash.flip(place));
        let value = byte >> (7 - place) & 1;
        let flipped = hash.flipped == Some(place);
        let name = (t.bit)(&(place + 1).to_string(), &value.to_string());
        html! {
            <button type="button" class="bit-button" aria-pressed={flipped.to_string()} aria-label={name} data-testid={format!("bit-{place}")} {onclick}>{ value }</button>
        }
    };
    html! {
        <div role="group" aria-labelledby="last-byte">
            <p class="muted" id="last-byte">{ (t.last_byte)(&format!("{byte:02x}"), &letter) }</p>
            <div class="bit-row">{ for (0..8).map(button) }</div>
        </div>
    }
}

/// The 256 bits of the digest, 16 in a row.
fn grid(compared: &Compared, label: String) -> Html {
    let cell = |bit: usize| {
        let (x, y) = (bit % 16 * 12, bit / 16 * 12);
        if compared.differs(bit) {
            html! { <rect class="bit" x={(x + 1).to_string()} y={(y + 1).to_string()} width="10" height="10" rx="2" /> }
        } else {
            html! { <circle class="no-bit" cx={(x + 6).to_string()} cy={(y + 6).to_string()} r="1.6" /> }
        }
    };
    html! {
        <svg class="bit-grid" viewBox="0 0 192 192" role="img" aria-label={label}>{ for (0..256).map(cell) }</svg>
    }
}

/// Where the number of differing bits lies among those that are usual: 128, give or take two
/// standard deviations of 8.
fn scale(differing: u32) -> Html {
    let x = |bits: u32| (bits.clamp(80, 176) - 80) * 3 + 12;
    let at = x(differing);
    html! {
        <svg class="scale" viewBox="0 0 312 44" aria-hidden="true">
            <path class="axis" d="M4 20H308" />
            <rect class="usual" x={x(112).to_string()} y="13" width={(x(144) - x(112)).to_string()} height="14" rx="2" />
            { for [96, 112, 128, 144, 160].map(|tick| html! { <>
                <path class="axis" d={format!("M{} 27v4", x(tick))} />
                <text x={x(tick).to_string()} y="42">{ tick }</text>
            </> }) }
            <path class="now" d={format!("M{at} 28V8M{} 2h10l-5 7z", at - 5)} />
        </svg>
    }
}

/// The digest's digits; those that changed stand out.
fn digits(compared: &Compared) -> Html {
    let (before, now) = (hex(&compared.before), hex(&compared.now));
    let pairs = before.chars().zip(now.chars());
    pairs
        .map(|(before, now)| {
            if before == now {
                html! { <span>{ now }</span> }
            } else {
                html! { <b>{ now }</b> }
            }
        })
        .collect()
}
