//! The words of the frame around the rooms.

use kit::lang::{With1, Word, word, words};

words! {
    /// Header, titles, and the page for unknown addresses.
    pub struct Shell {
        room { en: "Room", zh: "房间" }
        share { en: "Share", zh: "分享" }
        about { en: "About", zh: "关于" }
        try_it { en: "Try", zh: "试一试" }
        /// The name of the other language, in that language.
        other_language { en: "中文", zh: "English" }
        dark { en: "Dark colours", zh: "深色" }
        light { en: "Light colours", zh: "浅色" }
        skip { en: "Skip to the chain", zh: "跳到区块链" }
        /// Title of the document; takes the height of the tip.
        title: With1 {
            en: |height| format!("Block {height} · Tabchain"),
            zh: |height| format!("区块 {height} · Tabchain"),
        }
        home { en: "To the chain", zh: "返回链页面" }
        not_found { en: "There is nothing here", zh: "这里什么也没有" }
        not_found_more {
            en: "The address after # leads nowhere. Your nodes are still running.",
            zh: "# 之后的地址没有对应的页面。您的节点仍在运行。",
        }
    }
}

words! {
    /// While a program that draws in the page is fetched, and when it cannot be.
    pub struct Fetching {
        loading { en: "Loading …", zh: "正在加载……" }
        failed {
            en: "This part of the page could not be loaded. Check the connection and try again. Your nodes go on meanwhile.",
            zh: "页面的这一部分无法加载。请检查网络连接后重试。您的节点仍在继续运行。",
        }
        again { en: "Try again", zh: "重试" }
    }
}

/// Shown when the page's own code has panicked.
pub const PAGE_CRASHED: Word = word(
    "The page itself crashed. Reload it: the chain is saved.",
    "页面本身崩溃了。请重新加载：链已保存。",
);
