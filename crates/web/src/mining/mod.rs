//! Searches nonces in workers.
