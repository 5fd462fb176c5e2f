//! The words of a block's details.

use kit::lang::{With1, Word, plural, word, words};

words! {
    /// A block's details.
    pub struct Block {
        title: With1 { en: |height| format!("Block {height}"), zh: |height| format!("区块 {height}") }
        newest { en: "newest", zh: "最新" }
        follow { en: "Follow the newest block", zh: "跟随最新区块" }
        previous { en: "Previous block", zh: "上一个区块" }
        next { en: "Next block", zh: "下一个区块" }
        loading { en: "Fetching the block…", zh: "正在获取区块…" }
        unknown { en: "This tab does not have this block.", zh: "此标签页没有这个区块。" }
        header { en: "Header: 80 bytes, as in Bitcoin", zh: "区块头：80 字节，与比特币相同" }
        hash { en: "Hash", zh: "哈希" }
        target { en: "Target", zh: "目标值" }
        below: With1 {
            en: |times| format!("The target is {times}× the hash: the work is proven."),
            zh: |times| format!("目标值是此哈希的 {times} 倍：工作量得到证明。"),
        }
        above {
            en: "Nobody had to work for this block: it is the agreed start.",
            zh: "这个区块不需要工作量：它是约定的起点。",
        }
        proof { en: "Proof of work", zh: "工作量证明" }
        found_by { en: "Found by", zh: "矿工" }
        tries: With1 {
            en: |tries| format!("1 in {tries} tries succeeds."),
            zh: |tries| format!("约每{tries}次尝试成功 1 次。"),
        }
        confirmations { en: "Confirmations", zh: "确认数" }
        confirmed: With1 {
            en: |count| match count {
                "0" => "the newest block".to_owned(),
                _ => format!("{} on top", plural(count, "block", "blocks")),
            },
            zh: |count| match count {
                "0" => "最新区块".to_owned(),
                _ => format!("其上有 {count} 个区块"),
            },
        }
        off_chain { en: "not on the best chain", zh: "不在最佳链上" }
        work { en: "Cumulative work", zh: "累计工作量" }
        raw { en: "whole block, hex", zh: "完整区块的十六进制" }
        transactions { en: "Transactions", zh: "交易" }
        no_body { en: "Only the header has arrived so far.", zh: "目前只收到了区块头。" }
        coinbase { en: "reward", zh: "奖励" }
        transfer { en: "transfer", zh: "转账" }
        bytes: With1 { en: |count| format!("{count} bytes"), zh: |count| format!("{count} 字节") }
        more: With1 { en: |count| format!("and {count} more"), zh: |count| format!("还有 {count} 笔") }
    }
}

/// A field of the header: its name, a short name and what it means.
pub struct Field {
    pub long: Word,
    pub short: Word,
    pub meaning: Word,
}

/// The six fields in order.
pub const FIELDS: [Field; 6] = [
    Field {
        long: word("Version", "版本"),
        short: word("ver", "版本"),
        meaning: word("which rules it follows", "遵循哪套规则"),
    },
    Field {
        long: word("Previous block", "上一区块"),
        short: word("previous", "上一区块"),
        meaning: word(
            "the block it builds on: this link makes the chain",
            "它所依据的区块：链由此形成",
        ),
    },
    Field {
        long: word("Merkle root", "默克尔根"),
        short: word("Merkle root", "默克尔根"),
        meaning: word("one hash of all its transactions", "涵盖全部交易的一个哈希"),
    },
    Field {
        long: word("Time", "时间"),
        short: word("time", "时间"),
        meaning: word(
            "when it was mined, by its miner's clock",
            "挖到的时刻，以矿工的时钟为准",
        ),
    },
    Field {
        long: word("Bits", "难度目标"),
        short: word("bits", "目标"),
        meaning: word("the target in short form", "目标值的压缩形式（bits）"),
    },
    Field {
        long: word("Nonce", "随机数"),
        short: word("nonce", "随机"),
        meaning: word("the number that miners search for", "挖矿所搜索的数字"),
    },
];
