//! The page's program: all of it is in `page`.
#![forbid(unsafe_code)]

fn main() {
    page::run();
}
