//! The engine worker: hosts this tab's nodes.
#![forbid(unsafe_code)]

fn main() {
    web::engine::start();
}
