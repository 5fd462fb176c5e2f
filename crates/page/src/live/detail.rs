//! A block's details: its 80 bytes with every field explained, the proof, the transactions.

mod fields;
mod proof;
mod transactions;
pub mod words;

use std::cell::RefCell;
use std::rc::Rc;

use chain::BlockId;
use kit::copy::CopyButton;
use kit::icon;
use kit::numbers::short;
use kit::who::who;
use wire::ask::GetBlock;
use wire::{BlockDetail, BlockKey, BlockState, BlockView, TipView};
use yew::prelude::*;

use self::fields::Fields;
use self::proof::proof;
use self::transactions::transactions;
use self::words::Block;
use super::Change;
use super::chain::words::state_words;
use crate::bridge::{Bridge, ENGINE_LOST};
use crate::shell::door::{Ui, focus, use_ui};

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The selected block; `None` shows the tip.
    pub selected: Option<BlockId>,
    pub tip: Rc<TipView>,
    pub tree: Rc<Vec<BlockView>>,
    /// How often this tab's nodes have switched branches: each time, blocks older than the picture
    /// may have left the best chain.
    pub switches: u32,
}

/// The answer to the last question.
#[derive(Clone, PartialEq)]
enum Found {
    Nothing,
    Block(Rc<BlockDetail>),
    Unknown,
}

#[component]
pub fn DetailPanel(props: &Props) -> Html {
    let ui = use_ui();
    let id = props.selected.unwrap_or(props.tip.id);
    let drawn = props.tree.iter().find(|block| block.id == id);
    let (shown, found) = use_detail(&ui, Wanted::new(props, id, drawn));
    // Until the answer comes, the previous block stays, so that the page does not jump.
    let detail = match &found {
        Found::Block(detail) if shown == Some(id) => Some(&**detail),
        _ => None,
    };
    let content = match &found {
        Found::Nothing => html! { <p class="muted">{ ui.words::<Block>().loading }</p> },
        Found::Unknown => html! { <p class="muted">{ ui.words::<Block>().unknown }</p> },
        Found::Block(detail) => html! { <>
            <Fields detail={detail.clone()} />
            { proof(&ui, detail) }
            { facts(&ui, detail, confirmations(detail, drawn, &props.tip)) }
            { transactions(&ui, detail) }
        </> },
    };
    html! {
        <section class="panel panel-block" aria-labelledby="block-title" data-testid="block-detail"
            data-hash={id.to_string()} aria-busy={(shown != Some(id)).then_some("true")}>
            { head(&ui, props, id, drawn, detail) }
            { content }
        </section>
    }
}

/// A block, and everything visible to the page that the answer about it depends on.
#[derive(Clone, PartialEq)]
struct Wanted {
    id: BlockId,
    /// Its entry in the picture, and the block on top of it in the best chain.
    drawn: Option<(BlockView, Option<BlockId>)>,
    /// Changes when a block outside the picture may have changed its state.
    switches: u32,
    /// Changes when a missing body may have arrived.
    tip: BlockId,
}

impl Wanted {
    fn new(props: &Props, id: BlockId, drawn: Option<&BlockView>) -> Self {
        let best = |block: &&BlockView| block.parent == id && block.state == BlockState::Best;
        let child = props.tree.iter().find(best).map(|block| block.id);
        Self {
            id,
            drawn: drawn.map(|block| (block.clone(), child)),
            switches: props.switches,
            tip: props.tip.id,
        }
    }

    /// Whether an answer to what was wanted `before` is still up to date.
    fn is_told_by(&self, before: &Self, detail: &BlockDetail) -> bool {
        let same = match &self.drawn {
            Some((block, child)) => *block == detail.block && *child == detail.child,
            None => self.switches == before.switches,
        };
        self.id == detail.block.id && same && (detail.raw.is_some() || self.tip == before.tip)
    }
}

/// The last question and answer.
#[derive(Default)]
struct Asked {
    /// Number of the last question; answers to earlier ones are ignored.
    number: u32,
    /// The last question that was answered, and its answer.
    told: Option<(Wanted, Rc<BlockDetail>)>,
}

