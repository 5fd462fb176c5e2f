//! Coinbase and simple spends in Bitcoin's transaction format.
