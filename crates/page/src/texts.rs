//! Every text of the page, typed: one structure of messages, one static per language. A text that a
//! language lacks does not compile. Numbers arrive already formatted (see `numbers`).

mod en;
mod sentence;
mod zh;

pub use self::sentence::sentence;

use chain::{BlockId, Height};
use wire::BlockState;

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

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// Its texts.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::Zh => &zh::TEXTS,
        }
    }
}

/// How a number is written in the reader's language.
pub type Format<'a> = &'a dyn Fn(u64) -> String;

/// A piece of a sentence that is more than words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Say(String),
    /// Whom it happened to: one node, or several.
    Me,
    /// A node, by seat; `None` for one that is not known.
    Node(Option<u32>),
    /// A block, to be clicked on: id and, where it is known, height.
    Block(BlockId, Option<Height>),
    /// Something that came from outside and is shown as it is.
    Outside(String),
}

/// A text with one, two, three numbers (or other small things) in it.
pub type With1 = fn(&str) -> String;
/// See [`With1`].
pub type With2 = fn(&str, &str) -> String;
/// See [`With1`].
pub type With3 = fn(&str, &str, &str) -> String;

/// A number with its noun, for languages that have two forms of one.
pub fn plural(number: &str, one: &str, many: &str) -> String {
    format!("{number} {}", if number == "1" { one } else { many })
}

/// All messages.
pub struct Texts {
    pub head: Head,
    pub mine: Mine,
    pub chain: Chain,
    pub block: Block,
    pub peers: Peers,
    pub log: Log,
    pub share: Share,
    pub room: Room,
    pub reset: Reset,
    pub notices: Notices,
    pub crash: Crash,
    pub common: Common,
    pub about: About,
}

/// Words used everywhere.
pub struct Common {
    pub close: &'static str,
    pub cancel: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub copy_failed: &'static str,
    pub copy_what: With1,
    pub home: &'static str,
    pub not_found: &'static str,
    pub not_found_more: &'static str,
    pub somebody: &'static str,
    pub starting: &'static str,
}

/// Header, first line, bottom bar.
pub struct Head {
    pub promise: &'static str,
    pub room: &'static str,
    pub share: &'static str,
    pub about: &'static str,
    /// The name of the other language, in that language.
    pub other_language: &'static str,
    pub dark: &'static str,
    pub light: &'static str,
    pub skip: &'static str,
    pub bar: &'static str,
    pub bar_mine: &'static str,
    pub bar_chain: &'static str,
    pub bar_peers: &'static str,
    pub bar_log: &'static str,
    /// Title of the document with the height of the tip.
    pub title: With1,
}

/// The mining panel.
pub struct Mine {
    pub title: &'static str,
    pub start: &'static str,
    pub stop: &'static str,
    pub power: &'static str,
    pub gentle: &'static str,
    pub half: &'static str,
    pub full: &'static str,
    pub exact: &'static str,
    pub workers: &'static str,
    pub duty: &'static str,
    /// Workers, cores, duty in percent.
    pub load: With3,
    /// Mining tabs, this tab's workers, its duty in percent.
    pub shared: With3,
    pub rate: &'static str,
    pub off: &'static str,
    pub measuring: &'static str,
    /// Lowest, highest, latest rate.
    pub spark: With3,
    pub target: &'static str,
    pub target_more: &'static str,
    pub odds: With1,
    pub expected: &'static str,
    pub expected_every: With1,
    /// What the room aims at, in seconds between blocks, before this tab has a rate.
    pub aims: With1,
    pub retarget: &'static str,
    pub retarget_in: With1,
    pub found: &'static str,
    pub found_of: With2,
    pub restarts: With1,
}

/// The block tree.
pub struct Chain {
    pub title: &'static str,
    pub tip: &'static str,
    pub agree: With1,
    pub some_here: With2,
    pub compete: With1,
    pub picture: &'static str,
    pub keys: &'static str,
    pub as_table: &'static str,
    pub as_tree: &'static str,
    pub newest: &'static str,
    pub hint_first: &'static str,
    pub hint_mining: &'static str,
    pub next: &'static str,
    /// Height, short hash, state, finder.
    pub label: fn(&str, &str, &str, &str) -> String,
    pub standing: With1,
    pub earlier: With1,
    pub state: fn(BlockState) -> &'static str,
    pub legend: &'static str,
    pub legend_miner: &'static str,
    pub legend_tip: &'static str,
    pub legend_rival: &'static str,
    pub legend_stale: &'static str,
    pub legend_unseen: &'static str,
    pub legend_stand: &'static str,
    pub col_height: &'static str,
    pub col_hash: &'static str,
    pub col_miner: &'static str,
    pub col_state: &'static str,
    pub col_nodes: &'static str,
    pub genesis: &'static str,
}

