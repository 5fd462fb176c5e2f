//! Which number a block has: a trie over the four-bit digits of block ids, as a persistent value. Ids are
//! hashes, so about log16(n) digits tell n blocks apart; sharing so many more that it hurts is work that nobody
//! can pay for.

use alloc::sync::Arc;

use crate::BlockId;

/// A part of the trie: all blocks whose ids begin alike.
#[derive(Clone, Debug, Default)]
pub(super) enum Numbers {
    /// No block.
    #[default]
    None,
    /// The only one.
    One(u32),
    /// At least two, by the next digit.
    Fork(Arc<[Numbers; 16]>),
}

/// A digit of an id.
fn digit(id: &BlockId, depth: usize) -> usize {
    let byte = id.as_bytes()[depth / 2];
    usize::from(if depth.is_multiple_of(2) {
        byte & 15
    } else {
        byte >> 4
    })
}

impl Numbers {
    /// The only block that can have this id: ask it whether it has.
    pub fn candidate(&self, id: &BlockId) -> Option<u32> {
        let (mut at, mut depth) = (self, 0);
        while let Self::Fork(next) = at {
            at = &next[digit(id, depth)];
            depth += 1;
        }
        match at {
            Self::One(number) => Some(*number),
            Self::None | Self::Fork(_) => None,
        }
    }

    /// Adds a block that is not there; `id_of` knows the ids of all others.
    pub fn insert(&mut self, id: &BlockId, number: u32, id_of: impl Fn(u32) -> BlockId) {
        let (mut at, mut depth) = (self, 0);
        loop {
            match at {
                Self::None => return *at = Self::One(number),
                Self::One(other) => {
                    let mut fork = [const { Self::None }; 16];
                    fork[digit(&id_of(*other), depth)] = Self::One(*other);
                    *at = Self::Fork(Arc::new(fork));
                }
                Self::Fork(next) => {
                    at = &mut Arc::make_mut(next)[digit(id, depth)];
                    depth += 1;
                }
            }
        }
    }

    /// Forgets a block that is there.
    pub fn remove(&mut self, id: &BlockId) {
        self.remove_below(id, 0);
    }

    fn remove_below(&mut self, id: &BlockId, depth: usize) {
        let Self::Fork(next) = self else {
            return *self = Self::None;
        };
        let next = Arc::make_mut(next);
        next[digit(id, depth)].remove_below(id, depth + 1);
        let mut left = next.iter().filter(|part| !matches!(part, Self::None));
        // What one block is left of needs no fork.
        *self = match (left.next(), left.next()) {
            (None, _) => Self::None,
            (Some(Self::One(number)), None) => Self::One(*number),
            _ => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many of these ids begin alike.
    fn id(number: u32) -> BlockId {
        let mut bytes = [0; 32];
        bytes[30] = (number / 16) as u8;
        bytes[31] = (number % 16) as u8 * 17;
        BlockId::from_bytes(bytes)
    }

    #[test]
    fn blocks_are_found_until_they_are_removed() {
        let mut numbers = Numbers::default();
        for number in 0..200 {
            numbers.insert(&id(number), number, id);
        }
        let before = numbers.clone();
        for number in (0..200).filter(|number| number % 7 != 0) {
            assert_eq!(numbers.candidate(&id(number)), Some(number));
            numbers.remove(&id(number));
        }
        for number in 0..200 {
            let found = numbers.candidate(&id(number));
            let found = found.filter(|found| *found == number);
            assert_eq!(found, (number % 7 == 0).then_some(number));
            assert_eq!(before.candidate(&id(number)), Some(number));
        }
        (0..200)
            .step_by(7)
            .for_each(|number| numbers.remove(&id(number)));
        assert!(matches!(numbers, Numbers::None), "nothing is left behind");
    }
}
