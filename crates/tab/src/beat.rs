//! Something that is done every so often, sooner when there is a reason, and never too often.

/// When it is due. Times are milliseconds of the steady clock.
#[derive(Debug)]
pub struct Beat {
    every: u64,
    gap: u64,
    due: u64,
    done: Option<u64>,
}

impl Beat {
    /// Due at once, then `every` milliseconds after each time, and never within `gap` of it.
    #[must_use]
    pub const fn new(every: u64, gap: u64) -> Self {
        Self {
            every,
            gap,
            due: 0,
            done: None,
        }
    }

    /// When it is due, if nothing comes up.
    #[must_use]
    pub fn due(&self) -> u64 {
        let rested = self.done.map_or(0, |done| done + self.gap);
        self.due.max(rested)
    }

    /// There is a reason to wait no longer than needed.
    pub fn hurry(&mut self) {
        self.due = 0;
    }

    /// Whether it is to be done now; if so, it counts as done.
    pub fn take(&mut self, now: u64) -> bool {
        let rested = self.done.is_none_or(|done| now >= done + self.gap);
        let takes = rested && now >= self.due;
        if takes {
            self.due = now + self.every;
            self.done = Some(now);
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_at_once_then_regularly_and_never_too_often_even_in_a_hurry() {
        let mut beat = Beat::new(10, 3);
        let mut taken = Vec::new();
        for now in 0..30 {
            if now == 11 || now == 15 {
                beat.hurry();
            }
            if beat.take(now) {
                taken.push(now);
            }
        }
        assert_eq!(taken, [0, 10, 13, 16, 26]);
    }
}
