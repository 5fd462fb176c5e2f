//! The words for why a block or a transaction was refused.

use kit::lang::{Word, word};

/// The words for a reason, given by its standard code. A code of no rule that this version knows
/// has words, too.
pub fn words_of(code: &str) -> Word {
    let mut known = REASONS.iter().chain(WAITING);
    let known = known.find(|(known, _)| *known == code);
    known.map_or(word("it breaks a rule", "违反了规则"), |(_, words)| {
        *words
    })
}

/// Codes and their words, in the order of [`chain::Reject`].
const REASONS: &[(&str, Word)] = &[
    // Headers.
    (
        "high-hash",
        word("its hash is above the target", "其哈希高于目标值"),
    ),
    (
        "bad-diffbits",
        word("it names the wrong target", "所写的目标值不正确"),
    ),
    (
        "time-too-old",
        word(
            "its time is not after the median of the last 11 blocks",
            "其时间不晚于最近 11 个区块的中位时间",
        ),
    ),
    (
        "time-too-new",
        word("its time is too far in the future", "其时间过于超前"),
    ),
    (
        "time-timewarp-attack",
        word(
            "its time is too far before that of its parent",
            "其时间比父区块早太多",
        ),
    ),
    (
        "bad-prevblk",
        word("it builds on an invalid block", "它建立在无效区块之上"),
    ),
    (
        "prev-blk-not-found",
        word("its parent is not known", "父区块未知"),
    ),
    (
        "ancestor-not-found",
        word(
            "an ancestor that a rule needs is missing",
            "缺少规则所需的祖先区块",
        ),
    ),
    (
        "bad-genesis",
        word("it conflicts with the genesis block", "与创世区块冲突"),
    ),
    (
        "work-overflow",
        word(
            "the work of its chain does not fit into 256 bits",
            "所在链的累计工作量超出 256 位",
        ),
    ),
    // Bodies.
    (
        "bad-blk-decode",
        word("its transactions cannot be read", "其交易无法解析"),
    ),
    (
        "bad-txnmrklroot",
        word(
            "its Merkle root does not match its transactions",
            "默克尔根与交易不符",
        ),
    ),
    (
        "bad-txns-duplicate",
        word("it repeats transactions", "含有重复的交易"),
    ),
    (
        "bad-txns-mutated",
        word(
            "one of its transactions may really be two nodes of the Merkle tree",
            "有交易可能其实是默克尔树的两个节点",
        ),
    ),
    (
        "bad-blk-length",
        word("it is too large or empty", "区块过大或为空"),
    ),
    (
        "bad-blk-weight",
        word("its weight is above the limit", "区块重量超过上限"),
    ),
    (
        "bad-blk-sigops",
        word(
            "it asks for more signatures to be checked than the limit allows",
            "需要验证的签名数量超过上限",
        ),
    ),
    (
        "bad-cb-missing",
        word(
            "its first transaction is not a coinbase",
            "首笔交易不是铸币交易",
        ),
    ),
    (
        "bad-cb-multiple",
        word("it has more than one coinbase", "含有多笔铸币交易"),
    ),
    (
        "bad-cb-length",
        word(
            "the script of its coinbase is too short or too long",
            "铸币交易的脚本过短或过长",
        ),
    ),
    (
        "bad-cb-height",
        word(
            "the script of its coinbase does not start with its height",
            "铸币交易的脚本没有以区块高度开头",
        ),
    ),
    (
        "bad-cb-amount",
        word("it pays itself too much", "给自己的奖励过多"),
    ),
    (
        "bad-witness-nonce-size",
        word(
            "the witness of its coinbase is not a single item of 32 bytes",
            "铸币交易的见证数据不是单个 32 字节的元素",
        ),
    ),
    (
        "bad-witness-merkle-match",
        word(
            "its witnesses are not those that its coinbase commits to",
            "见证数据与铸币交易的承诺不符",
        ),
    ),
    (
        "unexpected-witness",
        word(
            "it has witnesses that its coinbase does not commit to",
            "含有铸币交易未承诺的见证数据",
        ),
    ),
    // Transactions alone.
    (
        "bad-txns-vin-empty",
        word("a transaction has no inputs", "有交易没有输入"),
    ),
    (
        "bad-txns-vout-empty",
        word("a transaction has no outputs", "有交易没有输出"),
    ),
    (
        "bad-txns-oversize",
        word(
            "a transaction is larger than a block may be",
            "有交易超过区块的大小上限",
        ),
    ),
    (
        "bad-txns-64-byte",
        word(
            "a transaction is exactly 64 bytes long",
            "有交易恰好为 64 字节",
        ),
    ),
    (
        "bad-txns-vout-negative",
        word("an output pays a negative amount", "有输出的金额为负"),
    ),
    (
        "bad-txns-vout-toolarge",
        word(
            "an output pays more than 21 million coins",
            "有输出的金额超过 2100 万个币",
        ),
    ),
    (
        "bad-txns-txouttotal-toolarge",
        word(
            "the outputs of a transaction pay more than 21 million coins together",
            "有交易的输出总额超过 2100 万个币",
        ),
    ),
    (
        "bad-txns-inputs-duplicate",
        word(
            "a transaction spends the same output twice",
            "有交易重复花费同一个输出",
        ),
    ),
    (
        "bad-txns-prevout-null",
        word(
            "an input outside the coinbase refers to no output",
            "铸币交易之外有输入没有引用任何输出",
        ),
    ),
    // Transactions on a chain.
    (
        "bad-txns-inputs-missingorspent",
        word(
            "an input spends an output that does not exist or is already spent",
            "有输入花费的输出不存在或已被花费",
        ),
    ),
    (
        "bad-txns-premature-spend-of-coinbase",
        word(
            "it spends the output of a coinbase too early",
            "过早花费了铸币交易的输出",
        ),
    ),
    (
        "bad-txns-in-belowout",
        word(
            "a transaction pays more than it spends",
            "有交易的输出总额高于输入总额",
        ),
    ),
    (
        "bad-txns-inputvalues-outofrange",
        word(
            "a transaction spends more than 21 million coins",
            "有交易的输入总额超过 2100 万个币",
        ),
    ),
    (
        "bad-txns-accumulated-fee-outofrange",
        word(
            "its fees, or its fees and subsidy, exceed 21 million coins",
            "手续费或手续费与新币之和超过 2100 万个币",
        ),
    ),
    (
        "bad-txns-nonfinal",
        word(
            "the lock time of a transaction has not been reached",
            "有交易尚未到锁定时间",
        ),
    ),
    (
        "bad-txns-BIP30",
        word(
            "a transaction would overwrite one that is not fully spent",
            "有交易会覆盖尚未花完的同一笔交易",
        ),
    ),
    (
        "bad-witness",
        word(
            "the witness of an input does not have the required form",
            "有输入的见证数据格式不符",
        ),
    ),
    (
        "bad-txns-nonstandard-inputs",
        word(
            "an input spends an output whose script nobody here understands",
            "有输入花费的输出，其脚本不属于这里认得的任何一种",
        ),
    ),
    (
        "unsatisfied-locktime",
        word(
            "an input spends before the time that the output names",
            "有输入在输出规定的时间之前就花费它",
        ),
    ),
    (
        "bad-signature",
        word("the signature of an input is not valid", "有输入的签名无效"),
    ),
    (
        "bad-public-key",
        word(
            "an input spends an output whose public key is not valid",
            "有输入花费的输出所含公钥无效",
        ),
    ),
];

