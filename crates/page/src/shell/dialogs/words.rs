//! The words of the dialogs.

use kit::lang::{With1, With2, Word, plural, word, words};

words! {
    /// The share dialog.
    pub struct Share {
        title { en: "Share this room", zh: "分享此房间" }
        lead {
            en: "Open this link in another tab of this browser to join the same chain.",
            zh: "在本浏览器的另一个标签页中打开此链接，即可加入同一条链。",
        }
        link { en: "Link", zh: "链接" }
        qr { en: "QR code of the link", zh: "链接的二维码" }
        elsewhere {
            en: "In another browser or on another device, the link opens the same rules with a chain of its own.",
            zh: "在其他浏览器或设备上，此链接会以相同的规则开启一条独立的链。",
        }
        never_mines { en: "A link never starts mining.", zh: "打开链接绝不会自动开始挖矿。" }
        too_long { en: "The link is too long for a QR code.", zh: "链接过长，无法生成二维码。" }
        copy { en: "Copy", zh: "复制" }
    }
}

words! {
    /// The room dialog, and the page for a bad link.
    pub struct Room {
        title { en: "Rooms", zh: "房间" }
        lead {
            en: "A room is a chain with its own rules. Tabs in the same room share that chain; other rooms know nothing of it.",
            zh: "房间就是一条有自己规则的链。同一房间的标签页共享一条链，其他房间互不相通。",
        }
        now { en: "You are in", zh: "当前房间" }
        rules: fn(&str, &str, &str) -> String {
            en: |spacing, window, halving| {
                format!(
                    "A block every {spacing}, target adjusted every {window} blocks, reward halved every {halving} blocks."
                )
            },
            zh: |spacing, window, halving| {
                format!(
                    "每{spacing}一个区块，每 {window} 个区块调整目标值，每 {halving} 个区块奖励减半。"
                )
            },
        }
        /// Takes the protocol's name and the number of seats.
        slot_rules: With2 {
            en: |protocol, seats| {
                format!("{protocol} with {}: each tab takes one, and they decide together.", plural(seats, "seat", "seats"))
            },
            zh: |protocol, seats| {
                format!("{protocol}，共 {seats} 个席位：每个标签页占一个席位，共同做出决定。")
            },
        }
        presets { en: "Ready-made rules", zh: "预设规则" }
        own { en: "Your own rules", zh: "自定义规则" }
        name { en: "Name", zh: "名称" }
        name_hint { en: "1 to 32 lowercase letters, digits and hyphens", zh: "1 到 32 个小写字母、数字或连字符" }
        protocol { en: "Protocol", zh: "协议" }
        range: With2 {
            en: |low, high| format!("{low} to {high}"),
            zh: |low, high| format!("{low} 到 {high}"),
        }
        bears: With2 {
            en: |seats, faults| format!("{seats} can bear {faults} faulty"),
            zh: |seats, faults| format!("{seats} 个席位可容忍 {faults} 个故障"),
        }
        odds: With1 {
            en: |tries| format!("1 in {tries} tries"),
            zh: |tries| format!("约每{tries}次尝试中 1 次"),
        }
        open { en: "Open this room", zh: "打开此房间" }
        recent { en: "Recent rooms", zh: "去过的房间" }
        bad { en: "This room link cannot be used", zh: "无法使用此房间链接" }
        bad_lead { en: "Nothing was opened and nothing was lost.", zh: "没有打开任何内容，也没有丢失任何数据。" }
        bad_value { en: "The part in question:", zh: "有问题的部分：" }
        to_default { en: "Open the room used last", zh: "打开上次使用的房间" }
    }
}

words! {
    /// The question before a reset.
    pub struct Reset {
        title { en: "Reset this room?", zh: "要重置此房间吗？" }
        lead: With1 {
            en: |blocks| {
                format!(
                    "All tabs of this browser forget the chain of this room ({}) and start again from block 0.",
                    plural(blocks, "block", "blocks")
                )
            },
            zh: |blocks| {
                format!(
                    "本浏览器的所有标签页都会忘记此房间的链（{blocks} 个区块），从区块 0 重新开始。"
                )
            },
        }
        undoable { en: "You can undo this later.", zh: "之后可以撤销。" }
        confirm { en: "Reset", zh: "重置" }
        cancel { en: "Cancel", zh: "取消" }
    }
}

words! {
    /// The crash dialog.
    pub struct Crash {
        title { en: "The engine of this tab crashed", zh: "此标签页的引擎崩溃了" }
        restarting {
            en: "A new one is being started from what was saved. Other tabs are not affected.",
            zh: "正在从已保存的数据启动新的引擎。其他标签页不受影响。",
        }
        restarted {
            en: "A new one is running from what was saved. Other tabs were not affected.",
            zh: "新的引擎已从保存的数据恢复运行。其他标签页未受影响。",
        }
        gave_up {
            en: "It crashed too often within a minute and was not started again. What was saved is still there.",
            zh: "一分钟内崩溃次数过多，已停止重启。已保存的数据仍然完好。",
        }
        old_page {
            en: "This page and its programs are of different versions. Reload the page.",
            zh: "页面与其程序的版本不一致，请重新加载页面。",
        }
        report { en: "Report", zh: "报告" }
        copy { en: "Copy report", zh: "复制报告" }
        again { en: "Start again", zh: "重新启动" }
    }
}

