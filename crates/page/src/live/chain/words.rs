//! The words of the block tree.

use kit::lang::{With1, With2, Word, word, words};
use wire::BlockState;

words! {
    /// The block tree.
    pub struct Chain {
        title { en: "Chain", zh: "区块链" }
        tip { en: "Tip", zh: "链顶" }
        agree: With1 {
            en: |nodes| match nodes {
                "1" => "1 node".to_owned(),
                "2" => "both nodes agree".to_owned(),
                _ => format!("all {nodes} nodes agree"),
            },
            zh: |nodes| match nodes {
                "1" => "1 个节点".to_owned(),
                _ => format!("{nodes} 个节点一致"),
            },
        }
        some_here: With2 {
            en: |here, all| format!("{here} of {all} nodes agree"),
            zh: |here, all| format!("{all} 个节点中 {here} 个在此"),
        }
        compete: With1 {
            en: |tips| format!("{tips} tips compete"),
            zh: |tips| format!("{tips} 个链顶在竞争"),
        }
        picture { en: "Block tree", zh: "区块树" }
        keys {
            en: "Arrow keys move from block to block; Enter opens a block.",
            zh: "方向键在区块间移动，回车键打开区块。",
        }
        as_table { en: "View as table", zh: "表格视图" }
        as_tree { en: "View as picture", zh: "图形视图" }
        newest { en: "Go to newest", zh: "回到最新" }
        hint_first {
            en: "This is block 0, the start. Press Mine: your browser then searches for a number that makes block 1 valid.",
            zh: "这是区块 0，一切的起点。点击“开始挖矿”，浏览器就会搜索一个能让区块 1 有效的数字。",
        }
        hint_mining {
            en: "Searching: each try hashes the 80-byte header of block 1 with another number, until the hash is below the target.",
            zh: "搜索中：每次尝试都换一个数字，对区块 1 的 80 字节求哈希，直到哈希低于目标值。",
        }
        next { en: "next", zh: "下一个" }
        /// How many transactions wait for the next block.
        waiting: fn(&str) -> String {
            en: |count| format!("{count} waiting"),
            zh: |count| format!("{count} 笔等待"),
        }
        /// Takes height, short hash, state and finder.
        label: fn(&str, &str, &str, &str) -> String {
            en: |height, hash, state, miner| {
                if miner.is_empty() {
                    format!("Block {height}, {hash}, {state}")
                } else {
                    format!("Block {height}, {hash}, {state}, found by {miner}")
                }
            },
            zh: |height, hash, state, miner| {
                if miner.is_empty() {
                    format!("区块 {height}，{hash}，{state}")
                } else {
                    format!("区块 {height}，{hash}，{state}，由 {miner} 挖到")
                }
            },
        }
        standing: With1 {
            en: |names| format!("tip of {names}"),
            zh: |names| format!("位于此处的节点：{names}"),
        }
        earlier: With1 {
            en: |count| format!("… {count} earlier"),
            zh: |count| format!("… 更早的 {count} 个"),
        }
        legend { en: "Legend", zh: "图例" }
        legend_miner { en: "shape and colour: who found it", zh: "形状和颜色：由谁挖到" }
        legend_tip { en: "tip of this tab", zh: "本标签页的链顶" }
        legend_rival { en: "rival", zh: "竞争中" }
        legend_stale { en: "stale: lost the race", zh: "已过时：竞争失败" }
        legend_unseen { en: "only in other tabs so far", zh: "目前只在其他标签页" }
        legend_stand { en: "below a block: nodes whose tip it is", zh: "区块下方：以它为链顶的节点" }
        col_height { en: "Height", zh: "高度" }
        col_hash { en: "Hash", zh: "哈希" }
        col_miner { en: "Found by", zh: "矿工" }
        col_state { en: "State", zh: "状态" }
        col_nodes { en: "Tip of", zh: "位于此处的节点" }
        genesis { en: "nobody: every node starts with it", zh: "无人：所有节点共同的起点" }
        reset { en: "Reset room", zh: "重置房间" }
    }
}

/// The words for a block's state.
pub fn state_words(state: BlockState) -> Word {
    match state {
        BlockState::Best => word("best chain", "最佳链"),
        BlockState::Rival => word("rival", "竞争中"),
        BlockState::Stale => word("stale", "已过时"),
        BlockState::Invalid => word("invalid", "无效"),
        BlockState::Unseen => word("not here yet", "尚未收到"),
    }
}