/// Reasons why a transaction that breaks no rule does not wait, or waits no longer, in the order of
/// [`chain::mempool::Refusal`] and [`chain::mempool::Gone`].
const WAITING: &[(&str, Word)] = &[
    (
        "txn-already-in-mempool",
        word("it waits already", "它已在等待"),
    ),
    ("tx-size", word("it is too large", "它过大")),
    (
        "min relay fee not met",
        word("its fee is too low", "手续费过低"),
    ),
    (
        "mempool min fee not met",
        word(
            "so much waits that its fee is too low",
            "等待的交易太多，手续费不够高",
        ),
    ),
    (
        "mempool full",
        word(
            "so much waits, and all the others pay more",
            "等待的交易太多，且其他交易的手续费都更高",
        ),
    ),
    (
        "too-long-mempool-chain",
        word(
            "it needs too many others that wait",
            "它依赖的等待中的交易太多",
        ),
    ),
    (
        "txn-mempool-conflict",
        word(
            "another one that waits spends the same and may not be replaced",
            "另一笔等待中的交易花费了相同的输出，且不可替换",
        ),
    ),
    (
        "too many potential replacements",
        word("it would replace too many others", "它将替换太多交易"),
    ),
    (
        "bad-txns-spends-conflicting-tx",
        word(
            "it needs one that it would replace",
            "它依赖于将被它替换的交易",
        ),
    ),
    (
        "replacement-adds-unconfirmed",
        word(
            "it would replace another, but needs one more that waits",
            "它要替换其他交易，却又依赖另一笔等待中的交易",
        ),
    ),
    (
        "insufficient fee",
        word(
            "it would replace another, but does not pay enough more",
            "它要替换其他交易，但手续费增加得不够",
        ),
    ),
    (
        "replaced",
        word(
            "another one that pays more takes its place",
            "被手续费更高的交易替换",
        ),
    ),
    (
        "conflict",
        word(
            "a block has another one that spends the same",
            "区块中的另一笔交易花费了相同的输出",
        ),
    ),
    (
        "evicted",
        word(
            "others pay more, and there is no room for all",
            "其他交易手续费更高，空间不足",
        ),
    ),
    ("expired", word("it waited too long", "等待太久")),
    (
        "txn-already-known",
        word("it is in a block already", "它已在区块中"),
    ),
    (
        "no-mempool",
        word(
            "this room's transactions do not wait for blocks",
            "此房间的交易不等待区块",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use kit::lang::Lang;

    #[test]
    fn every_rule_has_words_of_its_own_in_each_language() {
        let codes: Vec<&str> = REASONS.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, chain::Reject::NAMES);
        for lang in [Lang::En, Lang::Zh] {
            let other = words_of("no-such-rule").of(lang);
            let words = REASONS.iter().map(|(_, words)| words.of(lang));
            let words: BTreeSet<&str> = words.chain([other]).collect();
            assert_eq!(words.len(), REASONS.len() + 1);
        }
    }

    #[test]
    fn every_reason_not_to_wait_has_words_of_its_own_in_each_language() {
        use chain::mempool::{Gone, Refusal};
        let names = Refusal::NAMES.iter().chain(Gone::NAMES).copied();
        let others = ["txn-already-known", "no-mempool"];
        let codes = WAITING.iter().map(|(code, _)| *code);
        assert!(codes.eq(names.chain(others)));
        for lang in [Lang::En, Lang::Zh] {
            let words = WAITING.iter().map(|(_, words)| words.of(lang));
            let words: BTreeSet<&str> = words.collect();
            assert_eq!(words.len(), WAITING.len());
        }
    }
}
