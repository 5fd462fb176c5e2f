//! The words of the live room, except for its panels, which have their own.

use kit::lang::{With1, With2, plural, words};

words! {
    /// The room as a whole.
    pub struct Live {
        promise {
            en: "A real blockchain that lives in the tabs of your browser. Press Mine, open a second tab, and watch the two compete and agree.",
            zh: "一条真实的区块链，就运行在您浏览器的标签页里。点击“开始挖矿”，再打开一个标签页，看它们竞争并达成一致。",
        }
        starting { en: "Starting the nodes of this tab…", zh: "正在启动此标签页的节点…" }
        bar { en: "Panels", zh: "面板" }
        bar_mine { en: "Mine", zh: "挖矿" }
        bar_chain { en: "Chain", zh: "链" }
        bar_peers { en: "Peers", zh: "节点" }
        bar_log { en: "Log", zh: "日志" }
        you_found: With1 {
            en: |height| format!("This tab found block {height}."),
            zh: |height| format!("本标签页挖到了区块 {height}。"),
        }
        switched: With2 {
            en: |undone, applied| {
                format!(
                    "Another branch won: {} undone, {applied} applied.",
                    plural(undone, "block", "blocks")
                )
            },
            zh: |undone, applied| {
                format!("另一分支获胜：撤销 {undone} 个区块，应用 {applied} 个区块。")
            },
        }
    }
}
