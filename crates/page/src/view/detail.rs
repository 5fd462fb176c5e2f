//! A block's details: its 80 bytes with every field explained, the proof, the transactions.

mod fields;
mod proof;
mod transactions;

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use self::fields::Fields;
use self::proof::proof;
use self::transactions::transactions;
use super::copy::CopyButton;
use super::icon;
use super::who::who;
use crate::bridge::{Bridge, ENGINE_LOST};
use crate::model::Action;
use crate::numbers::short;
use crate::ui::{Ui, focus, use_ui};
use wire::{BlockDetail, BlockKey, BlockState, BlockView, Call, Reply, TipView};

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The chosen block; `None` shows the tip.
    pub selected: Option<Rc<str>>,
    pub tip: Rc<TipView>,
    pub tree: Rc<Vec<BlockView>>,
}

/// What came of the last question.
#[derive(Clone, PartialEq)]
enum Found {
    Nothing,
    Block(Rc<BlockDetail>),
    Unknown,
}

#[component]
pub fn DetailPanel(props: &Props) -> Html {
    let ui = use_ui();
    let hash: Rc<str> = props
        .selected
        .clone()
        .unwrap_or_else(|| Rc::from(props.tip.hash.as_str()));
    // Until the answer comes, the block before stays: the page would jump otherwise.
    let drawn = props.tree.iter().find(|block| *block.hash == *hash);
    let state = drawn.map(|block| block.state);
    let (shown, found) = use_detail(&ui, hash.clone(), &props.tip.hash, state);
    let detail = match &found {
        Found::Block(detail) if shown == hash => Some(&**detail),
        _ => None,
    };
    let content = match &found {
        Found::Nothing => html! { <p class="muted">{ ui.t.block.loading }</p> },
        Found::Unknown => html! { <p class="muted">{ ui.t.block.unknown }</p> },
        Found::Block(detail) => html! { <>
            <Fields detail={detail.clone()} />
            { proof(&ui, detail) }
            { facts(&ui, detail) }
            { transactions(&ui, detail) }
        </> },
    };
    html! {
        <section class="panel panel-block" aria-labelledby="block-title" data-testid="block-detail"
            data-hash={hash.to_string()} aria-busy={(shown != hash).then_some("true")}>
            { head(&ui, props, &hash, drawn, detail) }
            { content }
        </section>
    }
}

/// Asks the engine for a block, again whenever the tip or its state changes: a block's fate changes
/// with them. Returns the last answer and which block it is about.
#[hook]
fn use_detail(
    ui: &Ui,
    hash: Rc<str>,
    tip: &str,
    state_of_block: Option<BlockState>,
) -> (Rc<str>, Found) {
    let state = use_state(|| (Rc::from(""), Found::Nothing));
    let latest = use_mut_ref(|| 0u32);
    {
        let (ui, state) = (ui.clone(), state.clone());
        let causes = (hash, tip.to_owned(), state_of_block);
        use_effect_with(causes, move |(hash, ..)| {
            *latest.borrow_mut() += 1;
            if !hash.is_empty() {
                ask(ui.bridge.clone(), hash.clone(), latest, state.setter());
            }
        });
    }
    (*state).clone()
}

fn ask(
    bridge: Bridge,
    hash: Rc<str>,
    latest: Rc<RefCell<u32>>,
    set: UseStateSetter<(Rc<str>, Found)>,
) {
    let number = *latest.borrow();
    let call = Call::Block(BlockKey::Hash(hash.to_string()));
    bridge.clone().call(call, move |result| {
        if *latest.borrow() != number {
            return; // something else was asked for since
        }
        let found = match result {
            Ok(Reply::Block(detail)) => Found::Block(Rc::from(detail)),
            // The next engine knows it, too: the call waits for that.
            Err(failure) if failure.code == ENGINE_LOST => return ask(bridge, hash, latest, set),
            _ => Found::Unknown,
        };
        set.set((hash, found));
    });
}

/// A block that is older than the picture is known by the answer alone.
fn head(
    ui: &Ui,
    props: &Props,
    hash: &Rc<str>,
    drawn: Option<&BlockView>,
    detail: Option<&BlockDetail>,
) -> Html {
    let t = &ui.t.block;
    let block = drawn.or(detail.map(|detail| &detail.block));
    let newest = **hash == *props.tip.hash;
    let height = block
        .map(|block| block.height)
        .or(newest.then_some(props.tip.height));
    let child = props.tree.iter().filter(|other| *other.parent == **hash);
    let child = child
        .min_by_key(|other| other.state as u8)
        .map(|other| other.hash.as_str())
        .or(detail.and_then(|detail| detail.child.as_deref()));
    let parent = block
        .filter(|block| block.height > 0)
        .map(|block| block.parent.as_str());
    let follow = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            focus("block-title"); // the button goes when there is nothing to follow
            ui.dispatch.dispatch(Action::Select(None));
        })
    };
    html! {
        <div class="panel-head">
            <h2 id="block-title" tabindex="-1">{ (t.title)(&height.map(|height| height.to_string()).unwrap_or_default()) }</h2>
            if let Some(block) = block {
                <span class={classes!("chip", (block.state as u8 > 0).then_some("bad"))} data-testid="block-state">
                    { if newest { t.newest } else { (ui.t.chain.state)(block.state) } }
                </span>
            }
            <span class="value"><code title={hash.to_string()}>{ short(hash) }</code><CopyButton text={hash.to_string()} what={t.hash} /></span>
            <span class="stretch"></span>
            if props.selected.is_some() && !newest {
                <button type="button" class="quiet" onclick={follow}>{ t.follow }{ icon::icon(icon::END) }</button>
            }
            { step(ui, t.previous, icon::LEFT, parent) }
            { step(ui, t.next, icon::RIGHT, child) }
        </div>
    }
}

fn step(ui: &Ui, name: &'static str, path: &'static str, to: Option<&str>) -> Html {
    html! {
        // Not `disabled`: whoever steps to the end would lose the focus.
        <button type="button" class="quiet icon-only" aria-label={name} title={name} aria-disabled={to.is_none().then_some("true")}
            onclick={to.map(|hash| ui.selecting(hash))}>{ icon::icon(path) }</button>
    }
}

fn facts(ui: &Ui, detail: &BlockDetail) -> Html {
    let t = &ui.t.block;
    let confirmed = match detail.confirmations {
        Some(count) => (t.confirmed)(&ui.n.whole(count)),
        None => t.off_chain.to_owned(),
    };
    let work = detail
        .work
        .as_ref()
        .map(|work| work.trim_start_matches('0'));
    html! {
        <dl class="facts wide">
            if detail.block.height > 0 {
                <div><dt>{ t.found_by }</dt><dd>{ who(ui, detail.block.miner) }</dd></div>
            }
            <div><dt>{ t.confirmations }</dt><dd>{ confirmed }</dd></div>
            if let Some(work) = work {
                <div><dt>{ t.work }</dt><dd><code>{ "0x" }{ if work.is_empty() { "0" } else { work } }</code></dd></div>
            }
        </dl>
    }
}
