//! Does: hosts a `tab` in a worker: carries out its effects in order and gives it their results.
//! Never: decides; the choices of nodes, tabs and the pool are made and tested further down.
//! Neighbours: `tab`, `pool` and `wire` below; `browser` reaches the browser; `page` starts it.

#![forbid(unsafe_code)]

mod driver;
mod engine;
mod panic;

fn main() {
    engine::start();
}
