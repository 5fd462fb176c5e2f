//! The deterministic simulator: queue, links, faults, checkers, fingerprint
