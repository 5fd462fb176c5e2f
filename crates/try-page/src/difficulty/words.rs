//! The words of the room about difficulty.

use kit::lang::{With1, With2, Word, word, words};

use super::rules::Rule;

words! {
    /// Hash power and rules.
    pub struct Difficulty {
        power { en: "Hash power becomes", zh: "算力变为" }
        times: With1 { en: |factor| format!("{factor} × as much"), zh: |factor| format!("原来的 {factor} 倍") }
        window { en: "Bitcoin’s window, in blocks", zh: "比特币规则的窗口（区块数）" }
        luck { en: "Other luck", zh: "换一种运气" }
        chart { en: "How long a block takes on average, as a multiple of the wished time", zh: "一个区块平均耗时，以期望时间的倍数表示" }
        chart_said { en: "The figures are in the table below.", zh: "数据见下表。" }
        change { en: "power changes", zh: "算力变化" }
        rule { en: "Rule", zh: "规则" }
        slowest { en: "Slowest", zh: "最慢" }
        back { en: "Back after", zh: "恢复所需" }
        blocks: With1 { en: |blocks| format!("{blocks} blocks"), zh: |blocks| format!("{blocks} 个区块") }
        never { en: "never", zh: "从未" }
        still { en: "stands still", zh: "停滞" }
        took { en: "1,000 blocks took", zh: "1,000 个区块耗时" }
        planned { en: "1,000 blocks on time take", zh: "1,000 个区块按计划耗时" }
        axis: With2 {
            en: |before, after| format!("{before} blocks before the change to {after} after it; log scale; back means within a quarter for ten blocks"),
            zh: |before, after| format!("变化前 {before} 个区块至变化后 {after} 个区块；对数刻度；“恢复”指连续十个区块偏差在四分之一以内"),
        }
        same_luck {
            en: "All four chains have the same luck: only the rule differs.",
            zh: "四条链的运气完全相同：区别只在规则。",
        }
    }
}

/// The name of a rule, and how it works.
pub fn rule(rule: Rule) -> (Word, Word) {
    match rule {
        Rule::Windows => (
            word("Bitcoin", "比特币"),
            word(
                "once in a window, by the time it took, at most by 4",
                "每个窗口调整一次，依据窗口耗时，至多 4 倍",
            ),
        ),
        Rule::Weighted => (
            word("LWMA", "LWMA"),
            word(
                "each block, by the last 60, the newest weighing the most",
                "每个区块调整，依据最近 60 个区块，越新权重越大",
            ),
        ),
        Rule::Planned => (
            word("ASERT", "ASERT"),
            word(
                "each block, by how far the chain is from its plan",
                "每个区块调整，依据链偏离计划的程度",
            ),
        ),
        Rule::Clamped => (
            word("Clamped", "截断"),
            word(
                "like LWMA over 15 blocks, but none counts as late: it spirals",
                "类似 15 个区块的 LWMA，但不承认任何区块迟到：难度螺旋上升",
            ),
        ),
    }
}
