//! The nonce-search kernel: one function over a header, a target and a nonce range
