use std::time::Duration;

use fluent_bundle::FluentArgs;
use identity_core::{Channel, Timestamp};

use crate::{Brand, Kind};

/// What a text is about, ready to be read: no control characters, and nothing that is not said in the message.
pub(crate) struct Values {
    pub(crate) kind: Kind,
    pub(crate) brand: String,
    pub(crate) code: Option<String>,
    pub(crate) link: Option<String>,
    /// The link that undoes what the notice reports.
    pub(crate) undo: Option<String>,
    pub(crate) about: Option<(Channel, String)>,
    pub(crate) left: Duration,
    pub(crate) at: Timestamp,
}

impl Values {
    /// The values of a page that is about nothing in particular.
    pub(crate) fn new(kind: Kind, brand: &Brand) -> Self {
        Self {
            kind,
            brand: brand.name.clone(),
            code: None,
            link: None,
            undo: None,
            about: None,
            left: Duration::ZERO,
            at: Timestamp::from_secs(0),
        }
    }

    /// As strings ask for them. In a text from right to left, what is written from left to right stands apart (UAX 9, FSI
    /// and PDI), so that a masked number is not turned around.
    pub(crate) fn arguments(&self, apart: Apart) -> FluentArgs<'static> {
        let isolated = |text: &str| format!("\u{2068}{text}\u{2069}");
        let named = |text: &str| if apart == Apart::Everything { isolated(text) } else { text.to_owned() };
        let mut arguments = FluentArgs::new();
        arguments.set("brand", named(&self.brand));
        if let Some(code) = &self.code {
            arguments.set("code", named(code));
        }
        if let Some(link) = &self.link {
            arguments.set("link", link.clone());
        }
        if let Some((channel, about)) = &self.about {
            arguments.set("channel", channel.as_str());
            arguments.set("about", if apart == Apart::Nothing { about.clone() } else { isolated(about) });
            date(&mut arguments, self.at);
        }
        let (unit, count) = left(self.left);
        arguments.set("unit", unit);
        arguments.set("count", count);
        arguments.set("hours", self.left.as_secs() / 3_600);
        arguments
    }
}

/// How long to wait: rounded up, so that nobody who waits is too early.
pub(crate) fn waiting(wait: Duration) -> FluentArgs<'static> {
    let minutes = u64::try_from(wait.as_micros().div_ceil(60_000_000)).unwrap_or(u64::MAX);
    let (unit, count) = match minutes {
        60 | 120 | 180..2_880 => ("hours", minutes.div_ceil(60)),
        2_880.. => ("days", minutes.div_ceil(1_440)),
        minutes => ("minutes", minutes.max(1)),
    };
    let mut arguments = FluentArgs::new();
    arguments.set("unit", unit);
    arguments.set("count", count);
    arguments.set("hours", minutes.div_ceil(60));
    arguments
}

/// Which values stand apart from the text around them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// None: the text runs from left to right.
    Nothing,
    /// Masked addresses; a text message has no room for more.
    Addresses,
    /// All of them.
    Everything,
}

/// How long something is still good, as people say it: minutes up to three hours unless they are whole, hours up to two days. A third of a minute is
/// given away, so that ten minutes are ten minutes when the message is sent a few seconds after they began.
fn left(left: Duration) -> (&'static str, u64) {
    let minutes = left.as_secs().saturating_add(20) / 60;
    match minutes {
        0 => ("minutes", 1),
        120 | 180..2_880 => ("hours", minutes / 60),
        2_880.. => ("days", minutes / 1_440),
        60 => ("hours", 1),
        minutes => ("minutes", minutes),
    }
}

fn date(arguments: &mut FluentArgs<'_>, at: Timestamp) {
    // A time that no calendar has is a time all the same.
    let at = jiff::Timestamp::from_second(at.as_secs()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    arguments.set("day", i64::from(at.day()));
    arguments.set("month", i64::from(at.month()));
    arguments.set("year", i64::from(at.year()));
    arguments.set("time", format!("{:02}:{:02}", at.hour(), at.minute()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_said_as_people_say_it() {
        for (seconds, said) in [
            (0, ("minutes", 1)),
            (39, ("minutes", 1)),
            (99, ("minutes", 1)),
            (100, ("minutes", 2)),
            (598, ("minutes", 10)),
            (600, ("minutes", 10)),
            (3_600, ("hours", 1)),
            (5_400, ("minutes", 90)),
            (7_200, ("hours", 2)),
            (9_000, ("minutes", 150)),
            (14_000, ("hours", 3)),
            (86_400, ("hours", 24)),
            (172_800, ("days", 2)),
            (u64::MAX, ("days", u64::MAX / 86_400)),
        ] {
            assert_eq!(left(Duration::from_secs(seconds)), said, "{seconds}");
        }
    }
}
