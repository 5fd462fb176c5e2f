//! One folder a consensus protocol, and their registry
