//! The words of banners and short messages.

use kit::lang::{With1, With2, With3, Word, plural, word, words};
use wire::live::{HeldUp, NoSeat};

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
                    "This browser holds data from another version of Tabchain (format {version}). It was left alone; this session is kept in memory only."
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
        held {
            en: "Another page in this browser is holding something that this tab was waiting for. Close or reload any pages of this site that hang.",
            zh: "此浏览器的另一个页面占用着本标签页所等待的资源。请关闭或重新加载本站卡住的页面。",
        }
        slow {
            en: "Saving is held up: another page in this browser is blocking the database. Nothing is lost as long as this tab stays open. Close or reload any pages of this site that hang.",
            zh: "保存受阻：此浏览器的另一个页面占用了数据库。只要本标签页保持打开，就不会丢失数据。请关闭或重新加载本站卡住的页面。",
        }
        /// Takes how long a write has been waiting.
        slow_for: With1 {
            en: |time| format!("Waiting for {time}."),
            zh: |time| format!("已等待{time}。"),
        }
        future {
            en: "The chain is ahead of this machine's clock. If the clock is slow, correct it. If it is right, set this chain aside and start again (this can be undone), or wait: until the clock has caught up, every node may refuse what is mined here.",
            zh: "链上的时间领先于本机时钟。若本机时钟偏慢，请校准时钟；若时钟无误，可将此链放到一旁重新开始（可以撤销），或等待时间追上：在此之前，这里挖到的区块可能会被所有节点拒绝。",
        }
        put_away { en: "Set it aside", zh: "放到一旁" }
        /// Takes how far the tip is ahead, and how many blocks are.
        future_by: With2 {
            en: |time, blocks| {
                format!("The newest block is {time} ahead; {} dated in the future.", plural(blocks, "block is", "blocks are"))
            },
            zh: |time, blocks| format!("最新区块领先{time}；共有 {blocks} 个区块的时间在未来。"),
        }
        /// Takes the number of records set aside, and the height of the chain that could be read.
        damaged: With2 {
            en: |records, height| {
                let records = plural(records, "saved record was damaged and set aside", "saved records were damaged and set aside");
                format!("{records}. The chain could be read up to block {height}; what is missing is fetched from other nodes, if they have it.")
            },
            zh: |records, height| {
                format!("{records} 条已保存的记录损坏，已移到一旁。链已读取到区块 {height}；缺失的部分将从其他拥有它的节点获取。")
            },
        }
        reload { en: "Reload", zh: "重新加载" }
        dismiss { en: "Dismiss", zh: "关闭提示" }
        syncing: With3 {
            en: |name, have, want| format!("{name} is catching up: {have} of {want} blocks"),
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

/// The words for a failure, by its code.
pub fn failure(code: &str) -> Option<Word> {
    Some(match code {
        "too-many-nodes" => word(
            "A tab hosts at most 16 nodes.",
            "一个标签页最多承载 16 个节点。",
        ),
        "last-node" => word(
            "A tab's last node cannot be removed.",
            "标签页的最后一个节点不能移除。",
        ),
        "nothing-to-undo" => word(
            "There is no longer anything to undo.",
            "已经没有可撤销的操作。",
        ),
        "unknown-block" => word("This tab does not have that block.", "此标签页没有该区块。"),
        "unknown-node" => word("That node is gone.", "该节点已不存在。"),
        "unknown-tab" => word("That tab is gone.", "该标签页已不存在。"),
        "held-up" => word(
            "Another page in this browser is in the way and is not responding. Close it or reload it, then try again.",
            "此浏览器的另一个页面挡住了这一操作且没有响应。请关闭或重新加载该页面后再试。",
        ),
        "not-ready" => word("This tab is not ready.", "此标签页尚未就绪。"),
        "bad-argument" => word(
            "A field is empty or says something that is not allowed.",
            "有字段为空或内容不被允许。",
        ),
        "wrong-room" => word(
            "Rooms of this kind do not have that.",
            "此类房间没有该功能。",
        ),
        "no-seat" => word("No seat of this room is free.", "此房间没有空席位。"),
        "interrupted" => word(
            "This was interrupted: it may be carried out or not.",
            "操作被中断：可能已执行，也可能没有。",
        ),
        "engine-lost" => word(
            "The engine of this tab stopped before this was done.",
            "此标签页的引擎在完成之前停止了。",
        ),
        _ => return None,
    })
}

/// The words for why the tab has no seat.
pub fn no_seat(why: NoSeat) -> Word {
    match why {
        NoSeat::AllTaken => word(
            "Other tabs have all seats of this room, so this one has no seat: it can ask, but takes no part in deciding.",
            "此房间的席位都被其他标签页占用，因此本标签页没有席位：可以发出请求，但不参与决定。",
        ),
        NoSeat::NoLocks => word(
            "This browser refuses locks, so no tab can tell which seats are free, and this one has no seat. Rooms of this kind need a page over HTTPS.",
            "此浏览器不提供锁，无法得知哪些席位空闲，因此本标签页没有席位。此类房间需要通过 HTTPS 打开页面。",
        ),
        NoSeat::NoStorage => word(
            "What a server promises cannot be kept here, so this tab has no seat: it can ask, but takes no part in deciding.",
            "此处无法保存服务器的承诺，因此本标签页没有席位：可以发出请求，但不参与决定。",
        ),
    }
}

/// The words for what the tab went on without.
pub fn held_up(what: HeldUp) -> Word {
    match what {
        HeldUp::DefaultRoom => word(
            "This tab opened a new room instead of the one used last.",
            "本标签页没有打开上次使用的房间，而是打开了一个新房间。",
        ),
        HeldUp::Tab => word(
            "This tab goes by a different name than before.",
            "本标签页换用了与之前不同的名称。",
        ),
        HeldUp::Identities => word(
            "The nodes of this tab use new identities, which are not kept.",
            "本标签页的节点使用新的身份运行，这些身份不会被保存。",
        ),
        HeldUp::Reset => word("The reset was not carried out.", "重置没有执行。"),
    }
}
