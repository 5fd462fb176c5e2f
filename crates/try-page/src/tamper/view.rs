//! Draws the room about tampering.

use chain::block::Block;
use kit::icon;
use kit::numbers::{hex, tail};
use kit::who::who;
use yew::prelude::*;

use super::mend::{mend_panel, use_mending};
use super::model::{BLOCKS, Checks, Deed, Field, SUBSIDY, Sample, THIEF};
use super::state::Tamper;
use super::words::{CHECKS, Tamper as Words, field as field_name};
use crate::app::Ui;
use crate::frame::frame;
use crate::room::{Kept, Props, use_kept};

/// The copy as it is now, and what its checks say.
pub struct Seen {
    pub copy: Vec<Block>,
    pub checks: Vec<Checks>,
    /// The blocks that were mended.
    pub mended: Vec<bool>,
}

impl Seen {
    pub fn of(sample: &Sample, tamper: &Tamper) -> Self {
        let copy = sample.after(&tamper.deeds);
        let mended = |block: usize| {
            let is_it =
                |deed: &Deed| matches!(deed, Deed::Mend(at, _) if usize::from(*at) == block);
            tamper.deeds.iter().any(is_it)
        };
        Self {
            checks: sample.check(&copy),
            mended: (1..=BLOCKS).map(mended).collect(),
            copy,
        }
    }

    /// How many blocks hold before the first that does not.
    pub fn leading(&self) -> usize {
        let first = self.checks.iter().position(|checks| !checks.hold());
        first.unwrap_or(self.checks.len())
    }

    /// The first block, from 0, that work could mend.
    pub fn to_mend(&self) -> Option<usize> {
        self.checks.iter().position(|checks| !checks.is_worked())
    }
}

#[component]
pub fn TamperRoom(props: &Props) -> Html {
    let ui = &props.ui;
    let kept = use_kept::<Tamper>(ui, props.query.clone());
    let sample = use_memo((), |()| Sample::new());
    let seen = use_memo(kept.now().deeds.clone(), {
        let (sample, tamper) = (sample.clone(), kept.now().clone());
        move |_| Seen::of(&sample, &tamper)
    });
    let job = use_state(|| None);
    use_mending(&kept, &sample, &job);
    let content = html! { <>
        { checks_panel(ui, &kept, &seen) }
        <div class="try-columns">
            { block_panel(ui, &kept, &seen) }
            { mend_panel(ui, &kept, &seen, &job) }
        </div>
    </> };
    frame(ui, &kept, content)
}

/// A sentence about the whole copy, and the table of checks.
fn checks_panel(ui: &Ui, kept: &Kept<Tamper>, seen: &Seen) -> Html {
    let t: &Words = ui.words();
    let number = |block: usize| ui.n.whole(block as u64 + 1);
    let differs = seen.checks.iter().position(|checks| !checks.same);
    let (class, said) = match (seen.leading(), differs) {
        (first, _) if first < BLOCKS => ("verdict bad", (t.changed)(&number(first))),
        (_, Some(first)) => ("verdict", (t.repaired)(&number(first))),
        _ => ("verdict good", t.intact.to_owned()),
    };
    html! { <>
        <p {class} role="status" data-testid="copy-state"><strong>{ said }</strong></p>
        <section class="panel">
            <div class="table-scroll" tabindex="0" role="region" aria-label={t.check}>
                <table class="checks">
                    <thead><tr><th scope="col"><span class="visually-hidden">{ t.check }</span></th>{ for (0..BLOCKS).map(|at| head(ui, kept, seen, at)) }</tr></thead>
                    { rows(ui, seen, t.work_mends, 0..3) }
                    { rows(ui, seen, t.no_work_mends, Checks::BEYOND_WORK) }
                    { rows(ui, seen, t.others_see, 6..7) }
                </table>
            </div>
        </section>
    </> }
}

/// A block at the head of its column: chosen when it is pressed.
fn head(ui: &Ui, kept: &Kept<Tamper>, seen: &Seen, at: usize) -> Html {
    let t: &Words = ui.words();
    let checks = &seen.checks[at];
    let first = seen.leading();
    let (class, state) = if !checks.hold() {
        ("broken", t.fails.to_owned())
    } else if at > first {
        ("resting", (t.rests)(&ui.n.whole(first as u64 + 1)))
    } else if seen.mended[at] {
        ("mended", t.mended.to_owned())
    } else {
        ("whole", t.holds.to_owned())
    };
    let chosen = usize::from(kept.now().chosen) == at + 1;
    let onclick = kept.changing(move |tamper, _: MouseEvent| tamper.chosen = at as u8 + 1);
    let id = seen.copy[at].id().to_string();
    html! {
        <th scope="col">
            <button type="button" class={classes!("block-head", class)} aria-pressed={chosen.to_string()} data-testid={format!("tamper-block-{}", at + 1)} data-state={class} {onclick}>
                <strong>{ (t.block)(&ui.n.whole(at as u64 + 1)) }</strong>
                <code>{ "…" }{ tail(&id) }</code>
                <span>{ state }</span>
            </button>
        </th>
    }
}

