//! The words of banners and short messages.

use crate::kit::lang::{With1, With2, With3, Word, word, words};

words! {
    /// Banners and short messages.
    pub struct Notices {
        title { en: "Notices", zh: "提示" }
        memory {
            en: "The chain is kept in memory only and is lost when this tab closes.",
            zh: "链仅保存在内存中，关闭此标签页后将丢失。",
        }
        memory_why: With1 { en: |why| format!("Reason: {why}"), zh: |why| format!("原因：{why}") }
        other_data: With1 {
            en: |version| {
                format!(
                    "This browser holds data of another version of Tabchain (format {version}). It was left alone; this session is kept in memory only."
                )
            },
            zh: |version| {
                format!(
                    "此浏览器中存有另一版本 Tabchain 的数据（格式 {version}）。该数据保持不变；本次会话仅保存在内存中。"
                )
            },
        }
        other_version {
            en: "Another tab runs another version of Tabchain; the two do not talk. Reload both.",
            zh: "另一个标签页运行着不同版本的 Tabchain，两者无法通信。请重新加载它们。",
        }
        reload { en: "Reload", zh: "重新加载" }
        dismiss { en: "Dismiss", zh: "关闭提示" }
        syncing: With3 {
            en: |name, have, want| format!("{name} catches up: {have} of {want} blocks"),
            zh: |name, have, want| format!("{name} 正在同步：{have} / {want} 个区块"),
        }
        loading: With2 {
            en: |have, all| format!("Reading saved blocks: {have} of {all}"),
            zh: |have, all| format!("正在读取已保存的区块：{have} / {all}"),
        }
        failed: With1 {
            en: |why| format!("That did not work: {why}"),
            zh: |why| format!("操作未成功：{why}"),
        }
        reset_done { en: "The room was reset.", zh: "房间已重置。" }
        undo { en: "Undo", zh: "撤销" }
        undone { en: "The reset was undone.", zh: "重置已撤销。" }
    }
}

/// Plain words for the code of a failure.
pub fn failure(code: &str) -> Option<Word> {
    Some(match code {
        "too-many-nodes" => word(
            "A tab hosts at most 16 nodes.",
            "一个标签页最多承载 16 个节点。",
        ),
        "last-node" => word(
            "The last node of a tab stays.",
            "标签页的最后一个节点不能移除。",
        ),
        "nothing-to-undo" => word(
            "There is nothing to undo any more.",
            "已经没有可撤销的操作。",
        ),
        "unknown-block" => word("This tab does not have that block.", "此标签页没有该区块。"),
        "unknown-node" => word("That node is gone.", "该节点已不存在。"),
        "unknown-tab" => word("That tab is gone.", "该标签页已不存在。"),
        "held-up" => word(
            "Another page of this browser is in the way and does not answer. Close it or reload it, then try again.",
            "此浏览器的另一个页面挡住了这一操作且没有响应。请关闭或重新加载该页面后再试。",
        ),
        "not-ready" => word("This tab is not ready.", "此标签页尚未就绪。"),
        "engine-lost" => word(
            "The engine of this tab stopped before it was done.",
            "此标签页的引擎在完成之前停止了。",
        ),
        _ => return None,
    })
}
