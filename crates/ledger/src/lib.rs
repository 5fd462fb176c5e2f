//! What a transaction means: the Ledger trait and its ledgers
