//! Conversions between [`Timestamp`] and the times of other crates, each behind the feature of that crate's name. What is smaller
//! than a microsecond is dropped: the result is the time or just before it.

use super::{Timestamp, TimestampRangeError};

/// Years from -9999 to 9999 can be converted.
#[cfg(feature = "jiff")]
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = TimestampRangeError;

    fn try_from(at: Timestamp) -> Result<Self, TimestampRangeError> {
        // Its function for microseconds does not reach the end of the last second.
        let nanos = at.as_micros().rem_euclid(1_000_000) * 1_000;
        let nanos = i32::try_from(nanos).map_err(|_| TimestampRangeError)?;
        Self::new(at.as_secs(), nanos).map_err(|_| TimestampRangeError)
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        let before = i64::from(at.subsec_nanosecond().rem_euclid(1_000) != 0 && at.subsec_nanosecond() < 0);
        Self::from_micros(at.as_microsecond() - before)
    }
}

/// Years from about -262,000 to 262,000 can be converted.
#[cfg(feature = "chrono")]
impl TryFrom<Timestamp> for chrono::DateTime<chrono::Utc> {
    type Error = TimestampRangeError;

    fn try_from(at: Timestamp) -> Result<Self, TimestampRangeError> {
        Self::from_timestamp_micros(at.as_micros()).ok_or(TimestampRangeError)
    }
}

/// A leap second becomes the first second of the next minute.
#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> From<chrono::DateTime<Tz>> for Timestamp {
    fn from(at: chrono::DateTime<Tz>) -> Self {
        Self::from_micros(at.timestamp_micros())
    }
}

/// Years from -9999 to 9999 can be converted, or all where the feature `large-dates` of the crate `time` is on.
#[cfg(feature = "time")]
impl TryFrom<Timestamp> for time::OffsetDateTime {
    type Error = TimestampRangeError;

    fn try_from(at: Timestamp) -> Result<Self, TimestampRangeError> {
        Self::from_unix_timestamp_nanos(i128::from(at.as_micros()) * 1_000).map_err(|_| TimestampRangeError)
    }
}

/// All years from -9999 to 9999 can be converted; with the feature `large-dates` of the crate `time` there are more.
#[cfg(feature = "time")]
impl TryFrom<time::OffsetDateTime> for Timestamp {
    type Error = TimestampRangeError;

    fn try_from(at: time::OffsetDateTime) -> Result<Self, TimestampRangeError> {
        let micros = at.unix_timestamp_nanos().div_euclid(1_000);
        i64::try_from(micros).map(Self::from_micros).map_err(|_| TimestampRangeError)
    }
}

#[cfg(all(test, feature = "jiff", feature = "chrono", feature = "time"))]
mod tests {
    use chrono::{DateTime, FixedOffset, Utc};
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;

    const OUTSIDE: TimestampRangeError = TimestampRangeError;

    /// The years -9999 and 9999, within which all three have every time; jiff ends a day earlier.
    const YEARS: std::ops::RangeInclusive<i64> = -377_705_023_201_000_000..=253_402_207_200_999_999;

    proptest! {
        #[test]
        fn a_time_is_the_same_in_every_crate(micros in YEARS) {
            let ours = Timestamp::from_micros(micros);
            let (jiff, chrono): (jiff::Timestamp, DateTime<Utc>) = (ours.try_into().unwrap(), ours.try_into().unwrap());
            let time: OffsetDateTime = ours.try_into().unwrap();
            prop_assert_eq!(jiff.as_nanosecond(), time.unix_timestamp_nanos());
            prop_assert_eq!((chrono.timestamp(), chrono.timestamp_subsec_nanos()), (time.unix_timestamp(), time.nanosecond()));
            prop_assert_eq!((Timestamp::from(jiff), Timestamp::from(chrono), Timestamp::try_from(time)), (ours, ours, Ok(ours)));
        }
    }

    #[test]
    fn the_first_and_the_last_time_of_each_crate_are_read_and_the_times_beside_them_are_refused() {
        let micro = std::time::Duration::from_micros(1);
        // The constant MIN of jiff is a fraction of a second before the first time that it makes.
        let first = jiff::Timestamp::from_second(jiff::Timestamp::MIN.as_second()).unwrap();
        for (end, beside) in [(first, -1), (jiff::Timestamp::MAX, 1)] {
            let ours = Timestamp::from(end);
            assert!(jiff::Timestamp::try_from(ours).is_ok());
            let beside = if beside < 0 { ours - micro } else { ours + micro };
            assert_eq!(jiff::Timestamp::try_from(beside), Err(OUTSIDE));
        }
        for (end, beside) in [(DateTime::<Utc>::MIN_UTC, -1), (DateTime::<Utc>::MAX_UTC, 1)] {
            let ours = Timestamp::from(end);
            assert_eq!(DateTime::<Utc>::try_from(ours).map(Timestamp::from), Ok(ours));
            let beside = if beside < 0 { ours - micro } else { ours + micro };
            assert_eq!(DateTime::<Utc>::try_from(beside), Err(OUTSIDE));
        }
        let (first, last) = (time::PrimitiveDateTime::MIN.assume_utc(), time::PrimitiveDateTime::MAX.assume_utc());
        for (end, beside) in [(first, -1), (last, 1)] {
            let ours = Timestamp::try_from(end).unwrap();
            assert_eq!(OffsetDateTime::try_from(ours).map(Timestamp::try_from), Ok(Ok(ours)));
            let beside = if beside < 0 { ours - micro } else { ours + micro };
            assert_eq!(OffsetDateTime::try_from(beside), Err(OUTSIDE));
        }
        for end in [i64::MIN, i64::MAX].map(Timestamp::from_micros) {
            assert_eq!(jiff::Timestamp::try_from(end), Err(OUTSIDE));
            assert_eq!(DateTime::<Utc>::try_from(end), Err(OUTSIDE));
            assert_eq!(OffsetDateTime::try_from(end), Err(OUTSIDE));
        }
    }

    #[test]
    fn what_is_smaller_than_a_microsecond_is_dropped_towards_the_past() {
        for (nanos, micros) in [(1_999, 1), (1_000, 1), (999, 0), (0, 0), (-1, -1), (-1_000, -1), (-1_001, -2)] {
            let expected = Timestamp::from_micros(micros);
            assert_eq!(Timestamp::from(jiff::Timestamp::from_nanosecond(nanos).unwrap()), expected, "{nanos}");
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            assert_eq!(Timestamp::try_from(time), Ok(expected), "{nanos}");
            let chrono = DateTime::from_timestamp_nanos(i64::try_from(nanos).unwrap());
            assert_eq!(Timestamp::from(chrono), expected, "{nanos}");
        }
        let zone = FixedOffset::east_opt(3_600).unwrap();
        let noon = DateTime::from_timestamp(1_640_975_400, 0).unwrap();
        assert_eq!(Timestamp::from(noon.with_timezone(&zone)), Timestamp::from_secs(1_640_975_400), "in any zone");
    }
}
