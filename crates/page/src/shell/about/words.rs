//! The words of the About page.

use kit::lang::{Word, word, words};

words! {
    /// Headings and single sentences.
    pub struct About {
        title { en: "About Tabchain", zh: "关于 Tabchain" }
        lead {
            en: "Tabchain runs a real proof-of-work blockchain inside your browser. Each tab hosts nodes with real keys; they talk to the nodes of your other tabs and compete with real double SHA-256, in Bitcoin's own formats. There is no server, and the coins are worth nothing.",
            zh: "Tabchain 在您的浏览器中运行一条真实的工作量证明区块链。每个标签页都承载拥有真实密钥的节点；它们与其他标签页的节点通信，用真实的双重 SHA-256 竞争，数据格式与比特币相同。没有服务器，币也没有任何价值。",
        }
        back { en: "To the chain", zh: "返回链页面" }
        how { en: "How it works", zh: "工作原理" }
        learn { en: "Read on: what proof of work is", zh: "继续阅读：什么是工作量证明" }
        words { en: "Glossary", zh: "术语" }
        keys { en: "Keyboard", zh: "快捷键" }
        script { en: "Scripting", zh: "脚本接口" }
        script_lead {
            en: "Use window.tabchain in the browser's console. Every method returns a promise; errors carry a code. Amounts and work are strings, other 64-bit values are BigInts.",
            zh: "在浏览器控制台使用 window.tabchain。所有方法都返回 Promise，错误带有 code。金额和工作量为字符串，其他 64 位值为 BigInt。",
        }
        honest { en: "What it is not", zh: "它不是什么" }
    }
}

/// How it works, step by step.
pub const HOW: [Word; 5] = [
    word(
        "Mining: your browser tries number after number until the hash of the block's 80 bytes is below the target.",
        "挖矿：浏览器不断尝试不同的数字，直到区块头 80 字节的哈希低于目标值。",
    ),
    word(
        "Gossip: a node that finds a block tells all the others. They check every rule themselves before they build on it.",
        "传播：挖到区块的节点会通知所有其他节点；它们在接受之前会亲自检查每一条规则。",
    ),
    word(
        "Fork: two blocks found at nearly the same time are both valid; the next one decides.",
        "分叉：几乎同时挖到的两个区块都有效，由下一个区块决定胜负。",
    ),
    word(
        "Most work wins: everybody follows the chain with the most work. Blocks of the losing branch turn stale.",
        "工作量最大者胜：所有节点都跟随累计工作量最大的链，落败分支上的区块成为过时区块。",
    ),
    word(
        "Retargeting: if blocks come too fast, the target shrinks; if too slow, it grows.",
        "难度调整：出块太快，目标值变小；出块太慢，目标值变大。",
    ),
];

/// Terms and what they mean.
pub const GLOSSARY: [(Word, Word); 12] = [
    (
        word("Block", "区块"),
        word(
            "A header of 80 bytes and a list of transactions.",
            "80 字节的区块头加上一组交易。",
        ),
    ),
    (
        word("Hash", "哈希"),
        word(
            "A 256-bit fingerprint of some data; change one bit of the data and all of it changes.",
            "256 位的指纹；改动一个比特，结果便完全不同。",
        ),
    ),
    (
        word("Nonce", "随机数"),
        word(
            "The number in the header that miners vary.",
            "区块头中由矿工不断改变的数字。",
        ),
    ),
    (
        word("Target", "目标值"),
        word(
            "The largest hash that makes a block valid.",
            "有效哈希的上限。",
        ),
    ),
    (
        word("Work", "工作量"),
        word(
            "How many tries it takes on average to build a chain.",
            "一条链平均所需的尝试次数。",
        ),
    ),
    (
        word("Tip", "链顶"),
        word("The last block of a chain.", "链上的最后一个区块。"),
    ),
    (
        word("Fork", "分叉"),
        word(
            "Two blocks that build on the same one.",
            "两个区块建立在同一个区块之上。",
        ),
    ),
    (
        word("Stale block", "过时区块"),
        word(
            "A valid block that lost the race.",
            "有效但在竞争中落败的区块。",
        ),
    ),
    (
        word("Reorganisation", "重组"),
        word(
            "A node leaves its branch for one with more work.",
            "节点离开自己的分支，转向工作量更大的分支。",
        ),
    ),
    (
        word("Merkle root", "默克尔根"),
        word(
            "One hash that commits to all transactions.",
            "承诺全部交易的一个哈希。",
        ),
    ),
    (
        word("Coinbase", "铸币交易"),
        word(
            "The first transaction of a block: it creates the reward.",
            "区块的第一笔交易，产生奖励。",
        ),
    ),
    (
        word("Node", "节点"),
        word(
            "A program that keeps and checks the chain.",
            "保存并检查链的程序。",
        ),
    ),
];

/// Keys and what they do.
pub const KEYS: [(Word, Word); 5] = [
    (
        word("← →", "← →"),
        word(
            "In the block tree: parent, child",
            "在区块树中：上一个、下一个区块",
        ),
    ),
    (
        word("↑ ↓", "↑ ↓"),
        word(
            "In the block tree: the branch above, below",
            "在区块树中：上方、下方的分支",
        ),
    ),
    (
        word("Home / End", "Home / End"),
        word(
            "In the block tree: oldest, newest",
            "在区块树中：最早、最新",
        ),
    ),
    (
        word("Enter", "Enter"),
        word("Show the block's details", "显示区块详情"),
    ),
    (word("Esc", "Esc"), word("Close a dialog", "关闭对话框")),
];

/// What it is not.
pub const HONEST: [Word; 2] = [
    word(
        "Not money: anyone can start a chain of their own.",
        "不是货币：任何人都可以开一条自己的链。",
    ),
    word(
        "Not a network between machines: nodes meet only inside one browser.",
        "不跨设备：节点只在同一个浏览器内相遇。",
    ),
];
