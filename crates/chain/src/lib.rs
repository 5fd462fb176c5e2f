//! Values of a Bitcoin-exact chain: hashes, headers, transactions, targets, block tree, keys
