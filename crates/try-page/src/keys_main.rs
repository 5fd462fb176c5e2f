//! The program with the rooms that sign and verify; all of its code is in the library.
#![forbid(unsafe_code)]

fn main() {
    try_page::run_keys();
}
