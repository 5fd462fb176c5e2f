//! One block of the picture.

use kit::numbers::{short, tail};
use kit::seats;
use wire::{BlockState, BlockView};
use yew::prelude::*;

use super::words::{Chain, state_words};
use crate::shell::door::use_ui;

/// Width of a block.
pub const WIDTH: i32 = 84;
/// Height of a block.
pub const HEIGHT: i32 = 50;
/// How many nodes are drawn under a block before the rest are only counted.
const MARKS: usize = 4;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub block: BlockView,
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Seats of the nodes whose tip this block is.
    pub standing: Vec<u32>,
    /// Whether it is this tab's tip.
    pub tip: bool,
    pub selected: bool,
    /// Whether the Tab key stops here.
    pub focusable: bool,
}

#[component]
pub fn BlockBox(props: &Props) -> Html {
    let ui = use_ui();
    let t: &Chain = ui.words();
    let block = &props.block;
    let state = match block.state {
        BlockState::Best => "best",
        BlockState::Rival => "rival",
        BlockState::Stale => "stale",
        BlockState::Invalid => "invalid",
        BlockState::Unseen => "unseen",
    };
    let height = block.height.to_string();
    let miner = block.miner.map(seats::name).unwrap_or_default();
    let id = block.id.to_string();
    let mut label = (t.label)(
        &height,
        &short(&id),
        state_words(block.state).of(ui.lang),
        &miner,
    );
    if !props.standing.is_empty() {
        let names: Vec<String> = props
            .standing
            .iter()
            .map(|seat| seats::name(*seat))
            .collect();
        label.push_str("; ");
        label.push_str(&(t.standing)(&names.join(", ")));
    }
    let class = classes!(
        "block",
        state,
        props.tip.then_some("tip"),
        props.selected.then_some("selected")
    );
    html! {
        <g {class} role="button" tabindex={if props.focusable { "0" } else { "-1" }} aria-label={label}
            aria-current={props.selected.then_some("true")} id={format!("block-{id}")}
            data-testid={format!("block-{id}")} data-hash={id.clone()}
            transform={format!("translate({} {})", props.x, props.y)}>
            <rect class="box" width={WIDTH.to_string()} height={HEIGHT.to_string()} rx="8" />
            { miner_mark(block) }
            <text class="height" x={if block.miner.is_some() { "28" } else { "11" }} y="22">{ height }</text>
            <text class="hash" x="11" y="39">{ "…" }{ tail(&id).to_owned() }</text>
            { marks(&props.standing) }
        </g>
    }
}

fn miner_mark(block: &BlockView) -> Html {
    let Some(seat) = block.miner else {
        return Html::default();
    };
    html! {
        <path class={classes!("mark", seats::colour_class(seat))} d={seats::shape(seat)} transform="translate(16 17)" />
    }
}

/// The nodes whose tip is this block, in a row beneath it.
fn marks(standing: &[u32]) -> Html {
    let shown = standing.len().min(if standing.len() > MARKS + 1 {
        MARKS
    } else {
        MARKS + 1
    });
    let more = standing.len() - shown;
    let width = shown as i32 * 14 + if more > 0 { 18 } else { 0 };
    let left = (WIDTH - width) / 2 + 7;
    let y = HEIGHT + 13;
    html! { <>
        { for standing.iter().take(shown).enumerate().map(|(index, seat)| html! {
            <path class={classes!("mark", seats::colour_class(*seat))} d={seats::shape(*seat)}
                transform={format!("translate({} {y})", left + index as i32 * 14)} />
        }) }
        if more > 0 {
            <text class="more" x={(left + shown as i32 * 14 - 5).to_string()} y={(y + 4).to_string()}>{ format!("+{more}") }</text>
        }
    </> }
}
