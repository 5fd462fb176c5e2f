//! The words of rooms in which slots are decided. What protocols and ledgers say of themselves comes
//! under their own short names; one without words here is shown as it is.

use kit::lang::{With1, With2, Word, plural, word, words};

words! {
    /// Servers, what they decided, and the form.
    pub struct Slots {
        promise {
            en: "A cluster of servers that lives in the tabs of your browser. Each tab takes a seat; open more tabs, close the leader, and watch the others go on.",
            zh: "一个服务器集群，就运行在您浏览器的标签页里。每个标签页占一个席位；多开几个标签页，关掉领导者，看其他服务器如何继续工作。",
        }
        bar_ask { en: "Ask", zh: "请求" }
        bar_servers { en: "Servers", zh: "服务器" }
        servers { en: "Servers", zh: "服务器" }
        taken: With2 {
            en: |taken, all| format!("{taken} of {}", plural(all, "seat", "seats")),
            zh: |taken, all| format!("{all} 个席位已占 {taken} 个"),
        }
        more_seats {
            en: "Open this room in more tabs: each takes a free seat. Nothing can be decided while too few servers are there.",
            zh: "在更多标签页中打开此房间，每个标签页会占一个空席位。服务器太少时无法做出任何决定。",
        }
        vacant { en: "nobody has this seat", zh: "席位空闲" }
        here { en: "this tab", zh: "本页" }
        tab: With1 { en: |label| format!("tab {label}"), zh: |label| format!("标签页 {label}") }
        out_of_reach { en: "out of reach", zh: "无法连接" }
        height { en: "height", zh: "高度" }
        decided { en: "Decided", zh: "已决定" }
        nothing_yet {
            en: "Nothing has been asked yet. Every request that the servers agree on becomes a block here.",
            zh: "还没有任何请求。服务器们一致同意的每个请求都会在这里成为一个区块。",
        }
        no_chain {
            en: "This tab has no server, so it keeps no blocks. It can still ask.",
            zh: "此标签页没有服务器，因此不保存区块，但仍可发出请求。",
        }
        more: With1 { en: |count| format!("and {count} more"), zh: |count| format!("以及另外 {count} 个") }
        block: With2 {
            en: |height, slot| format!("Block {height}, slot {slot}"),
            zh: |height, slot| format!("区块 {height}，槽位 {slot}"),
        }
        proposed { en: "proposed by", zh: "提议者" }
        ask { en: "Ask the servers", zh: "向服务器请求" }
        what { en: "What", zh: "操作" }
        send { en: "Send", zh: "发送" }
        answers { en: "Answers", zh: "答复" }
        waiting { en: "waiting for an answer…", zh: "等待答复…" }
        learn { en: "How does this work?", zh: "这是如何运作的？" }
        about { en: "About", zh: "关于" }
        try_it { en: "Try things out", zh: "试一试" }
        leads: With1 { en: |name| format!("{name} leads now."), zh: |name| format!("{name} 现在是领导者。") }
    }
}

/// A kind of transaction, by its ledger's name for it.
pub fn asked(id: &str) -> Option<Word> {
    Some(match id {
        "put" => word("put", "写入"),
        "get" => word("get", "读取"),
        "delete" => word("delete", "删除"),
        "compare-and-set" => word("compare and set", "比较并写入"),
        "undecodable" => word("unreadable bytes", "无法解读的字节"),
        _ => return None,
    })
}

/// A field of a form.
pub fn field(name: &str) -> Option<Word> {
    Some(match name {
        "key" => word("Key", "键"),
        "value" => word("Value", "值"),
        _ => return None,
    })
}

/// What came of a transaction, by its ledger's name for it.
pub fn came(id: &str) -> Option<Word> {
    Some(match id {
        "done" => word("done", "已完成"),
        "found" => word("value:", "值："),
        "nothing" => word("no value", "没有值"),
        "mismatch" => word(
            "not done: somebody else wrote first",
            "未执行：已有他人先写入",
        ),
        "undecodable" => word("not done: unreadable", "未执行：无法解读"),
        _ => return None,
    })
}

/// What a row of a server's state is called.
pub fn label(name: &str) -> Option<Word> {
    Some(match name {
        "term" => word("term", "任期"),
        "vote" => word("voted for", "投票给"),
        "leader" => word("follows", "追随"),
        "snapshot" => word("snapshot", "快照"),
        "last" => word("log ends at", "日志末尾"),
        "commit" => word("committed", "已提交"),
        "membership" => word("takes part as", "成员身份"),
        "waiting" => word("waiting", "等待中"),
        "seals" => word("vouched for by", "认证方式"),
        "view" => word("view", "视图"),
        "primary" => word("primary", "主节点"),
        "low" => word("low water mark", "低水位"),
        "high" => word("high water mark", "高水位"),
        "executed" => word("executed", "已执行"),
        "decided" => word("decided", "已决定"),
        "pre-prepared" => word("pre-prepared", "已预准备"),
        "prepared" => word("prepared", "已准备"),
        "view-changes" => word("view changes", "视图变更"),
        _ => return None,
    })
}

/// A word of a server's state.
pub fn state(name: &str) -> Option<Word> {
    Some(match name {
        "follower" => word("follower", "跟随者"),
        "pre-candidate" => word("pre-candidate", "预候选人"),
        "candidate" => word("candidate", "候选人"),
        "leader" => word("leader", "领导者"),
        "backup" => word("backup", "备份节点"),
        "primary" => word("primary", "主节点"),
        "view-changing" => word("changing views", "正在变更视图"),
        "signatures" => word("signatures", "签名"),
        "macs" => word("MACs", "MAC"),
        "voter" => word("voter", "投票成员"),
        "learner" => word("learner", "学习者"),
        "outsider" => word("outsider", "非成员"),
        "none" => word("nobody", "无"),
        _ => return None,
    })
}