/// Asks the engine for a block, and again whenever the answer may have changed. Returns the last
/// answer and the block that it is about.
#[hook]
fn use_detail(ui: &Ui, wanted: Wanted) -> (Option<BlockId>, Found) {
    let last = use_state(|| (None, Found::Nothing));
    let asked = use_mut_ref(Asked::default);
    {
        let (bridge, last) = (ui.bridge.clone(), last.clone());
        use_effect_with(wanted, move |wanted| {
            let told = asked
                .borrow()
                .told
                .as_ref()
                .is_some_and(|(before, detail)| wanted.is_told_by(before, detail));
            asked.borrow_mut().number += 1;
            if told {
                let detail = asked
                    .borrow()
                    .told
                    .as_ref()
                    .map(|(_, detail)| detail.clone());
                if let Some(detail) = detail.filter(|_| last.0 != Some(wanted.id)) {
                    last.set((Some(wanted.id), Found::Block(detail)));
                }
            } else {
                ask(bridge, wanted.clone(), asked, last.setter());
            }
        });
    }
    (*last).clone()
}

fn ask(
    bridge: Bridge,
    wanted: Wanted,
    asked: Rc<RefCell<Asked>>,
    set: UseStateSetter<(Option<BlockId>, Found)>,
) {
    let number = asked.borrow().number;
    let question = GetBlock(BlockKey::Id(wanted.id));
    bridge.clone().ask(question, move |result| {
        if asked.borrow().number != number {
            return; // a newer question has been asked
        }
        let id = wanted.id;
        let found = match result {
            Ok(detail) => {
                let detail = Rc::<BlockDetail>::from(detail);
                asked.borrow_mut().told = Some((wanted, detail.clone()));
                Found::Block(detail)
            }
            // Ask again: the question waits for the next engine, which has the block too.
            Err(failure) if failure.code == ENGINE_LOST => return ask(bridge, wanted, asked, set),
            Err(_) => Found::Unknown,
        };
        set.set((Some(id), found));
    });
}

/// How many blocks are on top of a block; `None` if it is not on the best chain.
fn confirmations(detail: &BlockDetail, drawn: Option<&BlockView>, tip: &TipView) -> Option<u32> {
    let block = drawn
        .filter(|block| block.id == detail.block.id)
        .unwrap_or(&detail.block);
    // An answer may be newer than the picture and its block above the tip: then it is the newest.
    let on_top = tip.height.saturating_sub(block.height);
    (block.state == BlockState::Best).then_some(on_top)
}

/// The panel's head. Of a block older than the picture, only the answer is known.
fn head(
    ui: &Ui,
    props: &Props,
    id: BlockId,
    drawn: Option<&BlockView>,
    detail: Option<&BlockDetail>,
) -> Html {
    let t: &Block = ui.words();
    let block = drawn.or(detail.map(|detail| &detail.block));
    let newest = id == props.tip.id;
    let hash = id.to_string();
    let height = block
        .map(|block| block.height)
        .or(newest.then_some(props.tip.height));
    let child = props.tree.iter().filter(|other| other.parent == id);
    let child = child
        .min_by_key(|other| other.state as u8)
        .map(|other| other.id)
        .or(detail.and_then(|detail| detail.child));
    let parent = block
        .filter(|block| block.height > 0)
        .map(|block| block.parent);
    let follow = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            focus("block-title"); // the focused button is about to go
            ui.change(Change::Select(None));
        })
    };
    html! {
        <div class="panel-head">
            <h2 id="block-title" tabindex="-1">{ (t.title)(&height.map(|height| height.to_string()).unwrap_or_default()) }</h2>
            if let Some(block) = block {
                <span class={classes!("chip", (block.state as u8 > 0).then_some("bad"))} data-testid="block-state">
                    { if newest { t.newest } else { state_words(block.state).of(ui.lang) } }
                </span>
            }
            <span class="value"><code title={hash.clone()}>{ short(&hash) }</code><CopyButton lang={ui.lang} text={hash} what={t.hash} /></span>
            <span class="stretch"></span>
            if props.selected.is_some() && !newest {
                <button type="button" class="quiet" onclick={follow}>{ t.follow }{ icon::icon(icon::END) }</button>
            }
            { step(ui, t.previous, icon::LEFT, parent) }
            { step(ui, t.next, icon::RIGHT, child) }
        </div>
    }
}

fn step(ui: &Ui, name: &'static str, path: &'static str, to: Option<BlockId>) -> Html {
    html! {
        // Not `disabled`: the button would lose the focus of someone who steps to the end.
        <button type="button" class="quiet icon-only" aria-label={name} title={name} aria-disabled={to.is_none().then_some("true")}
            onclick={to.map(|block| ui.selecting(block))}>{ icon::icon(path) }</button>
    }
}