/// A group of checks.
fn rows(ui: &Ui, seen: &Seen, title: &'static str, which: std::ops::Range<usize>) -> Html {
    html! {
        <tbody>
            <tr class="group"><th scope="rowgroup" colspan={(BLOCKS + 1).to_string()}>{ title }</th></tr>
            { for which.map(|check| {
                let (name, what) = CHECKS[check];
                html! {
                    <tr>
                        <th scope="row">{ name.of(ui.lang) }<small>{ what.of(ui.lang) }</small></th>
                        { for (0..BLOCKS).map(|at| cell(ui, seen, check, at)) }
                    </tr>
                }
            }) }
        </tbody>
    }
}

fn cell(ui: &Ui, seen: &Seen, check: usize, at: usize) -> Html {
    let t: &Words = ui.words();
    let (class, sign, said) = match (seen.checks[at].all()[check], check) {
        (true, 6) => ("holds", "=", t.same),
        (false, 6) => ("differs", "≠", t.differs),
        (true, 0..3) if seen.mended[at] => ("mended", "✓", t.mended),
        (true, _) => ("holds", "✓", t.holds),
        (false, _) => ("fails", "✕", t.fails),
    };
    html! {
        <td class={class} data-testid={format!("check-{check}-{}", at + 1)} data-state={class}>
            <span class="cell-sign" aria-hidden="true">{ sign }</span><span class="visually-hidden">{ said }</span>
        </td>
    }
}

/// The chosen block: its header's fields and its payment, each with what one can do to it.
fn block_panel(ui: &Ui, kept: &Kept<Tamper>, seen: &Seen) -> Html {
    let t: &Words = ui.words();
    let chosen = kept.now().chosen;
    let at = usize::from(chosen) - 1;
    let bytes = seen.copy[at].header.encode();
    let field = |field: Field| {
        let range = field.range();
        let deed = Deed::Flip(chosen, field, 8 * range.len() as u16 - 1);
        let name = field_name(field).of(ui.lang);
        html! {
            <li>
                <span><strong>{ name }</strong><code>{ hex(&bytes[range]) }</code></span>
                { toggle(kept, deed, t.flip_short, Some((t.flip)(name)), format!("flip-{}", field.letter())) }
            </li>
        }
    };
    html! {
        <section class="panel" aria-labelledby="chosen-block">
            <h2 id="chosen-block">{ (t.block)(&ui.n.whole(chosen)) }</h2>
            <h3>{ t.header }</h3>
            <ul class="deeds">{ for Field::ALL.map(field) }</ul>
            <h3>{ t.payment }</h3>
            { payment(ui, kept, seen, at) }
            <p class="remark">{ t.how }</p>
        </section>
    }
}

fn payment(ui: &Ui, kept: &Kept<Tamper>, seen: &Seen, at: usize) -> Html {
    let t: &Words = ui.words();
    let block = at as u8 + 1;
    let kept_deed = |deed, label, testid: &str| toggle(kept, deed, label, None, testid.to_owned());
    let reward = kept_deed(Deed::Reward(block, SUBSIDY * 2), t.reward, "reward");
    if block == 1 {
        return html! { <><p class="muted">{ t.no_payment }</p><div class="deed-buttons">{ reward }</div></> };
    }
    let payee = if kept.now().has(Deed::Payee(block)) {
        u32::from(THIEF)
    } else {
        u32::from(block) - 1
    };
    let amount = seen.copy[at]
        .transactions
        .get(1)
        .map(|tx| tx.outputs[0].value);
    let said = amount.and_then(|amount| u64::try_from(amount).ok()).map(|amount| {
        let coins = format!("{}.{:02}", amount / 100_000_000, amount / 1_000_000 % 100);
        html! { <p class="pays">{ who(ui.lang, Some(u32::from(block) - 2)) }{ t.pays }{ who(ui.lang, Some(payee)) }<strong>{ coins }</strong></p> }
    });
    html! { <>
        { said.unwrap_or_else(|| html! { <p class="muted">{ "—" }</p> }) }
        <div class="deed-buttons">
            { kept_deed(Deed::Amount(block, 6_000_000_000), t.amount, "amount") }
            { kept_deed(Deed::Amount(block, 100_000_000), t.less, "less") }
            { kept_deed(Deed::Payee(block), t.steal, "steal") }
            { kept_deed(Deed::LeaveOut(block), t.leave_out, "leave-out") }
            { reward }
            if block > 2 { { kept_deed(Deed::Twice(block), t.twice, "twice") } }
        </div>
    </> }
}

/// A button for a deed: pressed while it is done, and undone when it is pressed again.
fn toggle(
    kept: &Kept<Tamper>,
    deed: Deed,
    label: &'static str,
    name: Option<String>,
    testid: String,
) -> Html {
    let done = kept.now().has(deed);
    let onclick = kept.changing(move |tamper, _: MouseEvent| tamper.add(deed));
    html! {
        <button type="button" aria-pressed={done.to_string()} aria-label={name} data-testid={format!("deed-{testid}")} {onclick}>
            if done { { icon::icon(icon::CHECK) } }{ label }
        </button>
    }
}
