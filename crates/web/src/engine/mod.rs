//! Hosts nodes.
