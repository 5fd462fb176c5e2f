//! A token bucket: how many messages one sender may send.

/// Fills with time, empties with use. Times are milliseconds of a clock that does not go back.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    thousandths: u64,
    filled: u64,
}

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Tokens that it holds.
    pub burst: u32,
    /// Tokens that come each second.
    pub per_second: u32,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn full(rate: Rate, now: u64) -> Self {
        Self {
            thousandths: u64::from(rate.burst) * 1_000,
            filled: now,
        }
    }

    /// Takes this many tokens, if there are enough.
    pub fn take(&mut self, rate: Rate, tokens: u32, now: u64) -> bool {
        let passed = now.saturating_sub(self.filled);
        self.filled = self.filled.max(now);
        let most = u64::from(rate.burst) * 1_000;
        let more = passed.saturating_mul(u64::from(rate.per_second));
        self.thousandths = self.thousandths.saturating_add(more).min(most);
        match self.thousandths.checked_sub(u64::from(tokens) * 1_000) {
            Some(rest) => {
                self.thousandths = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 10,
        per_second: 2,
    };

    #[test]
    fn a_burst_is_allowed_then_the_rate() {
        let mut bucket = Bucket::full(RATE, 0);
        let allowed =
            |bucket: &mut Bucket, now| (0..100).filter(|_| bucket.take(RATE, 1, now)).count();
        assert_eq!(allowed(&mut bucket, 0), 10);
        assert_eq!(allowed(&mut bucket, 499), 0);
        assert_eq!(allowed(&mut bucket, 500), 1);
        assert_eq!(allowed(&mut bucket, 2_500), 4);
        assert_eq!(allowed(&mut bucket, u64::MAX), 10);
        assert_eq!(allowed(&mut bucket, 0), 0);
    }
}
