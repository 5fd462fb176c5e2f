//! The words for why a block was refused.

use kit::lang::{Word, word};

/// The words for a reason, given by its standard code. A code of no rule that this version knows
/// has words, too.
pub fn words_of(code: &str) -> Word {
    let known = REASONS.iter().find(|(known, _)| *known == code);
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
}
