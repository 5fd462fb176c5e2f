//! A list under dense numbers as a persistent value: `clone` costs O(1), the first change after it copies
//! one chunk and a pointer for each other. Reading costs O(1).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// Places that are copied together. Enough that a list is few allocations, few enough that copying them
/// costs little.
const CHUNK: usize = 16;

type Chunk<T> = Arc<[Option<T>; CHUNK]>;

/// Values by number. Numbers that follow each other are close in memory, so give them out densely.
#[derive(Clone)]
pub struct Dense<T> {
    chunks: Arc<Vec<Chunk<T>>>,
}

/// The chunk of a number, and the place in it.
fn split(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / CHUNK, number % CHUNK)
}

impl<T> Dense<T> {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        let chunks = Arc::default();
        Self { chunks }
    }

    /// The value of a number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&T> {
        let (chunk, place) = split(number);
        self.chunks.get(chunk)?[place].as_ref()
    }
}

impl<T: Clone> Dense<T> {
    /// The value of a number, to be changed.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let (chunk, place) = split(number);
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(chunk)?;
        Arc::make_mut(chunk)[place].as_mut()
    }

    /// Sets the value of a number.
    pub fn set(&mut self, number: u32, value: T) {
        let (chunk, place) = split(number);
        let chunks = Arc::make_mut(&mut self.chunks);
        while chunks.len() <= chunk {
            chunks.push(Arc::new([const { None }; CHUNK]));
        }
        Arc::make_mut(&mut chunks[chunk])[place] = Some(value);
    }

    /// Takes out the value of a number.
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let (chunk, place) = split(number);
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(chunk)?;
        Arc::make_mut(chunk)[place].take()
    }
}

impl<T> Default for Dense<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Dense<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunks = self.chunks.len();
        f.debug_struct("Dense").field("chunks", &chunks).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_there_until_it_is_removed() {
        let mut list = Dense::new();
        for number in [0, 15, 16, 1_000] {
            list.set(number, number);
        }
        assert_eq!(list.get(16), Some(&16));
        assert_eq!(
            [list.get(17), list.get(1_001), list.get(u32::MAX)],
            [None; 3]
        );
        *list.get_mut(15).expect("set") = 7;
        assert_eq!((list.remove(15), list.remove(15)), (Some(7), None));
        assert_eq!(list.get_mut(2_000), None);
        assert_eq!(list.remove(2_000), None);
    }

    #[test]
    fn clones_go_their_own_ways() {
        let mut one = Dense::new();
        (0..40).for_each(|number| one.set(number, 0));
        let mut two = one.clone();
        two.set(3, 2);
        *one.get_mut(39).expect("set") = 1;
        assert_eq!((one.get(3), one.get(39)), (Some(&0), Some(&1)));
        assert_eq!((two.get(3), two.get(39)), (Some(&2), Some(&0)));
    }
}
