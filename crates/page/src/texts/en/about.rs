//! The page about it all.

use crate::texts::About;

pub const ABOUT: About = About {
    title: "About Tabchain",
    lead: "Tabchain runs a real proof-of-work blockchain inside your browser. Each tab hosts nodes with real keys; they talk to the nodes of your other tabs and compete with real double SHA-256, in Bitcoin's own formats. There is no server, and the coins are worth nothing.",
    back: "To the chain",
    how: "How it works",
    how_steps: &[
        "Mining: your browser tries number after number until the hash of the block's 80 bytes is below the target.",
        "Gossip: who finds a block tells all others. They check every rule themselves before they build on it.",
        "Fork: two blocks found at nearly the same time are both valid; the next one decides.",
        "Most work wins: everybody follows the chain with the most work. Blocks of the losing branch turn stale.",
        "Retargeting: if blocks come too fast, the target shrinks; if too slow, it grows.",
    ],
    words: "Words",
    glossary: &[
        ("Block", "A header of 80 bytes and a list of transactions."),
        (
            "Hash",
            "A fingerprint of 256 bits; change one bit and all of it changes.",
        ),
        ("Nonce", "The number in the header that miners vary."),
        ("Target", "The largest hash that counts."),
        ("Work", "How many tries a chain stands for on average."),
        ("Tip", "The last block of a chain."),
        ("Fork", "Two blocks that build on the same one."),
        ("Stale block", "A valid block that lost the race."),
        (
            "Reorganisation",
            "A node leaves its branch for one with more work.",
        ),
        ("Merkle root", "One hash that commits to all transactions."),
        (
            "Coinbase",
            "The first transaction of a block: it creates the reward.",
        ),
        ("Node", "A program that keeps and checks the chain."),
    ],
    keys: "Keys",
    key_list: &[
        ("← →", "In the block tree: parent, child"),
        ("↑ ↓", "In the block tree: the branch above, below"),
        ("Home / End", "In the block tree: oldest, newest"),
        ("Enter", "Show the block's details"),
        ("Esc", "Close a dialog"),
    ],
    script: "Scripting",
    script_lead: "window.tabchain in the browser's console. Everything returns a promise; errors carry a code. Amounts and work are strings, other 64-bit values BigInt.",
    script_list: [
        "{room, nodes, tip: {height, hash, work}, peers, hashRate, mining, online}; hashRate is a number of hashes a second",
        "mine in this tab; workers 1 to 64, duty 0.01 to 1 is the share of the time, a missing one is 1; without an argument as last time",
        "stop mining in this tab",
        "cut this tab's nodes off (false) or join them again (true)",
        "add a node to this tab; gives its id",
        "one block with all its fields, by height or by hash",
        "blocks of the best chain, at most 2,000",
        "forget this room's chain in all tabs of this browser",
        "bring back what the last reset put away",
        "call f on block, reorg, peers, mining, storage or error; returns a function that ends it",
        "the whole chain as raw blocks in hex, a line each",
        "a promise, kept once the nodes run",
    ],
    honest: "What it is not",
    honest_lines: &[
        "Not money: everybody can make a chain of their own.",
        "Not across machines: nodes meet only inside one browser.",
    ],
};
