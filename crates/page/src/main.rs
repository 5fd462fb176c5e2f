//! The page's program; all of its code is in the library.
#![forbid(unsafe_code)]

fn main() {
    page::run();
}
