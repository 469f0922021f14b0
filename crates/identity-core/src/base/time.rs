use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::codes;

/// A point in time, in microseconds since 1970-01-01T00:00:00 UTC without leap seconds.
///
/// Additions and subtractions saturate, so that no time from outside can overflow.
///
/// As text it is RFC 3339: [`Display`](fmt::Display) writes it in UTC and [`FromStr`] reads any offset. With serde it is one
/// number, the microseconds: that is the form of records, events and messages. The features `jiff`, `chrono` and `time`
/// convert from and to the times of these crates.
///
/// ```
/// use std::time::Duration;
/// use identity_core::Timestamp;
///
/// let issued = Timestamp::from_secs(1_640_975_400);
/// let expires = issued + Duration::from_secs(600);
/// assert_eq!(expires.as_secs(), 1_640_976_000);
/// assert_eq!(expires.since(issued), Duration::from_secs(600));
/// assert_eq!(issued.since(expires), Duration::ZERO);
/// assert_eq!(issued.to_string(), "2021-12-31T18:30:00Z");
/// assert_eq!("2022-01-01T00:00:00.0+05:30".parse(), Ok(issued));
/// assert_eq!(serde_json::to_string(&issued)?, "1640975400000000");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time at this number of microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The time at this number of whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The number of microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The number of whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time that has passed since `earlier`; zero when `earlier` is later than this.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_micros)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.as_secs(), self.0.rem_euclid(1_000_000))
    }
}

/// RFC 3339 in UTC, with microseconds where there are any. A year before 0 or after 9999, which RFC 3339 does not have, is
/// written with its sign.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (self.as_secs().div_euclid(DAY_SECS), self.as_secs().rem_euclid(DAY_SECS));
        let (year, month, day) = date(day);
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}")?;
        } else {
            write!(f, "{year:+05}")?;
        }
        write!(f, "-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
        match self.0.rem_euclid(1_000_000) {
            0 => f.write_str("Z"),
            micros => write!(f, ".{micros:06}Z"),
        }
    }
}

/// The text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as RFC 3339 says, for example 2021-12-31T21:30:00Z or 2021-12-31T21:30:00.25+01:00")]
pub struct TimestampError;

codes!(TimestampError { Self => "timestamp_malformed" });

/// The time is outside the range of the type that it is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time is outside the range of the type that it is converted to")]
pub struct TimestampRangeError;

codes!(TimestampRangeError { Self => "timestamp_range" });

/// Reads a date and time of RFC 3339 section 5.6 that is within the years 0 to 9999 in UTC as well. Digits after the sixth of a
/// fraction are dropped, and a leap second is the second before it.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        read(text.as_bytes()).ok_or(TimestampError)
    }
}

