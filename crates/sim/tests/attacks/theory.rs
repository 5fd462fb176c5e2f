//! What theory says of attacks on proof of work.

/// A selfish pool's part of the revenue: Eyal and Sirer 2014, equation 8. `pool` is its part of the hash
/// rate; `gamma` that of the others who mine on its block in a tie.
pub fn selfish_revenue(pool: f64, gamma: f64) -> f64 {
    let others = 1.0 - pool;
    let more = pool * others * others * (4.0 * pool + gamma * (1.0 - 2.0 * pool));
    (more - pool.powi(3)) / (1.0 - pool * (1.0 + (2.0 - pool) * pool))
}

/// How likely a double spend succeeds after so many confirmations. The attacker has found nothing
/// beforehand, has to get longer than the others' branch, and never gives up. With `m` of its blocks found
/// when the others have found theirs (negative binomial), it has to gain `confirmations + 1 - m`, and each
/// is gained with probability `attacker / others`: Rosenfeld 2012, with a race to be won by one
/// block more.
pub fn double_spend(attacker: f64, confirmations: u32) -> f64 {
    let others = 1.0 - attacker;
    let mut probability = others.powi(i32::try_from(confirmations).expect("few"));
    let mut success = 0.0;
    let mut sum = 0.0;
    for found in 0..=confirmations {
        let missing = i32::try_from(confirmations + 1 - found).expect("few");
        success += probability * (attacker / others).powi(missing);
        sum += probability;
        probability *= attacker * f64::from(confirmations + found) / f64::from(found + 1);
    }
    success + (1.0 - sum)
}

/// What part of the blocks of two equal miners is stale if each hears of the other's after a fixed time, in
/// which both together find `load` blocks on average.
///
/// Let V be how long the one who is behind still needs to catch up if the other finds nothing more. V falls
/// at rate 1, and grows by an exponential time whenever the one ahead finds a block, up to the delay: it is
/// the workload of a finite dam with exponential jumps at rate 1/2 (while V = 0 either may get ahead: at rate
/// 1), whose density is constant. So P(V > 0) = `load / (1 + load)`. Whatever the one behind finds
/// meanwhile has a rival at its height, and one of the two is stale: that is half of all that is found
/// then. For small loads it is the fork probability of Decker and Wattenhofer 2013.
pub fn stale_rate(load: f64) -> f64 {
    load / (1.0 + load) / 2.0
}
