//! The kernel itself, written once for all vectors.
//!
//! A trait cannot carry `#[target_feature]`, so this is a macro: each vector's module defines a
//! handful of operations on its `V` (all with that attribute) and lets the macro write the search
//! over them. All rounds are written out, so that the compiler sees each constant, folds those that
//! meet, and drops what nobody reads.

/// Writes `scan` for a module that defines `LANES`, `V`, `splat`, `count_up`, `add`, `xor3`, `ch`,
/// `maj`, `rotr`, `shr` and `le`.
macro_rules! kernel {
    ($($features:literal),+) => {
        use crate::Found;
        use crate::job::{DIGEST_BITS, HEADER_BITS, Job, PAD};
        use crate::sha256::{IV, K};

        /// See [`crate::search`]; the range does not wrap and `found` has room.
        $(#[target_feature(enable = $features)])+
        pub fn scan(job: &Job, start: u32, count: u64, found: &mut Found) -> u64 {
            let (mut nonce, mut done) = (start, 0);
            while done < count {
                let mask = candidates(job, nonce);
                if mask != 0
                    && let Some(tried) = job.settle(nonce, mask, count - done, found)
                {
                    return done + tried;
                }
                // Lanes past the end of the range were hashed for nothing and are ignored.
                nonce = nonce.wrapping_add(LANES);
                done += u64::from(LANES);
            }
            count
        }

        #[inline]
        $(#[target_feature(enable = $features)])+
        fn swap_bytes(x: V) -> V {
            ch(splat(0xff00_ff00), rotr::<8, 24>(x), rotr::<24, 8>(x))
        }

        #[inline]
        $(#[target_feature(enable = $features)])+
        fn small0(x: V) -> V {
            xor3(rotr::<7, 25>(x), rotr::<18, 14>(x), shr::<3>(x))
        }

        #[inline]
        $(#[target_feature(enable = $features)])+
        fn small1(x: V) -> V {
            xor3(rotr::<17, 15>(x), rotr::<19, 13>(x), shr::<10>(x))
        }

        #[inline]
        $(#[target_feature(enable = $features)])+
        fn big0(x: V) -> V {
            xor3(rotr::<2, 30>(x), rotr::<13, 19>(x), rotr::<22, 10>(x))
        }

        #[inline]
        $(#[target_feature(enable = $features)])+
        fn big1(x: V) -> V {
            xor3(rotr::<6, 26>(x), rotr::<11, 21>(x), rotr::<25, 7>(x))
        }

        /// A word of the message schedule from the sixteen before it.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn extend(w: &[V; 64], i: usize) -> V {
            add(
                add(small1(w[i - 2]), w[i - 7]),
                add(small0(w[i - 15]), w[i - 16]),
            )
        }

        /// Round `i`. The state stands still and its names move on: `a` is at `-i` modulo 8.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn round(s: &mut [V; 8], i: usize, w: V) {
            let at = |n: usize| (64 + n - i) % 8;
            let (a, b, c, d) = (s[at(0)], s[at(1)], s[at(2)], s[at(3)]);
            let (e, f, g, h) = (s[at(4)], s[at(5)], s[at(6)], s[at(7)]);
            let t1 = add(add(h, add(splat(K[i]), w)), add(big1(e), ch(e, f, g)));
            s[at(3)] = add(d, t1);
            s[at(7)] = add(t1, add(big0(a), maj(a, b, c)));
        }

        /// The last word of each of the hashes of `nonce`, `nonce + 1`, ..., held against the top
        /// of the target: bit `i` is set where `nonce + i` may win.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn candidates(job: &Job, nonce: u32) -> u32 {
            let zero = splat(0);

            let n = swap_bytes(count_up(nonce));
            let mut w = [zero; 64];
            w[3] = n;
            w[4] = splat(PAD);
            w[15] = splat(HEADER_BITS);
            w[16] = splat(job.schedule[0]);
            w[17] = splat(job.schedule[1]);
            w[18] = add(splat(job.schedule[2]), small0(n));
            w[19] = add(splat(job.schedule[3]), n);
            let r = &job.round3;
            let mut s = [
                splat(r[4]), splat(r[5]), splat(r[6]), splat(r[7]),
                splat(r[0]), splat(r[1]), splat(r[2]), splat(r[3]),
            ];
            s[4] = add(s[4], n);
            s[0] = add(s[0], n);
            repeat!([20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41
                42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63]
                i => w[i] = extend(&w, i));
            repeat!([4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
                32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59
                60 61 62 63]
                i => round(&mut s, i, w[i]));

            // The second hash. Its last word is the `e` of round 60, so rounds 61 to 63 are not
            // needed, nor is the `a` of the four rounds before.
            let m = &job.midstate;
            let mut w = [zero; 64];
            repeat!([0 1 2 3 4 5 6 7] i => w[i] = add(s[i], splat(m[i])));
            w[8] = splat(PAD);
            w[15] = splat(DIGEST_BITS);
            let mut s = [zero; 8];
            repeat!([0 1 2 3 4 5 6 7] i => s[i] = splat(IV[i]));
            repeat!([16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41
                42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60]
                i => w[i] = extend(&w, i));
            repeat!([0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
                29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56
                57 58 59 60]
                i => round(&mut s, i, w[i]));
            // After round 60 `e` stands where round 60 found `d`.
            le(swap_bytes(add(s[(64 + 3 - 60) % 8], splat(IV[7]))), splat(job.target_top))
        }
    };
}

/// The same line for each of a list of numbers: a loop that is certain to be unrolled.
macro_rules! repeat {
    ([$($n:literal)+] $i:ident => $line:expr) => {
        $({ let $i: usize = $n; $line; })+
    };
}