/// A preset's displayed name and description, by the room's name.
pub fn preset(room: &str) -> Option<(Word, Word)> {
    Some(match room {
        "instant" => (
            word("Instant", "瞬时"),
            word("A block every 2 s: many forks", "每 2 秒一个区块：分叉很多"),
        ),
        "steady" => (
            word("Steady", "平稳"),
            word(
                "A block every 30 s: few forks",
                "每 30 秒一个区块：分叉很少",
            ),
        ),
        "halving" => (
            word("Halving", "减半"),
            word(
                "Every 10 s; the reward halves after 20 blocks",
                "每 10 秒一个区块；20 个区块后奖励减半",
            ),
        ),
        "raft" => (
            word("Raft", "Raft"),
            word(
                "No mining: five tabs elect a leader and agree on every request",
                "无需挖矿：五个标签页选出领导者，就每个请求达成一致",
            ),
        ),
        "bitcoin" => (
            word("Bitcoin's pace", "比特币节奏"),
            word(
                "A block every 10 min, as in Bitcoin itself",
                "每 10 分钟一个区块，与真实比特币相同",
            ),
        ),
        _ => return None,
    })
}

/// A protocol's name, where it is not only known by the one in its paper.
pub fn protocol(id: &str) -> Option<Word> {
    Some(match id {
        "pow" => word("Proof of work", "工作量证明"),
        _ => return None,
    })
}

/// What a parameter is called in the form.
pub fn param(name: &str) -> Option<Word> {
    Some(match name {
        "spacing" => word("Time between blocks", "出块间隔"),
        "bits" => word("Starting difficulty", "起始难度"),
        "window" => word("Target adjusted every", "目标值调整周期"),
        "halving" => word("Reward halved every", "奖励减半周期"),
        "seats" => word("Seats", "席位数"),
        "heartbeat" => word("Leader's heartbeat every", "领导者心跳间隔"),
        "election" => word("Shortest election timeout", "最短选举超时"),
        "batch" => word("Requests in a block, at most", "每个区块最多请求数"),
        "timeout" => word("View change after", "视图变更超时"),
        "interval" => word("Checkpoint every", "检查点间隔"),
        "snapshot" => word("Snapshot every", "快照间隔"),
        "piece" => word("Piece of a snapshot, at most", "快照分块上限"),
        "macs" => word(
            "MACs instead of signatures (1: yes)",
            "以 MAC 代替签名（1：是）",
        ),
        "reads" => word(
            "Reads: 0 through the log, 1 by read index",
            "读取：0 经过日志，1 用读索引",
        ),
        "voters" => word(
            "Seats that vote at first (0: all)",
            "初始投票席位数（0：全部）",
        ),
        "joint" => word(
            "Voters change: 0 one at a time, 1 by joint consensus",
            "成员变更：0 逐个，1 联合共识",
        ),
        "hasty" => word(
            "Single steps with the bug of 2015 (1: yes)",
            "带 2015 年缺陷的逐个变更（1：是）",
        ),
        "pre-vote" => word("Pre-vote (1: yes)", "预投票（1：是）"),
        "check-quorum" => word(
            "Keep to a leader that is heard, and only to that (1: yes)",
            "检查法定人数（1：是）",
        ),
        "resend" => word("Clients ask again after", "客户端重发间隔"),
        _ => return None,
    })
}

/// A parameter's unit.
pub fn unit(name: &str) -> Option<Word> {
    Some(match name {
        "s" => word("seconds", "秒"),
        "ms" => word("milliseconds", "毫秒"),
        "blocks" => word("blocks", "个区块"),
        "requests" => word("requests", "个请求"),
        "slots" => word("slots", "个槽位"),
        "entries" => word("entries", "条日志"),
        "bytes" => word("bytes", "字节"),
        "seats" => word("seats", "个席位"),
        _ => return None,
    })
}

/// What is wrong with a room's link or rules, by the code of [`scenario::RoomError`].
pub fn bad_room(code: &str) -> Word {
    match code.split('-').next().unwrap_or_default() {
        "name" => word(
            "A room's name has 1 to 32 lowercase letters, digits and hyphens.",
            "房间名称应为 1 到 32 个小写字母、数字或连字符。",
        ),
        "spacing" => word(
            "The time between blocks is not a number within its limits.",
            "出块间隔不是允许范围内的数字。",
        ),
        "bits" => word(
            "The starting target is not one that rooms allow.",
            "起始目标值不是房间可用的值。",
        ),
        "window" => word(
            "The number of blocks between two adjustments is not within its limits.",
            "目标值调整周期不是允许范围内的数字。",
        ),
        "halving" => word(
            "The number of blocks between two halvings is not within its limits.",
            "减半周期不是允许范围内的数字。",
        ),
        "protocol" => word(
            "The link names a protocol that is not known here.",
            "链接中的协议在此处未知。",
        ),
        "ledger" => word(
            "The link names a ledger that rooms of this kind do not have.",
            "链接中的账本不适用于此类房间。",
        ),
        _ if code.ends_with("-range") || code.ends_with("-number") => word(
            "A value is not a number within its limits.",
            "有一项不是允许范围内的数字。",
        ),
        "too" => word("The link is longer than any room link.", "链接过长。"),
        "missing" => word("The link lacks a part.", "链接缺少一部分。"),
        "twice" => word(
            "The link contains the same part twice.",
            "链接中同一项出现了两次。",
        ),
        "unknown" => word(
            "The link contains a part that room links do not have.",
            "链接中有房间所没有的内容。",
        ),
        "damaged" => word(
            "Part of the link was lost or changed on the way. Ask for it again.",
            "链接的一部分在传递中丢失或被改动，请重新索取。",
        ),
        _ => word(
            "The link does not lead to a room.",
            "此链接不指向任何房间。",
        ),
    }
}
