//! When a frame goes to the page: at most ten times a second, when something changed, and never
//! before the last one was acknowledged, so that a page that cannot keep up is not buried.

/// Least time between two frames, in milliseconds.
const LEAST: u64 = 100;
/// How often numbers that change on their own (ages, rates) are refreshed, in milliseconds.
const REFRESH: u64 = 2_000;

/// The pace of frames. Times are milliseconds of a clock that does not go back.
#[derive(Debug, Default)]
pub struct Pace {
    number: u32,
    sent: Option<u64>,
    acknowledged: bool,
    changed: bool,
}

impl Pace {
    /// Nothing was sent yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            number: 0,
            sent: None,
            acknowledged: true,
            changed: true,
        }
    }

    /// Something that the page shows is different now.
    pub fn change(&mut self) {
        self.changed = true;
    }

    /// The page is back from a freeze; an acknowledgement that it owed may be lost.
    pub fn resume(&mut self) {
        self.acknowledged = true;
        self.changed = true;
    }

    /// The page has shown a frame.
    pub fn acknowledge(&mut self, number: u32) {
        self.acknowledged |= number == self.number;
    }

    /// Takes the number of the frame to send now, if one is due.
    pub fn take(&mut self, now: u64) -> Option<u32> {
        if self.due()? > now {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        self.sent = Some(now);
        self.acknowledged = false;
        self.changed = false;
        Some(self.number)
    }

    /// There was nothing to send after all.
    pub fn skip(&mut self) {
        self.acknowledged = true;
    }

    /// When the next frame is due; `None` while the page owes an acknowledgement.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        let Some(sent) = self.sent else {
            return Some(0);
        };
        let wait = if self.changed { LEAST } else { REFRESH };
        self.acknowledged.then(|| sent.saturating_add(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_frame_waits_for_the_page_and_for_its_turn() {
        let mut pace = Pace::new();
        assert_eq!(pace.take(5), Some(1));
        pace.change();
        assert_eq!(pace.take(1_000_000), None);
        pace.acknowledge(9);
        assert_eq!(pace.take(1_000_000), None);
        pace.acknowledge(1);
        assert_eq!(pace.take(104), None);
        assert_eq!(pace.take(105), Some(2));
    }

    #[test]
    fn without_change_there_is_a_frame_every_two_seconds() {
        let mut pace = Pace::new();
        let mut frames = 0;
        for now in (0..10_000).step_by(10) {
            if let Some(number) = pace.take(now) {
                pace.acknowledge(number);
                frames += 1;
            }
        }
        assert_eq!(frames, 5);
    }

    #[test]
    fn however_much_changes_there_are_ten_frames_a_second() {
        let mut pace = Pace::new();
        let mut frames = 0;
        for now in 0..1_000 {
            pace.change();
            if let Some(number) = pace.take(now) {
                pace.acknowledge(number);
                frames += 1;
            }
        }
        assert_eq!(frames, 10);
    }
}
