//! Draws the room about keys.

use chain::keys::SecretKey;
use kit::{form, icon};
use yew::prelude::*;

use super::model::{Keys, Part, Verdict};
use super::words::{Keys as Words, part as part_name, verdict as verdict_words};
use crate::app::Ui;
use crate::frame::{Slider, frame, slider};
use crate::room::{Kept, Props, use_kept};

/// The secret key, which lives as long as the room is shown.
#[derive(Clone)]
enum Secret {
    None,
    Here(SecretKey),
    /// The browser gave no random numbers.
    Refused,
}

#[component]
pub fn KeysRoom(props: &Props) -> Html {
    let ui = &props.ui;
    let kept = use_kept::<Keys>(ui, props.query.clone());
    let secret = use_state(|| Secret::None);
    let content = html! { <>
        { verdict(ui, kept.now().verdict()) }
        <div class="try-columns">
            { signing(ui, &kept, &secret) }
            { verifying(ui, &kept) }
        </div>
    </> };
    frame(ui, &kept, content)
}

/// A new secret key. Of 2^256 numbers, 2^128 are none: a second try is never needed.
fn make() -> Secret {
    let bytes = browser::entropy::bytes_or_none();
    let key = bytes.and_then(|bytes| SecretKey::from_bytes(&bytes).ok());
    key.map_or(Secret::Refused, Secret::Here)
}

fn verdict(ui: &Ui, verdict: Verdict) -> Html {
    let (short, long) = verdict_words(verdict);
    let (class, sign) = match verdict {
        Verdict::Unsigned => ("verdict", None),
        Verdict::Holds => ("verdict good", Some(icon::CHECK)),
        Verdict::Fails | Verdict::NotAKey => ("verdict bad", Some(icon::CLOSE)),
    };
    html! {
        <p {class} role="status" data-testid="verdict" data-verdict={verdict.name()}>
            if let Some(sign) = sign { { icon::icon(sign) } }
            <strong>{ short.of(ui.lang) }</strong>{ " " }<span>{ long.of(ui.lang) }</span>
        </p>
    }
}

fn signing(ui: &Ui, kept: &Kept<Keys>, secret: &UseStateHandle<Secret>) -> Html {
    let t: &Words = ui.words();
    let make_pair = {
        let (kept, secret) = (kept.clone(), secret.clone());
        Callback::from(move |_: MouseEvent| {
            let made = make();
            if let Secret::Here(key) = &made {
                kept.change(|keys| keys.take_key(&key.public_key()));
            }
            secret.set(made);
        })
    };
    let sign = {
        let (kept, secret) = (kept.clone(), secret.clone());
        Callback::from(move |_: MouseEvent| {
            if let Secret::Here(key) = &*secret {
                kept.change(|keys| keys.sign(key));
            }
        })
    };
    let oninput =
        kept.changing(|keys, event: InputEvent| keys.type_message(&form::entered(&event)));
    let has_key = matches!(**secret, Secret::Here(_));
    html! {
        <section class="panel">
            <h2>{ t.yours }</h2>
            <p><button type="button" class={if has_key { "" } else { "primary" }} data-testid="make-keys" onclick={make_pair}>{ if has_key { t.make_again } else { t.make } }</button></p>
            { match &**secret {
                Secret::None => html! { <p class="muted">{ t.secret_gone }</p> },
                Secret::Here(_) => html! { <p class="muted">{ t.secret_here }</p> },
                Secret::Refused => html! { <p class="problem" role="alert">{ t.no_entropy }</p> },
            } }
            <label class="try-text">
                <span>{ t.message }</span>
                <input type="text" data-testid="message" value={kept.now().message.clone()} {oninput} autocomplete="off" />
            </label>
            <p><button type="button" class={if has_key { "primary" } else { "" }} data-testid="sign" disabled={!has_key} onclick={sign}>{ t.sign }</button></p>
            <p class="remark">{ t.how }</p>
        </section>
    }
}

fn verifying(ui: &Ui, kept: &Kept<Keys>) -> Html {
    let t: &Words = ui.words();
    html! {
        <section class="panel">
            <h2>{ t.verify }</h2>
            { for Part::ALL.map(|part| part_row(ui, kept, part)) }
        </section>
    }
}

/// A part's bytes, and the bit of it that one may alter.
fn part_row(ui: &Ui, kept: &Kept<Keys>, part: Part) -> Html {
    let t: &Words = ui.words();
    let keys = kept.now();
    let name = part_name(part).of(ui.lang);
    let bits = keys.bits(part);
    if bits == 0 {
        return html! { <div class="part"><h3>{ name }</h3><p class="muted">{ t.none }</p></div> };
    }
    let altered = keys.altered[part as usize];
    let toggle = kept.changing(move |keys, _: MouseEvent| keys.toggle(part));
    let choose = kept.changing(move |keys, place: u64| {
        keys.choose(part, u16::try_from(place).unwrap_or_default());
    });
    let testid = format!("place-{}", part.name());
    let which = (t.which)(name);
    let place = (t.place)(
        &(altered.place + 1).to_string(),
        &bits.to_string(),
        &(altered.place / 8 + 1).to_string(),
    );
    let at = Slider {
        testid: &testid,
        label: &which,
        least: 0,
        most: bits as u64 - 1,
        value: u64::from(altered.place),
        text: place,
    };
    html! {
        <div class="part">
            <h3>{ name }</h3>
            <p class="digest">{ bytes(&keys.bytes(part), usize::from(altered.place / 8), altered.on) }</p>
            { slider(at, choose) }
            <button type="button" aria-pressed={altered.on.to_string()} data-testid={format!("flip-{}", part.name())} onclick={toggle}>
                { if altered.on { t.flip_back } else { t.flip } }
            </button>
        </div>
    }
}

/// Bytes in hexadecimal digits; one of them stands out.
fn bytes(bytes: &[u8], chosen: usize, altered: bool) -> Html {
    let one = |(at, byte): (usize, &u8)| {
        let digits = format!("{byte:02x}");
        match (at == chosen, altered) {
            (true, true) => html! { <b class="altered">{ digits }</b> },
            (true, false) => html! { <b>{ digits }</b> },
            _ => html! { <span>{ digits }</span> },
        }
    };
    bytes.iter().enumerate().map(one).collect()
}
