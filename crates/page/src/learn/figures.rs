//! Fills the placeholders of articles with the numbers of the current room.

use kit::numbers::Numbers;

use crate::bridge::Picture;

/// Stands in for a number that is not known yet.
const UNKNOWN: &str = "…";

/// The figures, each with the name of its placeholder, such as `height` for `{height}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures(Vec<(&'static str, String)>);

impl Figures {
    /// The names of all placeholders.
    pub const PLACES: [&'static str; 7] = [
        "room", "spacing", "window", "halving", "bits", "tries", "height",
    ];

    /// The figures of a room.
    pub fn of(picture: &Picture, n: &Numbers) -> Self {
        let (room, target) = (&picture.room, &picture.target);
        let param = |name: &str, say: &dyn Fn(u64) -> String| {
            room.param(name).map_or_else(|| UNKNOWN.to_owned(), say)
        };
        let values = [
            room.name.clone(),
            param("spacing", &|seconds| n.duration(seconds * 1000)),
            param("window", &|blocks| n.whole(blocks)),
            param("halving", &|blocks| n.whole(blocks)),
            format!("{:08x}", target.bits),
            n.compact(target.expected_tries),
            n.whole(picture.tip.height),
        ];
        Self(Self::PLACES.into_iter().zip(values).collect())
    }

    /// The figure for a placeholder.
    fn get(&self, place: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| *name == place);
        found.map_or(UNKNOWN, |(_, figure)| figure)
    }
}

/// A piece of a text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as written.
    Words(&'a str),
    /// A figure.
    Figure(&'a str),
}

/// Fills the placeholders of a text; braces around anything else stay as they are.
pub fn fill<'a>(text: &'a str, figures: &'a Figures) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let (mut rest, mut searched) = (text, 0);
    while let Some(open) = rest[searched..].find('{').map(|at| at + searched) {
        let close = rest[open..].find('}').map(|at| at + open);
        let name = close.map(|close| &rest[open + 1..close]);
        match (name, close) {
            (Some(name), Some(close)) if Figures::PLACES.contains(&name) => {
                if open > 0 {
                    pieces.push(Piece::Words(&rest[..open]));
                }
                pieces.push(Piece::Figure(figures.get(name)));
                (rest, searched) = (&rest[close + 1..], 0);
            }
            _ => searched = open + 1,
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::Piece::{Figure, Words};
    use super::*;

    #[test]
    fn places_are_filled_and_other_braces_are_left_alone() {
        let figures = Figures(vec![("height", "7".to_owned())]);
        assert_eq!(
            fill("{height} of {room}, {a} {", &figures),
            [
                Figure("7"),
                Words(" of "),
                Figure(UNKNOWN),
                Words(", {a} {")
            ]
        );
        assert_eq!(
            fill("{{height}}", &figures),
            [Words("{"), Figure("7"), Words("}")]
        );
        assert_eq!(fill("", &figures), []);
        assert_eq!(fill("块{x", &figures), [Words("块{x")]);
    }

    #[test]
    fn a_figure_is_never_read_as_a_place() {
        let figures = Figures(vec![("room", "{height}".to_owned())]);
        assert_eq!(fill("{room}", &figures), [Figure("{height}")]);
    }
}
