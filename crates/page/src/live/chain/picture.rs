//! The block tree as a picture: columns are heights, lanes are branches. It follows the newest
//! block until the person scrolls away.

use std::rc::Rc;

use chain::BlockId;
use kit::icon;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver, SvgElement};
use wire::{BlockState, BlockView};
use yew::prelude::*;

use super::TreeProps;
use super::block::{BlockBox, HEIGHT, WIDTH};
use super::walk::step;
use super::words::Chain;
use crate::live::Change;
use crate::live::lanes::assign;
use crate::shell::door::{Ui, use_ui};

/// Distance from one height to the next.
const COLUMN: i32 = 110;
/// Distance from one lane to the next.
const LANE: i32 = 86;
/// Margin around the picture.
const MARGIN: i32 = 16;
/// How near the end counts as being at the end.
const NEAR: i32 = COLUMN;

/// Where everything is drawn.
struct Layout {
    lanes: Vec<i32>,
    base: u32,
    top: i32,
    width: i32,
    height: i32,
}

impl Layout {
    fn new(tree: &[BlockView]) -> Self {
        let lanes = assign(tree);
        let base = tree.first().map_or(0, |block| block.height);
        let last = tree.iter().map(|block| block.height).max().unwrap_or(base);
        let top = lanes.iter().copied().min().unwrap_or(0);
        let bottom = lanes.iter().copied().max().unwrap_or(0);
        let columns = i32::try_from(last - base).unwrap_or(0) + 2;
        Self {
            lanes,
            base,
            top,
            width: columns * COLUMN + 2 * MARGIN,
            height: (bottom - top) * LANE + HEIGHT + 22 + MARGIN,
        }
    }

    fn x(&self, height: u32) -> i32 {
        // The window of heights is small; a height outside is the engine's mistake, drawn at 0.
        MARGIN
            + height
                .checked_sub(self.base)
                .and_then(|n| i32::try_from(n).ok())
                .unwrap_or(0)
                * COLUMN
    }

    fn y(&self, lane: i32) -> i32 {
        MARGIN / 2 + (lane - self.top) * LANE
    }
}

#[component]
pub fn TreePicture(props: &TreeProps) -> Html {
    let ui = use_ui();
    let t: &Chain = ui.words();
    let layout = use_memo(props.tree.clone(), |tree| Layout::new(tree));
    let focus = use_state(|| None::<BlockId>);
    let area = use_node_ref();
    let (away, scroll) = use_follow(&area, &layout);
    let focused = focused(props, *focus);
    let onkeydown = on_keys(&ui, props, &layout, focus, focused);
    let onclick = {
        let ui = ui.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(block) = event.target().and_then(block_of) {
                ui.change(Change::Select(Some(block)));
            }
        })
    };
    let newest = {
        let area = area.clone();
        Callback::from(move |_: MouseEvent| {
            crate::shell::door::focus("chain-title"); // the focused button is about to go
            to_end(&area);
        })
    };
    let boxes = props.tree.iter().enumerate().map(|(index, block)| {
        html! {
            <BlockBox key={block.id.to_string()} block={block.clone()}
                x={layout.x(block.height)} y={layout.y(layout.lanes[index])}
                standing={props.standing(block.id)}
                tip={block.id == props.tip.id}
                selected={props.selected == Some(block.id)}
                focusable={index == focused} />
        }
    });
    html! {
        <div class="tree">
            <div class="tree-area" ref={area.clone()} onscroll={scroll}>
                <svg role="group" class={(layout.top == 0).then_some("flat")} aria-label={format!("{}. {}", t.picture, t.keys)}
                    width={layout.width.to_string()} height={layout.height.to_string()}
                    viewBox={format!("0 0 {} {}", layout.width, layout.height)} {onkeydown} {onclick}>
                    { earlier(&ui, props, &layout) }
                    { for edges(&props.tree, &layout) }
                    { ghost(&ui, props, &layout) }
                    { for boxes }
                </svg>
                if props.tip.height == 0 && props.tree.len() <= 1 {
                    <p class="hint">{ if props.mining { t.hint_mining } else { t.hint_first } }</p>
                }
            </div>
            if away {
                <button type="button" class="pill to-newest" onclick={newest}>
                    { t.newest }{ icon::icon(icon::END) }
                </button>
            }
        </div>
    }
}

