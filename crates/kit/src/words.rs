//! The words of the toolkit.

use super::lang::{With1, words};

words! {
    /// Words of the parts that every room uses.
    pub struct Kit {
        close { en: "Close", zh: "关闭" }
        copied { en: "Copied", zh: "已复制" }
        copy_failed {
            en: "The browser refused to copy. Select the text instead.",
            zh: "浏览器拒绝复制，请手动选择文本。",
        }
        copy_what: With1 { en: |what| format!("Copy {what}"), zh: |what| format!("复制{what}") }
        somebody { en: "an unknown node", zh: "未知节点" }
    }
}