fn read(text: &[u8]) -> Option<Timestamp> {
    let (&[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T' | b't', h1, h2, b':', mi1, mi2, b':', s1, s2], rest) =
        text.split_first_chunk()?
    else {
        return None;
    };
    let two = |tens: u8, ones: u8, most| number(&[tens, ones]).filter(|number| *number <= most);
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, two(mo1, mo2, 12)?, two(d1, d2, 31)?);
    let (hour, minute, second) = (two(h1, h2, 23)?, two(mi1, mi2, 59)?, two(s1, s2, 60)?.min(59));
    let days = day_of(year, month, day);
    // The thirtieth of February is another date.
    if date(days) != (year, month, day) {
        return None;
    }
    let digits = rest
        .strip_prefix(b".")
        .map_or(&[][..], |rest| rest.split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default());
    let zone = match rest.strip_prefix(b".") {
        Some(_) if digits.is_empty() => return None,
        Some(rest) => rest.get(digits.len()..)?,
        None => rest,
    };
    let micros = digits.iter().chain(b"000000").take(6).fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'));
    let east = match zone {
        b"Z" | b"z" => 0,
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = two(h1, h2, 23)? * 60 + two(m1, m2, 59)?;
            if sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let secs = ((days * 24 + hour) * 60 + minute - east) * 60 + second;
    // An offset can lead out of the years that are written with four digits.
    (FIRST..=LAST).contains(&secs).then(|| Timestamp(secs * 1_000_000 + micros))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

const DAY_SECS: i64 = 86_400;
/// The first and the last second of the years from 0 to 9999.
const FIRST: i64 = day_of(0, 1, 1) * DAY_SECS;
const LAST: i64 = day_of(10_000, 1, 1) * DAY_SECS - 1;
/// Days of 400 years of the Gregorian calendar, after which it repeats itself.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01. A year that begins in March ends with the leap day.
const EPOCH: i64 = 719_468;

/// The date of a day that is so many days after 1970-01-01: year, month and day.
const fn date(day: i64) -> (i64, i64, i64) {
    let (era, of_era) = ((day + EPOCH).div_euclid(ERA), (day + EPOCH).rem_euclid(ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March have 31, 30, 31, 30, 31 days, over and over.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let before_march = month >= 10;
    (era * 400 + year + before_march as i64, if before_march { month - 9 } else { month + 3 }, day)
}

/// The inverse of [`date`].
const fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    year.div_euclid(400) * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

/// 24 hours.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_written_and_read_as_rfc_3339(micros in -62_167_219_200_000_000..=253_402_207_200_999_999_i64) {
            let (ours, theirs) = (Timestamp(micros), jiff::Timestamp::from_microsecond(micros).unwrap());
            prop_assert_eq!(ours.to_string().parse(), Ok(ours));
            prop_assert_eq!(ours.to_string().parse::<jiff::Timestamp>().unwrap(), theirs);
            prop_assert_eq!(theirs.to_string().parse(), Ok(ours));
        }

        #[test]
        fn every_offset_is_read(micros in 0..4_000_000_000_000_000_i64, minutes in -1_439..=1_439_i32) {
            let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
            let zone = jiff::tz::Offset::from_seconds(minutes * 60).unwrap().to_time_zone();
            let text = theirs.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
            prop_assert_eq!(text.parse(), Ok(Timestamp(micros)));
        }

        #[test]
        fn every_time_is_written(micros: i64) {
            prop_assert!(Timestamp(micros).to_string().ends_with('Z'));
        }

        #[test]
        fn no_text_panics(text in "\\PC*|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.Z+-]*") {
            // What we read, jiff reads as the same time; it reads more forms.
            if let Ok(ours) = text.parse::<Timestamp>() {
                prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap().as_microsecond(), ours.as_micros());
            }
        }
    }

    #[test]
    fn what_is_no_time_of_rfc_3339_is_refused() {
        for text in [
            "",
            "2021-12-31",
            "2021-12-31T21:30:00",
            "2021-12-31 21:30:00Z",
            "2021-02-29T00:00:00Z",
            "2021-00-01T00:00:00Z",
            "2021-01-00T00:00:00Z",
            "2021-13-01T00:00:00Z",
            "2021-01-01T24:00:00Z",
            "2021-01-01T00:60:00Z",
            "2021-01-01T00:00:61Z",
            "2021-01-01T00:00:00.Z",
            "2021-01-01T00:00:00+24:00",
            "2021-01-01T00:00:00+0100",
            "2021-01-01T00:00:00Z ",
            "+2021-01-01T00:00:00Z",
            // In UTC these are in years of which RFC 3339 has no form.
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_time_that_are_read_are_written_as_such() {
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
            assert_eq!(text.parse::<Timestamp>().map(|at| at.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("0000-01-01T00:01:00+00:01".parse::<Timestamp>(), "0000-01-01T00:00:00Z".parse());
        assert_eq!("9999-12-31T23:58:59-00:01".parse::<Timestamp>(), "9999-12-31T23:59:59Z".parse());
    }

    #[test]
    fn a_leap_second_is_the_second_before_it() {
        assert_eq!("2016-12-31T23:59:60Z".parse::<Timestamp>(), "2016-12-31T23:59:59Z".parse());
    }
}
