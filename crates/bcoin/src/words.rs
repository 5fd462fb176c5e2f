//! What nodes say. The original's three programs differ in nothing else.

/// One program's texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// A block was mined.
    pub mined: &'static str,
    /// Whom a reward pays.
    pub receiver: &'static str,
    /// `/is_valid` finds no fault ...
    pub valid: &'static str,
    /// ... or one.
    pub invalid: &'static str,
    /// A transaction has too few fields.
    pub incomplete: &'static str,
    /// Nodes were connected.
    pub connected: &'static str,
    /// `/connect_node` without nodes.
    pub no_node: &'static str,
    /// A longer chain was taken ...
    pub replaced: &'static str,
    /// ... or there was none.
    pub longest: &'static str,
}

const NODE_1001: Words = Words {
    mined: "Congrats, you just mined a block!",
    receiver: "Bharathi",
    valid: "Everything is fine. The Blockchain is correct.",
    invalid: "Weve got an issue. The Blockchain isnt trustworthy..",
    incomplete: "Some transactional components are missing.",
    connected: "All of the nodes are now linked together. The node has now been added to the Bitcoin blockchain",
    no_node: "No node",
    replaced: "Because the nodes are different, the longest chain is used to replace the chain..",
    longest: "Everything is fine. The Blockchain is correct. The chain is the longest one",
};

const NODE_1002: Words = Words {
    mined: "Youve just mined a block, so congrats!",
    receiver: "Meghna",
    valid: "Everything is fine. The Blockchain is correct..",
    invalid: "We ve got an issue. The Blockchain isnt trustworthy..",
    connected: "All of the nodes are now linked together. The node has now been added to the Bitcoin blockchain.",
    longest: "Everything seems to be fine. It is the most extensive chain.",
    ..NODE_1001
};

const NODE_1003: Words = Words {
    mined: "Youve just mined a block, congrats!!",
    valid: "Everything is fine. The Blockchain is correct.",
    incomplete: "Some elements of the transactions are missing",
    connected: "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.",
    longest: "Everything is fine. The chain is the most extensive.",
    ..NODE_1002
};

impl Words {
    /// The texts of the program for this port: ports that end in 1 and 3 have those of 1001 and 1003, all
    /// others have those of 1002.
    #[must_use]
    pub fn of_port(port: u16) -> &'static Self {
        match port % 10 {
            1 => &NODE_1001,
            3 => &NODE_1003,
            _ => &NODE_1002,
        }
    }
}
