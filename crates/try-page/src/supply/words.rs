//! The words of the room about the supply.

use kit::lang::{With1, With2, With3, words};

words! {
    /// Subsidies and their sum.
    pub struct Supply {
        height { en: "Up to block", zh: "截至区块" }
        block: With1 { en: |height| format!("block {height}"), zh: |height| format!("区块 {height}") }
        sum { en: "Coins that exist by then", zh: "届时存在的币" }
        share { en: "Of all there will ever be", zh: "占最终总量" }
        subsidy { en: "This block creates", zh: "此区块新增" }
        next { en: "Blocks until the next halving", zh: "距下次减半的区块数" }
        no_next { en: "none: nothing is left to halve", zh: "无：已无可减半" }
        coins: With1 { en: |amount| format!("{amount} coins"), zh: |amount| format!("{amount} 币") }
        total { en: "All there will ever be", zh: "最终总量" }
        satoshi: With1 { en: |amount| format!("{amount} satoshi"), zh: |amount| format!("{amount} 聪") }
        why_not_21 {
            en: "It is not 21 million: each halving drops what is less than a satoshi.",
            zh: "并非 2100 万整：每次减半都会舍去不足一聪的部分。",
        }
        chart { en: "Coins over height", zh: "随高度增长的币量" }
        chart_said: With3 {
            en: |coins, height, share| format!("By block {height} there are {coins} coins, {share} of all"),
            zh: |coins, height, share| format!("到区块 {height} 共有 {coins} 币，占总量 {share}"),
        }
        eras { en: "All 33 eras", zh: "全部 33 个阶段" }
        from { en: "From block", zh: "起始区块" }
        each { en: "Each block creates", zh: "每个区块新增" }
        by_end { en: "Coins by its end", zh: "阶段结束时的币量" }
        axis: With2 {
            en: |from, to| format!("blocks {from} to {to}; line: all coins; bars: what an era adds"),
            zh: |from, to| format!("区块 {from} 至 {to}；折线：币的总量；柱：每个阶段的新增量"),
        }
    }
}
