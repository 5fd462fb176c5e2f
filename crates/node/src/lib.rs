//! One node: protocol, ledger, block tree, gossip and sync behind the Machine door
