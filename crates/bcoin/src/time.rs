//! The time of day as Python's `str(datetime.now())` writes it.

use core::fmt;

const DAY: i64 = 86_400_000_000;

/// What a clock on the wall shows: microseconds since the beginning of 1970, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(pub i64);

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let micros = self.0.rem_euclid(DAY);
        let seconds = micros / 1_000_000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02} ")?;
        write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
        // Python leaves a fraction of nothing out.
        match micros % 1_000_000 {
            0 => Ok(()),
            fraction => write!(f, ".{fraction:06}"),
        }
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar. Years are counted from March, so that
/// the leap day is a year's last one.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097; // days of 400 years
    let since_0000_03_01 = days + 719_468;
    let era = since_0000_03_01.div_euclid(ERA);
    let in_era = since_0000_03_01.rem_euclid(ERA);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let january_or_february = month >= 10;
    (
        era * 400 + year + i64::from(january_or_february),
        if january_or_february {
            month - 9
        } else {
            month + 3
        },
        day,
    )
}
