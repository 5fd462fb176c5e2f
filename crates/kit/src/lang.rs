//! The languages, and how the page's words are written: both languages of an item side by side and
//! typed, so that a missing translation does not compile. Numbers arrive formatted (see `numbers`).

/// The languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The language for a BCP 47 tag such as `zh-TW`.
    pub fn of(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        if tag == "zh" || tag.starts_with("zh-") {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// Its name in the file names of articles.
    pub fn file(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

/// A group of words; see [`words!`].
pub trait Words: Sized + 'static {
    /// The words in a language.
    fn of(lang: Lang) -> &'static Self;
}

/// One text in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    en: &'static str,
    zh: &'static str,
}

impl Word {
    /// The text in a language.
    pub const fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

/// A text in each language.
pub const fn word(en: &'static str, zh: &'static str) -> Word {
    Word { en, zh }
}

/// The text for something that goes by a short name; that name where no words are known for it.
pub fn word_or(known: Option<Word>, lang: Lang, name: &str) -> String {
    known.map_or(name, |word| word.of(lang)).to_owned()
}

/// A text with one placeholder, for a formatted number or a short text.
pub type With1 = fn(&str) -> String;
/// Like [`With1`], with two placeholders.
pub type With2 = fn(&str, &str) -> String;
/// Like [`With1`], with three placeholders.
pub type With3 = fn(&str, &str, &str) -> String;

/// A number with its noun, for languages with a singular and a plural.
pub fn plural(number: &str, one: &str, many: &str) -> String {
    format!("{number} {}", if number == "1" { one } else { many })
}

/// Defines a struct of words: its name, then each word in both languages. A word is a plain text
/// unless it names a type, such as [`With1`].
#[macro_export]
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            $(
                $(#[$word_doc:meta])*
                $word:ident $(: $kind:ty)? { en: $en:expr, zh: $zh:expr $(,)? }
            )*
        }
    ) => {
        $(#[$doc])*
        pub struct $name {
            $($(#[$word_doc])* pub $word: $crate::words!(@kind $($kind)?),)*
        }

        impl $crate::lang::Words for $name {
            fn of(lang: $crate::lang::Lang) -> &'static Self {
                static EN: $name = $name { $($word: $en,)* };
                static ZH: $name = $name { $($word: $zh,)* };
                match lang {
                    $crate::lang::Lang::En => &EN,
                    $crate::lang::Lang::Zh => &ZH,
                }
            }
        }
    };
    (@kind) => { &'static str };
    (@kind $kind:ty) => { $kind };
}

pub use crate::words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_tags() {
        assert_eq!(Lang::of("zh-TW"), Lang::Zh);
        assert_eq!(Lang::of("ZH"), Lang::Zh);
        assert_eq!(Lang::of("zha"), Lang::En);
        assert_eq!(Lang::of("de-AT"), Lang::En);
        assert_eq!(Lang::of(""), Lang::En);
    }
}
