//! Which words of a list may be meant by one that is not on it.

use alloc::vec::Vec;

use super::{Language, MOST_MEANT};

/// How many letters of an English word tell it from all others.
const TELLING: usize = 4;
/// No English word has more letters, and one that has two more is none of them.
const LONGEST: usize = 10;

/// The words that may be meant, the likeliest first: what begins with the same four letters, then what takes
/// the fewest changes, two at most. Chinese characters are not compared by their look, so none is proposed.
pub(super) fn meant(language: Language, word: &str) -> Vec<&'static str> {
    let mut near: Vec<(usize, &'static str)> = Vec::new();
    if language == Language::English && word.is_ascii() && word.len() <= LONGEST {
        let start = word.get(..TELLING);
        for &listed in language.list().word_list() {
            let same_start = start.is_some_and(|start| listed.starts_with(start));
            match changes(word, listed) {
                _ if same_start => near.push((0, listed)),
                few @ ..=2 => near.push((few, listed)),
                _ => {}
            }
        }
    }
    near.sort_unstable();
    near.into_iter()
        .map(|(_, word)| word)
        .take(MOST_MEANT)
        .collect()
}

/// The words that are one change away.
pub(super) fn neighbours(
    language: Language,
    word: &str,
) -> impl Iterator<Item = &'static str> + use<'_> {
    let words = language.list().word_list().iter().copied();
    words.filter(move |listed| language == Language::English && changes(word, listed) == 1)
}

/// How many letters must be changed, added, left out, or swapped with the next (the distance of optimal string
/// alignment).
fn changes(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Distances of the prefixes: two rows before, the row before, and this row.
    let mut earlier: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = Vec::with_capacity(before.len());
        row.push(i + 1);
        for (j, b) in other.iter().enumerate() {
            let changed = before[j] + usize::from(a != b);
            let mut least = changed.min(before[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(earlier[j - 1] + 1);
            }
            row.push(least);
        }
        earlier = core::mem::replace(&mut before, row);
    }
    before[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted() {
        for (one, other, count) in [
            ("zoo", "zoo", 0),
            ("zo", "zoo", 1),
            ("ozo", "zoo", 1),
            ("zxo", "zoo", 1),
            ("", "zoo", 3),
            ("about", "above", 2),
        ] {
            assert_eq!(changes(one, other), count, "{one} {other}");
            assert_eq!(changes(other, one), count, "{other} {one}");
        }
    }
}
