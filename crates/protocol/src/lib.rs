//! The contract between machines and hosts