fn facts(ui: &Ui, detail: &BlockDetail, confirmations: Option<u32>) -> Html {
    let t: &Block = ui.words();
    let confirmed = match confirmations {
        Some(count) => (t.confirmed)(&ui.n.whole(count)),
        None => t.off_chain.to_owned(),
    };
    html! {
        <dl class="facts wide">
            if detail.block.height > 0 {
                <div><dt>{ t.found_by }</dt><dd>{ who(ui.lang, detail.block.miner) }</dd></div>
            }
            <div><dt>{ t.confirmations }</dt><dd>{ confirmed }</dd></div>
            if let Some(work) = detail.work {
                <div><dt>{ t.work }</dt><dd><code>{ work.to_string() }</code></dd></div>
            }
        </dl>
    }
}

#[cfg(test)]
mod tests {
    use chain::{BitcoinHeader, Target, U256};

    use super::*;
    use crate::live::lanes::tests::{block, id};
    use BlockState::{Best, Rival};

    fn wanted(tree: Vec<BlockView>, of: &str, tip: &str, switches: u32) -> Wanted {
        let tip = TipView {
            height: 0,
            id: id(tip),
            work: chain::Work::ZERO,
        };
        let props = Props {
            selected: None,
            tip: Rc::new(tip),
            tree: Rc::new(tree),
            switches,
        };
        let drawn = props.tree.iter().find(|block| block.id == id(of));
        Wanted::new(&props, id(of), drawn)
    }

    fn told(block: &BlockView, child: Option<&str>, body: bool) -> BlockDetail {
        BlockDetail {
            block: block.clone(),
            header: BitcoinHeader::decode(&[0; 80]),
            raw: body.then(Vec::new),
            target: Target(U256::ZERO),
            margin_milli: 0,
            expected_tries: 0,
            work: None,
            child: child.map(id),
            transactions: Vec::new(),
        }
    }

    #[test]
    fn a_block_is_asked_for_again_only_when_its_state_or_its_child_changed() {
        let (a, b) = (block("a", "-", 1, Best), block("b", "a", 2, Best));
        let before = wanted(vec![a.clone(), b.clone()], "b", "b", 0);
        let answer = told(&b, None, true);
        let same = |tree: Vec<BlockView>| wanted(tree, "b", "x", 1).is_told_by(&before, &answer);
        let other = block("x", "a", 2, Rival);
        assert!(same(vec![a.clone(), b.clone(), other]), "others may come");
        let child = block("c", "b", 3, Best);
        assert!(!same(vec![a.clone(), b.clone(), child.clone()]));
        assert!(!same(vec![a.clone(), block("b", "a", 2, Rival)]));
        // A child that the answer knew before the picture did is no reason to ask again.
        let early = told(&b, Some("c"), true);
        assert!(wanted(vec![a, b, child], "b", "c", 0).is_told_by(&before, &early));
    }

    #[test]
    fn outside_the_picture_only_a_switch_of_branches_counts() {
        let b = block("b", "a", 2, Best);
        let before = wanted(Vec::new(), "b", "x", 3);
        let answer = told(&b, Some("c"), true);
        assert!(wanted(Vec::new(), "b", "y", 3).is_told_by(&before, &answer));
        assert!(!wanted(Vec::new(), "b", "y", 4).is_told_by(&before, &answer));
        assert!(!wanted(Vec::new(), "d", "x", 3).is_told_by(&before, &answer));
    }

    #[test]
    fn a_missing_body_may_come_with_any_tip() {
        let b = block("b", "a", 2, Rival);
        let before = wanted(vec![b.clone()], "b", "x", 0);
        let bare = told(&b, None, false);
        assert!(wanted(vec![b.clone()], "b", "x", 0).is_told_by(&before, &bare));
        assert!(!wanted(vec![b], "b", "y", 0).is_told_by(&before, &bare));
    }

    #[test]
    fn confirmations_follow_from_the_tip_and_the_state() {
        let tip = TipView {
            height: 7,
            id: id("t"),
            work: chain::Work::ZERO,
        };
        let of = |height: u32, state: BlockState| {
            confirmations(
                &told(&block("b", "a", height, state), None, true),
                None,
                &tip,
            )
        };
        assert_eq!(of(5, Best), Some(2));
        assert_eq!(of(7, Best), Some(0));
        assert_eq!(of(5, Rival), None);
        assert_eq!(of(8, Best), Some(0), "the answer is newer than the picture");
    }
}
