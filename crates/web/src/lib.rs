//! The page, the engine worker and the mining worker
