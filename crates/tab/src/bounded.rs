//! A queue that is bounded in items and in bytes: the oldest give way.

use std::collections::VecDeque;

/// First in, first out, within limits.
#[derive(Debug)]
pub struct Bounded<T> {
    items: VecDeque<(usize, T)>,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
    dropped: u32,
}

impl<T> Bounded<T> {
    /// An empty queue with these limits.
    #[must_use]
    pub fn new(most_items: usize, most_bytes: usize) -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            most_items,
            most_bytes,
            dropped: 0,
        }
    }

    /// Adds an item that weighs `bytes`; drops the oldest until all fit.
    pub fn push(&mut self, bytes: usize, item: T) {
        self.items.push_back((bytes, item));
        self.bytes = self.bytes.saturating_add(bytes);
        while self.items.len() > self.most_items || self.bytes > self.most_bytes {
            let Some((bytes, _)) = self.items.pop_front() else {
                return;
            };
            self.bytes -= bytes;
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Takes the oldest item.
    pub fn pop(&mut self) -> Option<T> {
        let (bytes, item) = self.items.pop_front()?;
        self.bytes -= bytes;
        Some(item)
    }

    /// Keeps only what `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.items.retain(|(_, item)| keep(item));
        self.bytes = self.items.iter().map(|(bytes, _)| bytes).sum();
    }

    /// How many items there are.
    #[cfg(test)]
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What all items weigh.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many items have given way since the last call.
    pub fn take_dropped(&mut self) -> u32 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_give_way() {
        let mut queue = Bounded::new(3, 100);
        for n in 0..5 {
            queue.push(10, n);
        }
        assert_eq!(queue.take_dropped(), 2);
        assert_eq!((queue.len(), queue.bytes()), (3, 30));
        assert_eq!(queue.pop(), Some(2));
        queue.push(95, 5);
        assert_eq!((queue.len(), queue.bytes(), queue.pop()), (1, 95, Some(5)));
        assert_eq!((queue.bytes(), queue.pop()), (0, None));
    }

    #[test]
    fn an_item_larger_than_the_queue_does_not_stay() {
        let mut queue = Bounded::new(3, 100);
        queue.push(101, ());
        assert!(queue.is_empty());
        assert_eq!((queue.bytes(), queue.take_dropped()), (0, 1));
    }

    #[test]
    fn removed_items_weigh_nothing() {
        let mut queue = Bounded::new(10, 100);
        for n in 0..6 {
            queue.push(n, n);
        }
        queue.retain(|n| n % 2 == 1);
        assert_eq!((queue.len(), queue.bytes()), (3, 9));
    }
}
