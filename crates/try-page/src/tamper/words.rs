//! The words of the room about tampering.

use kit::lang::{With1, With2, Word, word, words};

use super::model::Field;

words! {
    /// A copy of a chain, its checks and the race.
    pub struct Tamper {
        intact { en: "Nothing was changed: every block holds", zh: "尚未改动：所有区块均有效" }
        changed: With1 {
            en: |block| format!("From block {block} on, this copy does not hold"),
            zh: |block| format!("从区块 {block} 起，这份副本不再有效"),
        }
        repaired: With1 {
            en: |block| format!("Every block holds, but from block {block} on it is another chain"),
            zh: |block| format!("所有区块均有效，但从区块 {block} 起已是另一条链"),
        }
        check { en: "Check", zh: "检查项" }
        block: With1 { en: |height| format!("Block {height}"), zh: |height| format!("区块 {height}") }
        holds { en: "holds", zh: "有效" }
        fails { en: "fails", zh: "失败" }
        mended { en: "holds: mended", zh: "有效：已修补" }
        differs { en: "differs", zh: "不同" }
        same { en: "the same", zh: "相同" }
        rests: With1 { en: |block| format!("rests on {block}"), zh: |block| format!("依赖于 {block}") }
        work_mends { en: "Work can mend these", zh: "可通过重新挖矿修补" }
        no_work_mends { en: "No work mends these", zh: "挖矿无法修补" }
        others_see { en: "What the others see", zh: "其他人所见" }
        header { en: "Header", zh: "区块头" }
        flip: With1 { en: |field| format!("Flip a bit: {field}"), zh: |field| format!("翻转一个比特：{field}") }
        flip_short { en: "Flip a bit", zh: "翻转一个比特" }
        payment { en: "Payment", zh: "付款" }
        no_payment { en: "This block has no payment, only its miner’s reward.", zh: "此区块没有付款，只有矿工的奖励。" }
        pays { en: "pays", zh: "支付给" }
        amount { en: "Pay 60 coins, out of 50", zh: "改为支付 60 币（只有 50）" }
        less { en: "Pay 1 coin", zh: "改为支付 1 币" }
        steal { en: "Pay the thief instead", zh: "改为支付给小偷" }
        leave_out { en: "Leave the payment out", zh: "删去这笔付款" }
        reward { en: "Reward the miner with 100 coins", zh: "给矿工 100 币奖励" }
        twice { en: "Spend the coin of the payment before again", zh: "再次花费上一笔付款的币" }
        cost { en: "What rewriting costs", zh: "改写的代价" }
        mend: With1 { en: |height| format!("Mend block {height}"), zh: |height| format!("修补区块 {height}") }
        mend_all { en: "Mend all", zh: "全部修补" }
        stop { en: "Stop", zh: "停止" }
        nothing_to_mend { en: "There is nothing to mend.", zh: "没有需要修补的区块。" }
        tries { en: "Tries so far", zh: "已尝试次数" }
        expected { en: "Expected for each block", zh: "每个区块预期次数" }
        others { en: "The others’ hash power", zh: "其他人的算力" }
        times_yours: With1 { en: |times| format!("{times} × yours"), zh: |times| format!("您的 {times} 倍") }
        found { en: "Blocks they found meanwhile, on average", zh: "他们同期平均找到的区块" }
        behind { en: "You are behind by", zh: "您落后" }
        blocks: With1 { en: |count| format!("{count} blocks"), zh: |count| format!("{count} 个区块") }
        chance { en: "Chance ever to get ahead", zh: "最终领先的概率" }
        never_counts: With2 {
            en: |block, why| format!("Even in front it would not count: every node checks block {block} and finds that it fails ({why})."),
            zh: |block, why| format!("即使领先也无效：每个节点都会检查区块 {block}，并发现它不合格（{why}）。"),
        }
        how {
            en: "Real blocks with signed payments. One hash in 16,384 is good enough here; Bitcoin asks for one in more than 10²³.",
            zh: "真实的区块与签名付款。这里每 16,384 个哈希中有一个合格；比特币则要求超过 10²³ 个中才有一个。",
        }
    }
}

/// The name of a field.
pub fn field(field: Field) -> Word {
    match field {
        Field::Version => word("version", "版本"),
        Field::Previous => word("block before", "前一区块"),
        Field::Root => word("Merkle root", "默克尔根"),
        Field::Time => word("time", "时间"),
        Field::Bits => word("target", "目标值"),
        Field::Nonce => word("nonce", "随机数"),
    }
}

/// Each of [`Checks::all`](super::model::Checks::all): its name and what it asks.
pub const CHECKS: [(Word, Word); 7] = [
    (
        word("Merkle root", "默克尔根"),
        word("payments fit the root", "付款与根相符"),
    ),
    (
        word("Link", "链接"),
        word("names the block before", "指向前一区块"),
    ),
    (
        word("Work", "工作量"),
        word("hash is below the target", "哈希低于目标值"),
    ),
    (
        word("Signature", "签名"),
        word("the owner agreed", "所有者已同意"),
    ),
    (
        word("Amounts", "金额"),
        word("no more out than in", "支出不超过收入"),
    ),
    (
        word("Coins", "币"),
        word("there, and spent once", "存在且只花费一次"),
    ),
    (
        word("Hash", "哈希"),
        word("as in their chain", "与他们的链一致"),
    ),
];
