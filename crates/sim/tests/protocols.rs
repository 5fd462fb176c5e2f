//! What has to be true of every protocol, of those that there are.

#![cfg(not(target_arch = "wasm32"))] // many runs

use consensus::PROTOCOLS;

mod meta;

#[test]
fn what_they_say_of_themselves_is_in_order() {
    meta::entries_are_in_order(PROTOCOLS);
}

#[test]
fn a_run_is_the_same_each_time_and_when_it_is_forked() {
    meta::runs_are_reproduced(PROTOCOLS);
}

#[test]
fn junk_comes_to_nothing() {
    meta::junk_is_ignored(PROTOCOLS);
}
