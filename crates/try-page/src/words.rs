//! The words around the rooms.

use kit::lang::{With1, Word, word, words};

use crate::route::Room;

words! {
    /// The list of rooms, and what every room has.
    pub struct Rooms {
        title { en: "Try", zh: "试一试" }
        lead {
            en: "One idea at a time, with the real thing: nothing here touches your chain, and every state has a link.",
            zh: "一次只看一个概念，用的都是真实的算法：这里的操作不会影响您的链，每个状态都有自己的链接。",
        }
        copy_link { en: "Copy link to this state", zh: "复制此状态的链接" }
        link_what { en: "the link to this state", zh: "此状态的链接" }
        start_over { en: "Start over", zh: "重新开始" }
        unknown { en: "There is no such room", zh: "没有这个房间" }
        unknown_more {
            en: "The address after #/try/ leads nowhere.",
            zh: "#/try/ 之后的地址没有对应的页面。",
        }
        to_list { en: "To what one can try", zh: "查看可以尝试的内容" }
        too_long: With1 {
            en: |bytes| format!("The link is too long ({bytes} bytes)."),
            zh: |bytes| format!("链接过长（{bytes} 字节）。"),
        }
        stray { en: "The link has a part that this room does not know:", zh: "链接中有此房间无法识别的部分：" }
        bad_value: With1 {
            en: |key| format!("The link's value for “{key}” does not fit:"),
            zh: |key| format!("链接中 “{key}” 的值不合适："),
        }
        fault_more { en: "You see the room as it is at first.", zh: "现在显示的是房间的初始状态。" }
    }
}

/// The name of a room.
pub fn name(room: Room) -> Word {
    match room {
        Room::Hash => word("Hash", "哈希"),
        Room::Keys => word("Keys", "密钥"),
        Room::Tamper => word("Tamper", "篡改"),
        Room::Difficulty => word("Difficulty", "难度"),
        Room::Supply => word("Supply", "发行量"),
    }
}

/// What a room is about, in one sentence.
pub fn lead(room: Room) -> Word {
    match room {
        Room::Hash => word(
            "Change one bit of a text and about half of its digest flips. So finding a digest that begins with zeros takes luck, and luck can be counted.",
            "改动文本的一个比特，摘要约有一半会翻转。因此，找到以若干个零开头的摘要全凭运气，而运气可以计数。",
        ),
        Room::Keys => word(
            "Sign a message with a secret key; anybody can check it with the public one. Alter a single bit of anything and the check fails.",
            "用私钥为消息签名，任何人都能用公钥验证。任意改动一个比特，验证就会失败。",
        ),
        Room::Tamper => word(
            "Change anything in a copy of a chain and see which checks fail where; then mend it with work, while the others go on.",
            "在一条链的副本中任意改动，看看哪些检查在哪里失败；再用工作量去修补，而其他人仍在继续出块。",
        ),
        Room::Difficulty => word(
            "Hash power comes and goes; the target has to follow. See how fast Bitcoin’s rule and others do, and one that never does.",
            "算力来来去去，目标值必须随之调整。看看比特币的规则和其他规则跟得有多快，以及一种永远跟不上的规则。",
        ),
        Room::Supply => word(
            "Every 210,000 blocks the reward halves, until nothing is left to halve. Follow it to the last satoshi.",
            "每 210,000 个区块，奖励减半一次，直到无可再减。一直看到最后一聪。",
        ),
    }
}

/// Shown when the program's own code has panicked.
pub const CRASHED: Word = word(
    "This room crashed. Reload the page: your chain is saved.",
    "此房间崩溃了。请重新加载页面：您的链已保存。",
);
