//! The words of the mining panel.

use kit::lang::{With1, With2, With3, plural, words};

words! {
    /// The mining panel.
    pub struct Mine {
        title { en: "Mine", zh: "挖矿" }
        start { en: "Mine", zh: "开始挖矿" }
        stop { en: "Stop mining", zh: "停止挖矿" }
        power { en: "Power", zh: "功率" }
        gentle { en: "Gentle", zh: "温和" }
        half { en: "Half", zh: "一半" }
        full { en: "Full", zh: "全力" }
        exact { en: "Exact power", zh: "精确设置" }
        workers { en: "Workers", zh: "工作线程" }
        duty { en: "Working time, %", zh: "工作时间占比 (%)" }
        /// Takes workers, cores, and duty in percent.
        load: With3 {
            en: |workers, cores, duty| {
                let of = plural(cores, "core", "cores");
                if duty == "100" {
                    format!("{workers} of {of}, all the time")
                } else {
                    format!("{workers} of {of}, {duty}% of the time")
                }
            },
            zh: |workers, cores, duty| {
                if duty == "100" {
                    format!("{cores} 核中的 {workers} 核，全程运行")
                } else {
                    format!("{cores} 核中的 {workers} 核，{duty}% 的时间")
                }
            },
        }
        /// Takes the number of mining tabs, this tab's workers, and its duty in percent.
        shared: With3 {
            en: |tabs, workers, duty| {
                let workers = plural(workers, "worker", "workers");
                format!("{tabs} tabs mine and share this power: {workers} at {duty}% here")
            },
            zh: |tabs, workers, duty| {
                format!("{tabs} 个标签页正在挖矿并共享此功率：这里 {workers} 个线程，{duty}%")
            },
        }
        rate { en: "Hash rate", zh: "算力" }
        off { en: "Not mining. Nothing runs until you press the button.", zh: "未在挖矿。按下按钮之前不会运行任何计算。" }
        measuring { en: "measuring…", zh: "测量中…" }
        /// Takes the lowest, highest and latest rate.
        spark: With3 {
            en: |low, high, now| {
                format!("Hash rate over the last minute: lowest {low}, highest {high}, now {now}")
            },
            zh: |low, high, now| format!("最近一分钟的算力：最低 {low}，最高 {high}，当前 {now}"),
        }
        target { en: "Target", zh: "目标值" }
        target_more {
            en: "A block counts only if its hash, read as a number, is not above the target.",
            zh: "只有当区块的哈希作为数字不大于目标值时，区块才有效。",
        }
        odds: With1 {
            en: |tries| format!("1 in {tries} tries"),
            zh: |tries| format!("约每{tries}次尝试中 1 次"),
        }
        expected { en: "Expected", zh: "预计" }
        expected_every: With1 {
            en: |time| format!("one block every {time}"),
            zh: |time| format!("每{time}一个区块"),
        }
        /// Shown while this tab has no rate; takes the room's time between blocks.
        aims: With1 {
            en: |time| format!("the room aims for one every {time}"),
            zh: |time| format!("房间目标为每{time}一个"),
        }
        retarget { en: "Adjusts", zh: "调整" }
        retarget_in: With1 {
            en: |blocks| format!("in {}", plural(blocks, "block", "blocks")),
            zh: |blocks| format!("{blocks} 个区块后"),
        }
        found { en: "Found here", zh: "本页挖到" }
        found_of: With2 {
            en: |mine, all| format!("{mine} of {}", plural(all, "block", "blocks")),
            zh: |mine, all| format!("{all} 个区块中的 {mine} 个"),
        }
        restarts: With1 {
            en: |count| format!("Workers that died and were replaced: {count}"),
            zh: |count| format!("{count} 个工作线程退出后已被替换"),
        }
        learn { en: "What is proof of work?", zh: "什么是工作量证明？" }
        about { en: "About", zh: "关于" }
        try_it { en: "Try things out", zh: "试一试" }
    }
}
