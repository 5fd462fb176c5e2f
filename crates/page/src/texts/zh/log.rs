//! The events as sentences.

use crate::texts::Part;
use wire::{Damage, Happening};

/// See [`Log::sentence`](crate::texts::Log).
pub fn sentence(
    what: &Happening,
    whole: &dyn Fn(u64) -> String,
    milli: &dyn Fn(u64) -> String,
) -> Vec<Part> {
    let joined = |online: bool| {
        if online {
            "已重新接入"
        } else {
            "已断开"
        }
    };
    match what {
        Happening::Found { hash, height } => vec![Part::Me, say(" 挖到了"), block(hash, *height)],
        Happening::Extended {
            hash,
            height,
            miner,
        } => {
            vec![
                Part::Me,
                say(" 接受了 "),
                Part::Node(*miner),
                say(" 挖到的"),
                block(hash, *height),
            ]
        }
        Happening::Rival {
            hash,
            height,
            miner,
        } => vec![
            Part::Me,
            say(" 收到 "),
            Part::Node(*miner),
            say(" 挖到的竞争"),
            block(hash, *height),
        ],
        Happening::Reorganised {
            hash,
            height,
            undone,
            applied,
        } => {
            let undone = whole(u64::from(*undone));
            let applied = whole(u64::from(*applied));
            let rest = format!("：撤销 {undone} 个区块，应用 {applied} 个区块");
            vec![Part::Me, say(" 重组到"), block(hash, *height), say(rest)]
        }
        Happening::Rejected { hash, reason } => rejected(hash, reason),
        Happening::Misbehaved { peer, reason } => misbehaved(peer, reason),
        Happening::Retargeted {
            height,
            harder_milli,
        } => retargeted(*height, *harder_milli, milli),
        Happening::SyncStarted { goal } => {
            vec![Part::Me, say(format!(" 开始同步到高度 {goal}"))]
        }
        Happening::SyncDone { height } => {
            vec![Part::Me, say(format!(" 已同步到高度 {height}"))]
        }
        Happening::Restored { height } => {
            vec![Part::Me, say(format!(" 已从存储恢复到高度 {height}"))]
        }
        Happening::Damaged { what } => {
            vec![say("保存的数据已损坏："), damaged(what)]
        }
        Happening::TabJoined { label } => vec![say(format!("标签页 {label} 出现了"))],
        Happening::TabLeft { label } => vec![say(format!("标签页 {label} 已离开"))],
        Happening::TabOnline { label, online } => {
            vec![say(format!("标签页 {label} {}", joined(*online)))]
        }
        Happening::NodeOnline { seat, online } => {
            vec![
                Part::Node(Some(*seat)),
                say(format!(" {}", joined(*online))),
            ]
        }
        Happening::MiningStarted => vec![say("开始挖矿")],
        Happening::MiningStopped => vec![say("停止挖矿")],
        Happening::WorkerRestarted => vec![say("一个挖矿工作线程退出，已被替换")],
        Happening::Resumed => vec![say("标签页曾被冻结，现已恢复；其节点已重启")],
        Happening::Reset => vec![say("房间已重置")],
        Happening::ResetUndone => vec![say("重置已撤销")],
        Happening::Garbage { count } => {
            vec![say(format!(
                "丢弃了 {} 条无法理解的消息",
                whole(u64::from(*count))
            ))]
        }
    }
}

fn rejected(hash: &str, reason: &str) -> Vec<Part> {
    vec![
        Part::Me,
        say(" 拒绝了区块 "),
        Part::Block(hash.to_owned(), None),
        say("："),
        say(reason_text(reason).unwrap_or("违反了规则")),
        say("（"),
        Part::Outside(reason.to_owned()),
        say("）"),
    ]
}

fn misbehaved(peer: &str, reason: &str) -> Vec<Part> {
    vec![
        Part::Me,
        say(" 收到来自 "),
        Part::Outside(peer.to_owned()),
        say(" 的无效消息（"),
        Part::Outside(reason.to_owned()),
        say("）"),
    ]
}

fn retargeted(height: u32, harder_milli: u64, milli: &dyn Fn(u64) -> String) -> Vec<Part> {
    let change = match harder_milli {
        1000 => "目标值不变".to_owned(),
        ratio => format!("难度变为 {} 倍", milli(ratio)),
    };
    vec![say(format!("在高度 {} 调整目标值：{change}", height))]
}

fn reason_text(code: &str) -> Option<&'static str> {
    Some(match code {
        "high-hash" => "其哈希高于目标值",
        "bad-diffbits" => "所写的目标值不正确",
        "time-too-old" => "其时间不晚于最近 11 个区块的中位时间",
        "time-too-new" => "其时间在未来",
        "bad-prevblk" => "它建立在无效区块之上",
        "bad-txnmrklroot" => "默克尔根与交易不符",
        "bad-txns-duplicate" => "含有重复的交易",
        "bad-cb-amount" => "给自己的奖励过多",
        "bad-cb-missing" => "首笔交易不是铸币交易",
        "bad-blk-length" => "区块过大或为空",
        _ => return None,
    })
}

fn say(text: impl Into<String>) -> Part {
    Part::Say(text.into())
}

fn block(hash: &str, height: u32) -> Part {
    Part::Block(hash.to_owned(), Some(height))
}

fn damaged(what: &Damage) -> Part {
    match what {
        Damage::Node(what) => Part::Outside(what.clone()),
        Damage::Generation => say("房间当前使用哪条链"),
        Damage::Identities(count) => say(format!("此浏览器的 {count} 个身份")),
    }
}
