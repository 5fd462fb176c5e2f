//! The program with the list and most rooms; all of its code is in the library.
#![forbid(unsafe_code)]

fn main() {
    try_page::run_page();
}
