//! Attacks on proof of work, beside what theory says of them: few runs, with fixed seeds. `cargo xtask bench
//! attacks` does many.

#![cfg(not(target_arch = "wasm32"))] // many runs, on all cores
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "statistics of finished runs, and threads that share nothing: no run depends on them"
)]

mod figures;
mod measure;
mod theory;

use figures::Effort;
use measure::Mean;

/// Within three standard errors, all of them.
#[test]
fn attacks_succeed_as_often_as_theory_says() {
    let effort = Effort {
        runs: 4,
        seconds: 300,
        attacks: 100,
    };
    figures::all(
        &effort,
        |_, _, _| {},
        |figure| {
            let (what, Mean { of, mean, error }) = (figure.what, figure.measured);
            let (theory, distance) = (figure.theory, figure.measured.distance(figure.theory));
            let said = format!("{what}: {mean} +- {error} of {of}, and theory says {theory}");
            println!("{said}");
            assert!(distance.abs() <= 3.0, "{said}");
        },
    );
}

/// Eyal and Sirer 2014, and where it is worth as much as honest mining.
#[test]
fn selfish_revenue_is_what_is_published() {
    for (pool, gamma, revenue) in [
        (0.2, 0.0, 0.12967),
        (1.0 / 3.0, 0.0, 1.0 / 3.0),
        (0.4, 0.0, 0.483721),
        (0.2, 0.5, 0.182418),
        (0.25, 0.5, 0.25),
        (0.4, 0.5, 0.525581),
    ] {
        let ours = theory::selfish_revenue(pool, gamma);
        assert!((ours - revenue).abs() < 1e-6, "{pool} {gamma}: {ours}");
    }
}

/// Computed from Rosenfeld 2012 by a race that has to be won by one block, and by drawing such races.
#[test]
fn double_spends_succeed_as_the_exact_race_says() {
    for (attacker, confirmations, success) in [
        (0.1, 1, 0.031_111_11),
        (0.1, 2, 0.009_511_11),
        (0.1, 6, 0.000_110_32),
        (0.3, 1, 0.308_571_43),
        (0.3, 2, 0.232_971_43),
        (0.3, 6, 0.089_107_45),
    ] {
        let ours = theory::double_spend(attacker, confirmations);
        assert!(
            (ours - success).abs() < 1e-8,
            "{attacker} {confirmations}: {ours}"
        );
    }
}

/// Decker and Wattenhofer 2013: a block has a rival if the others, who have half of the hash rate, find
/// one while it spreads.
#[test]
fn few_blocks_of_two_miners_are_stale_if_they_spread_fast() {
    for load in [0.001, 0.01] {
        let (ours, theirs) = (theory::stale_rate(load), 1.0 - f64::exp(-load / 2.0));
        assert!(
            (ours - theirs).abs() < load * load,
            "{load}: {ours}, {theirs}"
        );
    }
}
