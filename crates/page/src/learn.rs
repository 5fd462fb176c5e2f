//! Articles about protocols, fetched when they are opened and filled in with this room's numbers.

mod article;
mod figures;
mod marks;
mod words;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use self::article::Article;
pub use self::figures::Figures;

/// The topic of an article: there is one for each protocol of the registry, by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic(&'static str);

/// All topics.
pub const TOPICS: [Topic; 3] = [Topic("pow"), Topic("raft"), Topic("pbft")];

impl Topic {
    /// The topic of this short name.
    pub fn find(id: &str) -> Option<Self> {
        TOPICS.into_iter().find(|topic| topic.0 == id)
    }

    /// Its short name.
    pub fn id(self) -> &'static str {
        self.0
    }
}

/// Marks drawn as elements, for the tests.
#[cfg(all(test, target_arch = "wasm32"))]
pub fn drawn(marks: &str) -> yew::Html {
    self::marks::elements(marks, &Figures::default())
}
