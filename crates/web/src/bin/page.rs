//! The page's program: all of it is in `web::page`.
#![forbid(unsafe_code)]

fn main() {
    web::page::run();
}
