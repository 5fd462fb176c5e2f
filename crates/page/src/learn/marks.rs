//! Marks as elements: what `cargo xtask seal` makes of a Markdown text (`crates/xtask/src/content.rs`).
//! A line a mark: `<p` begins an element, `>` ends it, `=` is text, `` ` `` is code, `<a #/live` begins
//! a link, `/br` stands for itself.

use std::str::Lines;

use yew::prelude::*;
use yew::virtual_dom::VTag;

use super::figures::{Figures, Piece, fill};

/// The elements that a text may have; what is in others is drawn without them.
const ELEMENTS: [&str; 10] = [
    "p",
    "h1",
    "h2",
    "h3",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "blockquote",
];

/// The elements of a text. Nothing in it becomes HTML, and a link leads to a place of this page or
/// nowhere.
pub fn elements(marks: &str, figures: &Figures) -> Html {
    children(&mut marks.lines(), figures)
}

/// Everything up to the end of what has begun. Its depth is that of the text, which is ours.
fn children(marks: &mut Lines<'_>, figures: &Figures) -> Html {
    let mut nodes = Vec::new();
    while let Some(mark) = marks.next() {
        let mut rest = mark.chars();
        match rest.next() {
            Some('>') => break,
            Some('<') => {
                let inside = children(marks, figures);
                nodes.push(element(rest.as_str(), inside));
            }
            Some('=') => words(rest.as_str(), figures, &mut nodes),
            Some('`') => {
                let mut inside = Vec::new();
                words(rest.as_str(), figures, &mut inside);
                nodes.push(html! { <code>{ for inside }</code> });
            }
            Some('/') if mark == "/br" => nodes.push(html! { <br /> }),
            Some('/') if mark == "/hr" => nodes.push(html! { <hr /> }),
            _ => {}
        }
    }
    nodes.into_iter().collect()
}

fn element(name: &str, inside: Html) -> Html {
    if let Some(address) = name.strip_prefix("a ").filter(|to| to.starts_with("#/")) {
        return html! { <a href={address.to_owned()}>{ inside }</a> };
    }
    let Some(name) = ELEMENTS.into_iter().find(|known| *known == name) else {
        return inside;
    };
    let mut tag = VTag::new(name);
    tag.add_child(inside);
    tag.into()
}

fn words(text: &str, figures: &Figures, nodes: &mut Vec<Html>) {
    nodes.extend(fill(text, figures).into_iter().map(|piece| match piece {
        Piece::Words(words) => html! { { words.to_owned() } },
        Piece::Figure(figure) => html! { <bdi class="figure">{ figure.to_owned() }</bdi> },
    }));
}
