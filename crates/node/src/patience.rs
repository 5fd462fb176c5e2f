//! How long to wait for a peer's answer before somebody else is asked: as long as its answers take, as
//! TCP waits for acknowledgements (RFC 6298).

use chain::Micros;

/// What a peer's answers took so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    /// Their smoothed mean and mean deviation; `None` before the first.
    trip: Option<(Micros, Micros)>,
}

impl Patience {
    /// An answer came after so long.
    pub fn note(&mut self, took: Micros) {
        self.trip = Some(match self.trip {
            None => (took, Micros(took.0 / 2)),
            Some((mean, spread)) => {
                let off = mean.0.abs_diff(took.0);
                let part = |old: Micros, new: u64, of: u64| Micros(old.0 - old.0 / of + new / of);
                (part(mean, took.0, 8), part(spread, off, 4))
            }
        });
    }

    /// No answer came in time: it was lost, or answers take longer than they used to.
    pub fn note_late(&mut self) {
        if let Some((_, spread)) = &mut self.trip {
            spread.0 = spread.0.saturating_mul(2);
        }
    }

    /// How long to wait for the next answer, between two limits; the greater one as long as there
    /// was none.
    pub fn lasts(&self, least: Micros, most: Micros) -> Micros {
        self.trip.map_or(most, |(mean, spread)| {
            let late = mean.0.saturating_add(spread.0.saturating_mul(4));
            Micros(late).clamp(least, most)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: (Micros, Micros) = (Micros(100), Micros(3_000));

    fn lasts(patience: Patience) -> u64 {
        patience.lasts(LIMITS.0, LIMITS.1).0
    }

    #[test]
    fn it_approaches_what_answers_take() {
        let mut patience = Patience::default();
        assert_eq!(lasts(patience), 3_000, "nothing is known yet");
        patience.note(Micros(400));
        assert_eq!(lasts(patience), 400 + 4 * 200);
        (0..50).for_each(|_| patience.note(Micros(400)));
        assert!((400..450).contains(&lasts(patience)));
        (0..50).for_each(|_| patience.note(Micros(1)));
        assert_eq!(lasts(patience), 100, "never less than the limit");
    }

    #[test]
    fn it_grows_when_answers_fail_to_come() {
        let mut patience = Patience::default();
        (0..50).for_each(|_| patience.note(Micros(400)));
        patience.note(Micros(500));
        let before = lasts(patience);
        patience.note_late();
        assert!(lasts(patience) > before);
        (0..100).for_each(|_| patience.note_late());
        assert_eq!(lasts(patience), 3_000, "never more than the limit");
    }
}
