//! The kernel itself, written once for all vectors.
//!
//! A trait cannot carry `#[target_feature]`, so this is a macro: each vector's module defines a
//! handful of operations on its `V` (all with that attribute) and has the macro write the search
//! over them. The rounds whose words are partly known are unrolled, so that the compiler folds the
//! constants; the rest are loops of sixteen rounds, because code that outgrows the processor's
//! cache of decoded instructions loses more (a seventh, in Chromium) than loops cost.

/// Writes `scan` for a module that defines `LANES`, `V`, `splat`, `count_up`, `add`, `xor3`, `ch`,
/// `maj`, `rotr`, `shr` and `le`.
macro_rules! kernel {
    ($($features:literal),+) => {
        use crate::Found;
        use crate::job::{DIGEST_BITS, HEADER_BITS, Job, PAD};
        use crate::sha256::IV;

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

        /// Replaces word `i` of sixteen by the one sixteen words later in the message schedule.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn extend(w: &mut [V; 16], i: usize) {
            let recent = add(small1(w[(i + 14) % 16]), w[(i + 9) % 16]);
            w[i] = add(recent, add(small0(w[(i + 1) % 16]), w[i]));
        }

        /// Round `i` modulo 8. The state stays in place and its names rotate: `a` is at `-i`.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn round(s: &mut [V; 8], i: usize, w: V, k: u32) {
            let at = |n: usize| (16 + n - i) % 8;
            let (a, b, c, d) = (s[at(0)], s[at(1)], s[at(2)], s[at(3)]);
            let (e, f, g, h) = (s[at(4)], s[at(5)], s[at(6)], s[at(7)]);
            let t1 = add(add(h, add(splat(k), w)), add(big1(e), ch(e, f, g)));
            s[at(3)] = add(d, t1);
            s[at(7)] = add(t1, add(big0(a), maj(a, b, c)));
        }

        /// The first hash from round 4 on: the digests of the headers with the nonces `n`.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn first_hash(job: &Job, n: V) -> [V; 8] {
            let zero = splat(0);
            // Words 0 to 3 are no longer needed: words 16 to 19 take their places.
            let mut w = [zero; 16];
            w[0] = splat(job.schedule[0]);
            w[1] = splat(job.schedule[1]);
            w[2] = add(splat(job.schedule[2]), small0(n));
            w[3] = add(splat(job.schedule[3]), n);
            w[4] = splat(PAD);
            w[15] = splat(HEADER_BITS);

            let mut s = [zero; 8];
            repeat!([0 1 2 3 4 5 6 7] i => s[(i + 4) % 8] = splat(job.round3[i]));
            s[4] = add(s[4], n);
            s[0] = add(s[0], n);

            let [k0, k1, k2, k3] = &job.k;
            repeat!([4 5 6 7 8 9 10 11 12 13 14 15] i => round(&mut s, i, w[i], k0[i]));
            repeat!([0 1 2 3] i => round(&mut s, i, w[i], k1[i]));
            // Word 20 without words 5 and 13, which are zero.
            w[4] = add(w[4], small1(w[2]));
            round(&mut s, 4, w[4], k1[4]);
            repeat!([5 6 7 8 9 10 11 12 13 14 15] i => {
                extend(&mut w, i);
                round(&mut s, i, w[i], k1[i])
            });
            for k in [k2, k3] {
                repeat!([0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] i => {
                    extend(&mut w, i);
                    round(&mut s, i, w[i], k[i])
                });
            }
            repeat!([0 1 2 3 4 5 6 7] i => s[i] = add(s[i], splat(job.midstate[i])));
            s
        }

        /// The last word of the hash of a digest. It is the `e` of round 60, so rounds 61 to 63 are
        /// not needed, nor is the `a` of rounds 57 to 60, which the compiler drops by itself.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn second_hash(job: &Job, digest: [V; 8]) -> V {
            let mut w = [splat(0); 16];
            repeat!([0 1 2 3 4 5 6 7] i => w[i] = digest[i]);
            w[8] = splat(PAD);
            w[15] = splat(DIGEST_BITS);
            let mut s = [splat(0); 8];
            repeat!([0 1 2 3 4 5 6 7] i => s[i] = splat(IV[i]));

            let [k0, k1, k2, k3] = &job.k;
            repeat!([0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] i => round(&mut s, i, w[i], k0[i]));
            for k in [k1, k2] {
                repeat!([0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] i => {
                    extend(&mut w, i);
                    round(&mut s, i, w[i], k[i])
                });
            }
            repeat!([0 1 2 3 4 5 6 7 8 9 10 11 12] i => {
                extend(&mut w, i);
                round(&mut s, i, w[i], k3[i])
            });
            // `e` is where round 60 found `d`.
            add(s[(16 + 3 - 60 % 8) % 8], splat(IV[7]))
        }

        /// Compares the last word of each hash, for `nonce`, `nonce + 1`, ..., with the top of the
        /// target: bit `i` is set where `nonce + i` may win.
        #[inline]
        $(#[target_feature(enable = $features)])+
        fn candidates(job: &Job, nonce: u32) -> u32 {
            let digest = first_hash(job, swap_bytes(count_up(nonce)));
            let last = second_hash(job, digest);
            le(swap_bytes(last), splat(job.target_top))
        }
    };
}

/// Repeats a line for each number of a list: a loop that is certain to be unrolled.
macro_rules! repeat {
    ([$($n:literal)+] $i:ident => $line:expr) => {
        $({ let $i: usize = $n; $line; })+
    };
}