/// The block that the Tab key stops at: the one focused last, else the selected one, else the tip.
fn focused(props: &TreeProps, focus: Option<BlockId>) -> usize {
    let find = |id: BlockId| props.tree.iter().position(|block| block.id == id);
    focus
        .and_then(find)
        .or_else(|| props.selected.and_then(find))
        .or_else(|| find(props.tip.id))
        .unwrap_or(0)
}

/// The picture's keys: arrows, Home and End move the focus, Enter and Space select.
fn on_keys(
    ui: &Ui,
    props: &TreeProps,
    layout: &Rc<Layout>,
    focus: UseStateHandle<Option<BlockId>>,
    focused: usize,
) -> Callback<KeyboardEvent> {
    let (ui, tree, layout) = (ui.clone(), props.tree.clone(), layout.clone());
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let at = event.target().and_then(block_of);
        let at = at.and_then(|id| tree.iter().position(|block| block.id == id));
        let at = at.unwrap_or(focused);
        let key = event.key();
        if key == "Enter" || key == " " {
            event.prevent_default();
            let block = tree.get(at).map(|block| block.id);
            ui.change(Change::Select(block));
        } else if let Some(next) = step(&tree, &layout.lanes, at, &key) {
            event.prevent_default();
            focus.set(Some(tree[next].id));
            focus_block(tree[next].id);
        }
    })
}

fn focus_block(id: BlockId) {
    let document = crate::window().document();
    let block = document.and_then(|document| document.get_element_by_id(&format!("block-{id}")));
    if let Some(block) = block.and_then(|block| block.dyn_into::<SvgElement>().ok()) {
        let _ = block.focus();
    }
}

/// The block that an event happened in.
fn block_of(target: web_sys::EventTarget) -> Option<BlockId> {
    let block = target
        .dyn_into::<Element>()
        .ok()?
        .closest("[data-hash]")
        .ok()??;
    block.get_attribute("data-hash")?.parse().ok()
}

/// Keeps the newest block in view unless the person has scrolled away; returns whether they have.
#[hook]
fn use_follow(area: &NodeRef, layout: &Rc<Layout>) -> (bool, Callback<Event>) {
    let away = use_state_eq(|| false);
    let base = use_mut_ref(|| layout.base);
    {
        let (area, away, base) = (area.clone(), *away, base.clone());
        use_effect_with((layout.width, layout.base), move |(_, now)| {
            let before = base.replace(*now);
            if !away {
                to_end(&area);
            } else if let Some(area) = area.cast::<HtmlElement>() {
                // The oldest heights have left the picture: keep what is in view where it was.
                let gone = i32::try_from(now.saturating_sub(before)).unwrap_or(0);
                area.set_scroll_left(area.scroll_left() - gone * COLUMN);
            }
        });
    }
    use_resized(area, {
        let (area, away) = (area.clone(), *away);
        move || {
            if !away {
                to_end(&area);
            }
        }
    });
    let scroll = {
        let (area, away) = (area.clone(), away.clone());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<HtmlElement>() {
                let rest = area.scroll_width() - area.client_width() - area.scroll_left();
                away.set(rest > NEAR);
            }
        })
    };
    (*away, scroll)
}