/// A block's details.
pub struct Block {
    pub title: With1,
    pub newest: &'static str,
    pub follow: &'static str,
    pub previous: &'static str,
    pub next: &'static str,
    pub loading: &'static str,
    pub unknown: &'static str,
    pub header: &'static str,
    /// Names of the six fields, in their order: long, short, meaning.
    pub fields: [(&'static str, &'static str, &'static str); 6],
    pub hash: &'static str,
    pub target: &'static str,
    pub below: With1,
    pub above: &'static str,
    pub proof: &'static str,
    pub found_by: &'static str,
    pub tries: With1,
    pub confirmations: &'static str,
    pub confirmed: With1,
    pub off_chain: &'static str,
    pub work: &'static str,
    pub raw: &'static str,
    pub transactions: &'static str,
    pub no_body: &'static str,
    pub coinbase: &'static str,
    pub transfer: &'static str,
    pub bytes: With1,
    pub more: With1,
}

/// Tabs and nodes.
pub struct Peers {
    pub title: &'static str,
    pub count: With2,
    pub tab: With1,
    pub this_tab: &'static str,
    pub alone: &'static str,
    pub add: &'static str,
    pub remove: With1,
    pub joined_tab: With1,
    pub joined_node: With1,
    pub cut: &'static str,
    pub cut_tab: &'static str,
    pub silent: &'static str,
    pub mining: &'static str,
    pub syncing: With2,
    pub loading: With2,
    pub tip: &'static str,
    pub switch_hint: &'static str,
}

/// The event log.
pub struct Log {
    pub title: &'static str,
    pub empty: &'static str,
    pub filters: &'static str,
    pub all_nodes: &'static str,
    pub of_node: &'static str,
    pub kinds: [&'static str; 5],
    pub none_match: &'static str,
    /// Between the names of several nodes.
    pub between: &'static str,
    /// After the first names: how many further nodes.
    pub more: With1,
}

/// The share dialog.
pub struct Share {
    pub title: &'static str,
    pub lead: &'static str,
    pub link: &'static str,
    pub qr: &'static str,
    pub elsewhere: &'static str,
    pub never_mines: &'static str,
    pub too_long: &'static str,
}

/// The room dialog.
pub struct Room {
    pub title: &'static str,
    pub lead: &'static str,
    pub now: &'static str,
    pub rules: fn(&str, &str, &str) -> String,
    pub presets: &'static str,
    /// A preset's name and one line on it, by its key.
    pub preset: fn(&str) -> Option<(&'static str, &'static str)>,
    pub own: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub spacing: &'static str,
    pub start: &'static str,
    pub window: &'static str,
    pub halving: &'static str,
    pub seconds: &'static str,
    pub blocks: &'static str,
    pub range: With2,
    pub odds: With1,
    pub open: &'static str,
    pub recent: &'static str,
    pub bad: &'static str,
    pub bad_lead: &'static str,
    pub bad_code: fn(&str) -> &'static str,
    pub bad_value: &'static str,
    pub to_default: &'static str,
}

/// Reset and undo.
pub struct Reset {
    pub button: &'static str,
    pub title: &'static str,
    pub lead: With1,
    pub undoable: &'static str,
    pub confirm: &'static str,
    pub done: &'static str,
    pub undo: &'static str,
    pub undone: &'static str,
}

/// Banners and short messages.
pub struct Notices {
    pub title: &'static str,
    pub memory: &'static str,
    pub memory_why: With1,
    pub other_data: With1,
    pub other_version: &'static str,
    pub reload: &'static str,
    pub dismiss: &'static str,
    pub syncing: With3,
    pub loading: With2,
    pub failed: With1,
    /// Plain words for the code of a failure.
    pub failure: fn(&str) -> Option<&'static str>,
    pub you_found: With1,
    pub switched: With2,
}

/// The crash dialog.
pub struct Crash {
    pub title: &'static str,
    pub restarting: &'static str,
    pub restarted: &'static str,
    pub gave_up: &'static str,
    pub old_page: &'static str,
    pub page: &'static str,
    pub report: &'static str,
    pub copy: &'static str,
    pub again: &'static str,
}

/// The page about it all.
pub struct About {
    pub title: &'static str,
    pub lead: &'static str,
    pub back: &'static str,
    pub how: &'static str,
    pub how_steps: &'static [&'static str],
    pub words: &'static str,
    /// Term and meaning.
    pub glossary: &'static [(&'static str, &'static str)],
    pub keys: &'static str,
    /// Key and what it does.
    pub key_list: &'static [(&'static str, &'static str)],
    pub script: &'static str,
    pub script_lead: &'static str,
    /// What each method of the scripting interface does, in the order of `script::METHODS`.
    pub script_list: [&'static str; 12],
    pub honest: &'static str,
    pub honest_lines: &'static [&'static str],
}

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
