//! Draws marks as elements. `cargo xtask seal` makes marks from a Markdown text
//! (`crates/xtask/src/content.rs`), one per line: `<p` begins an element, `>` ends it, `=` is text,
//! `` ` `` is code, `<a #/live` begins a link, `/br` is a line break and `/hr` a rule.

use std::str::Lines;

use yew::prelude::*;
use yew::virtual_dom::VTag;

use super::figures::{Figures, Piece, fill};

/// The elements that a text may have; of any other, only the content is drawn.
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

/// The elements of a text. No text is parsed as HTML, and links lead only to routes of this page.
pub fn elements(marks: &str, figures: &Figures) -> Html {
    children(&mut marks.lines(), figures)
}

/// Everything up to the end of the current element. The recursion is as deep as the text's nesting,
/// which is safe because we wrote the text.
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