/// Calls `act` whenever an element's size changes, which includes becoming visible again.
#[hook]
fn use_resized(element: &NodeRef, act: impl Fn() + 'static) {
    let latest = use_mut_ref(|| None::<Box<dyn Fn()>>);
    *latest.borrow_mut() = Some(Box::new(act));
    let element = element.clone();
    use_effect_with((), move |()| {
        let resized = Closure::<dyn Fn()>::new(move || {
            if let Some(act) = &*latest.borrow() {
                act();
            }
        });
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, element.cast::<Element>()) {
            observer.observe(&element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
}

fn to_end(area: &NodeRef) {
    if let Some(area) = area.cast::<HtmlElement>() {
        area.set_scroll_left(area.scroll_width());
    }
}

/// The lines from parents to children.
fn edges<'a>(tree: &'a [BlockView], layout: &'a Layout) -> impl Iterator<Item = Html> + 'a {
    tree.iter().enumerate().filter_map(move |(index, block)| {
        let parent = tree[..index]
            .iter()
            .rposition(|other| other.id == block.parent)?;
        let (x1, x2) = (
            layout.x(tree[parent].height) + WIDTH,
            layout.x(block.height),
        );
        let (y1, y2) = (
            layout.y(layout.lanes[parent]) + HEIGHT / 2,
            layout.y(layout.lanes[index]) + HEIGHT / 2,
        );
        let middle = (x1 + x2) / 2;
        let path = if y1 == y2 {
            format!("M{x1} {y1}H{x2}")
        } else {
            format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")
        };
        let dashed = matches!(block.state, BlockState::Stale | BlockState::Invalid);
        let dotted = block.state == BlockState::Unseen;
        let class = classes!(
            "edge",
            dashed.then_some("stale"),
            dotted.then_some("unseen")
        );
        Some(html! { <path key={format!("e{}", block.id)} {class} d={path} /> })
    })
}

/// A note of how many blocks came before the picture.
fn earlier(ui: &Ui, props: &TreeProps, layout: &Layout) -> Html {
    if layout.base == 0 || props.tree.is_empty() {
        return Html::default();
    }
    let y = layout.y(0) - 12;
    html! {
        <text class="earlier" x={MARGIN.to_string()} y={y.to_string()}>{ (ui.words::<Chain>().earlier)(&ui.n.whole(layout.base)) }</text>
    }
}

/// An empty box for the block that is being searched for, on top of the tip.
fn ghost(ui: &Ui, props: &TreeProps, layout: &Layout) -> Html {
    let above = props.tree.iter().any(|block| block.parent == props.tip.id);
    if above || props.tree.is_empty() {
        return Html::default(); // the place is taken: another node is ahead of this tab
    }
    let (x, y) = (layout.x(props.tip.height) + COLUMN, layout.y(0));
    let middle = y + HEIGHT / 2;
    let class = classes!("ghost", props.mining.then_some("searching"));
    let words = ui.words::<Chain>();
    let lines = match props.waiting {
        0 => vec![(middle + 4, words.next.to_owned())],
        waiting => vec![
            (middle - 4, words.next.to_owned()),
            (middle + 12, (words.waiting)(&ui.n.whole(waiting))),
        ],
    };
    let line = |(y, text): (i32, String)| {
        html! { <text x={(x + WIDTH / 2).to_string()} y={y.to_string()}>{ text }</text> }
    };
    html! {
        <g key="ghost" {class} aria-hidden="true">
            <path class="edge" d={format!("M{} {middle}H{x}", x - COLUMN + WIDTH)} />
            <rect x={x.to_string()} y={y.to_string()} width={WIDTH.to_string()} height={HEIGHT.to_string()} rx="8" />
            { for lines.into_iter().map(line) }
        </g>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_heights_do_not_overflow() {
        let block = |height: u32| BlockView {
            id: BlockId::ZERO,
            parent: BlockId::ZERO,
            height,
            time: 0,
            bits: 0,
            miner: None,
            state: BlockState::Best,
        };
        let layout = Layout::new(&[block(u32::MAX - 1), block(u32::MAX), block(3)]);
        assert_eq!(layout.x(u32::MAX), MARGIN + COLUMN);
        assert_eq!(layout.x(3), MARGIN);
        assert_eq!(Layout::new(&[]).width, 2 * COLUMN + 2 * MARGIN);
    }
}
