//! Does: hosts a `tab` in a worker: carries its effects out in order, hands what comes of them back.
//! Never: decides; a node's, a tab's or the pool's choices are made below, and tested there.
//! Neighbours: `tab`, `pool` and `wire` below, `browser` does the touching; `page` starts it.

#![forbid(unsafe_code)]

mod driver;
mod engine;
mod panic;

fn main() {
    engine::start();
}
