//! The descriptions of `window.tabchain`'s methods.

use kit::lang::{Word, word};

/// The methods as written in a script, and what they do.
pub const METHODS: [(&str, Word); 17] = [
    (
        "status()",
        word(
            "{room, nodes, tip: {height, hash, work}, peers, hashRate, mining, online}; hashRate is in hashes per second",
            "{room, nodes, tip: {height, hash, work}, peers, hashRate, mining, online}；hashRate 为每秒哈希次数",
        ),
    ),
    (
        "startMining({workers, duty})",
        word(
            "mine in this tab; workers is 1 to 64, duty is the share of the time, 0.01 to 1; either defaults to 1; without an argument, the last setting is used",
            "在本标签页挖矿；workers 为 1 到 64，duty 为 0.01 到 1 的时间占比；省略参数则沿用上次设置",
        ),
    ),
    (
        "stopMining()",
        word("stop mining in this tab", "停止本标签页的挖矿"),
    ),
    (
        "setOnline(bool)",
        word(
            "cut this tab's nodes off (false) or reconnect them (true)",
            "断开（false）或重新接入（true）本标签页的节点",
        ),
    ),
    (
        "addNode()",
        word(
            "add a node to this tab; returns its id",
            "在本标签页添加一个节点，返回其标识",
        ),
    ),
    (
        "block(heightOrHash)",
        word(
            "one block with all its fields, by height or by hash",
            "按高度或哈希返回一个区块的全部字段",
        ),
    ),
    (
        "blocks(from, to)",
        word(
            "blocks of the best chain, at most 2,000",
            "最佳链上的区块，最多 2,000 个",
        ),
    ),
    (
        "submit(what, values)",
        word(
            "where slots are decided: have a transaction carried out, such as submit(\"put\", [\"colour\", \"blue\"]); returns its receipt, {what, values}",
            "用于按槽决定的房间：执行一笔交易，例如 submit(\"put\", [\"colour\", \"blue\"])；返回其回执 {what, values}",
        ),
    ),
    (
        "coins(addresses)",
        word(
            "the coins of these addresses, {height, maturity, minFeeRate, coins, more, waiting}; amounts in satoshi as strings, minFeeRate in satoshi for a thousand virtual bytes, waiting transactions in hex",
            "这些地址的币 {height, maturity, minFeeRate, coins, more, waiting}；金额为聪（字符串），minFeeRate 为每千虚拟字节的聪数，等待中的交易为十六进制",
        ),
    ),
    (
        "sendTransaction(hex)",
        word(
            "have a signed transaction come into a block; returns its id, or fails with the rule that it breaks",
            "提交一笔已签名的交易，等待进入区块；返回其标识，若违反规则则给出该规则",
        ),
    ),
    (
        "mempool()",
        word(
            "what waits for a block, {count, size, minFeeRate, best: [{txid, size, fee, needs}]}",
            "等待进入区块的交易 {count, size, minFeeRate, best: [{txid, size, fee, needs}]}",
        ),
    ),
    (
        "payTo(address)",
        word(
            "have blocks that this tab finds pay an address instead of its nodes; null undoes it",
            "让本标签页挖到的区块付给某个地址而不是其节点；null 则取消",
        ),
    ),
    (
        "reset()",
        word(
            "forget this room's chain in all tabs of this browser",
            "让本浏览器的所有标签页忘记此房间的链",
        ),
    ),
    (
        "undoReset()",
        word(
            "bring back the chain that the last reset set aside",
            "恢复上一次重置所移走的链",
        ),
    ),
    (
        "on(event, f)",
        word(
            "call f on block, decided, reorg, peers, mining, storage or error; returns a function that unsubscribes",
            "在 block、decided、reorg、peers、mining、storage 或 error 发生时调用 f；返回用于取消的函数",
        ),
    ),
    (
        "export()",
        word(
            "the whole chain as raw blocks in hex, one per line",
            "整条链的原始区块，十六进制，每行一个",
        ),
    ),
    (
        "ready",
        word(
            "a promise that is fulfilled once the nodes run",
            "节点运行后即完成的 Promise",
        ),
    ),
];
