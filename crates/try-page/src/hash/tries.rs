//! Searching for a digest with leading zeros, again and again, in slices between which the page
//! draws.

use chain::hash::sha256;

use super::model::MOST_ZEROS;

/// Tries in one slice: some milliseconds.
pub const SLICE: u32 = 8_192;
/// Columns of the histogram: the last one has all that took longer.
pub const COLUMNS: usize = 8;

/// The mean number of tries until a digest has this many leading zeros.
pub fn expected(zeros: u8) -> u64 {
    1 << (4 * zeros)
}

/// A search for digests of the text, a space and a number that counts up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    input: Vec<u8>,
    text_len: usize,
    zeros: u8,
    runs: u16,
    /// All tries so far.
    pub tries: u64,
    /// Tries since the last success.
    since: u64,
    /// At which try a digest first had at least 1, 2, ... zeros.
    pub first: [Option<u64>; MOST_ZEROS as usize],
    /// How many tries each success took.
    pub found: Vec<u64>,
}

impl Search {
    /// A search that has not begun.
    pub fn new(text: &[u8], zeros: u8, runs: u16) -> Self {
        let mut input = text.to_vec();
        input.push(b' ');
        Self {
            text_len: input.len(),
            input,
            zeros,
            runs,
            tries: 0,
            since: 0,
            first: [None; MOST_ZEROS as usize],
            found: Vec::new(),
        }
    }

    /// Whether it has succeeded as often as it should.
    pub fn is_done(&self) -> bool {
        self.found.len() >= usize::from(self.runs)
    }

    /// How often it should succeed.
    pub fn runs(&self) -> u16 {
        self.runs
    }

    /// Tries so many numbers, or fewer if it is done before.
    pub fn step(&mut self, tries: u32) {
        for _ in 0..tries {
            if self.is_done() {
                return;
            }
            self.try_one();
        }
    }

    fn try_one(&mut self) {
        self.input.truncate(self.text_len);
        let mut digits = [0; 20];
        self.input
            .extend_from_slice(decimal(self.tries, &mut digits));
        self.tries += 1;
        self.since += 1;
        let zeros = leading_zeros(&sha256(&self.input));
        for first in self.first.iter_mut().take(usize::from(zeros)) {
            first.get_or_insert(self.tries);
        }
        if zeros >= self.zeros {
            self.found.push(self.since);
            self.since = 0;
        }
    }

    /// The mean number of tries, once there is one.
    pub fn mean(&self) -> Option<u64> {
        let sum: u64 = self.found.iter().sum();
        sum.checked_div(self.found.len() as u64)
    }

    /// How many successes fall into each column: up to 1/8 of the expectation, then up to 1/4, 1/2
    /// and so on, each column as wide as all before it together.
    pub fn histogram(&self) -> [usize; COLUMNS] {
        let mut columns = [0; COLUMNS];
        for tries in &self.found {
            columns[column(*tries, self.zeros)] += 1;
        }
        columns
    }
}

/// The column for a number of tries.
fn column(tries: u64, zeros: u8) -> usize {
    let mut bound = expected(zeros) >> 3;
    for column in 0..COLUMNS - 1 {
        if tries <= bound {
            return column;
        }
        bound *= 2;
    }
    COLUMNS - 1
}

/// The share of searches, in thousandths, that end in each column if digests are as good as random:
/// the chance to need more than `n` tries is `(1 - 1/expected)^n`, nearly `e^(-n/expected)`.
pub fn expected_share(column: usize) -> u32 {
    let beyond = |column: i32| (-(2f64.powi(column - 3))).exp();
    let above = if column == 0 {
        1.0
    } else {
        beyond(column as i32 - 1)
    };
    let below = if column == COLUMNS - 1 {
        0.0
    } else {
        beyond(column as i32)
    };
    ((above - below) * 1000.0).round() as u32
}

/// The leading zeros of a digest's hexadecimal digits.
fn leading_zeros(digest: &[u8; 32]) -> u8 {
    let mut zeros = 0;
    for byte in digest {
        match byte {
            0 => zeros += 2,
            1..16 => return zeros + 1,
            _ => break,
        }
    }
    zeros
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_counted_in_digits() {
        let mut digest = [0xff; 32];
        assert_eq!(leading_zeros(&digest), 0);
        digest[0] = 0x0f;
        assert_eq!(leading_zeros(&digest), 1);
        (digest[0], digest[1]) = (0, 0x10);
        assert_eq!(leading_zeros(&digest), 2);
        assert_eq!(leading_zeros(&[0; 32]), 64);
    }

    #[test]
    fn what_is_found_has_the_zeros_and_slices_change_nothing() {
        let mut whole = Search::new(b"Tabchain", 2, 20);
        whole.step(u32::MAX);
        assert!(whole.is_done());
        assert_eq!(whole.found.iter().sum::<u64>(), whole.tries);
        let nonce = whole.found[0] - 1;
        let digest = sha256(format!("Tabchain {nonce}").as_bytes());
        assert_eq!(digest[0], 0);
        let mut sliced = Search::new(b"Tabchain", 2, 20);
        while !sliced.is_done() {
            sliced.step(7);
        }
        assert_eq!(sliced, whole);
    }

    #[test]
    fn tries_are_near_what_is_expected() {
        let mut search = Search::new(b"near", 2, 1000);
        search.step(u32::MAX);
        let mean = search.mean().expect("found some");
        assert!((230..=282).contains(&mean), "{mean}"); // 256 within three standard errors
        assert_eq!(search.histogram().iter().sum::<usize>(), 1000);
        assert_eq!(search.first[0].map(|first| first > 0), Some(true));
        assert!(search.first[1] >= search.first[0]);
    }

    #[test]
    fn the_expected_shares_are_all_there_is() {
        let all: u32 = (0..COLUMNS).map(expected_share).sum();
        assert!((998..=1002).contains(&all), "{all}");
    }

    #[test]
    fn columns_double() {
        assert_eq!(column(1, 1), 0);
        assert_eq!(column(expected(3), 3), 3);
        assert_eq!(column(expected(3) + 1, 3), 4);
        assert_eq!(column(u64::MAX, 3), COLUMNS - 1);
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        let mut digits = [0; 20];
        assert_eq!(decimal(0, &mut digits), b"0");
        assert_eq!(
            decimal(u64::MAX, &mut digits),
            u64::MAX.to_string().as_bytes()
        );
    }
}
