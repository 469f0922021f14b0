use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::DangerousPolicy;
use super::restriction::{domain_and_above, listed_domain};
use crate::address::{Address, Email};

/// What a list does to the addresses that are on it, or a limit to those that exceed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// They are refused.
    Refuse,
    /// They are accepted, and reported. A host learns in this way what the rule would do before it enforces it.
    Record,
}

/// A list of the domains of providers whose e-mail addresses anybody gets for a moment, as of a date. The host brings the
/// list; none comes with the library, because such lists change every week.
///
/// ```
/// use identity_core::Email;
/// use identity_core::policy::DisposableDomains;
///
/// let list = DisposableDomains::new("2026-11-21", ["mailinator.com", "trash.example"])?;
/// let address = Email::parse("ada@mx.Mailinator.com")?;
/// assert_eq!((list.entry(&address), list.date()), (Some("mailinator.com"), "2026-11-21"));
/// assert_eq!(list.entry(&Email::parse("ada@example.com")?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DisposableDomains {
    date: Arc<str>,
    domains: Arc<HashSet<String>>,
}

impl DisposableDomains {
    /// The list of this date, which is written as in `2026-11-21`. A domain on it stands for the domains below it too.
    ///
    /// # Errors
    /// [`DangerousPolicy::Entry`] when the date is none, and for the first entry that is not a domain.
    pub fn new<D: AsRef<str>>(date: &str, domains: impl IntoIterator<Item = D>) -> Result<Self, DangerousPolicy> {
        if !is_date(date) {
            return Err(DangerousPolicy::Entry { what: "date such as 2026-11-21", entry: date.to_owned() });
        }
        let listed = |domain: D| {
            let entry = domain.as_ref();
            listed_domain(entry).ok_or_else(|| DangerousPolicy::Entry { what: "domain", entry: entry.to_owned() })
        };
        let domains = domains.into_iter().map(listed).collect::<Result<HashSet<_>, _>>()?;
        Ok(Self { date: date.into(), domains: Arc::new(domains) })
    }

    /// The date of the list.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The entry of the list that the address is under; `None` when the list does not name it.
    #[must_use]
    pub fn entry(&self, address: &Email) -> Option<&str> {
        domain_and_above(address.domain()).find_map(|domain| self.domains.get(domain)).map(String::as_str)
    }
}

/// Prints the number of domains.
impl fmt::Debug for DisposableDomains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisposableDomains").field("date", &self.date).field("domains", &self.domains.len()).finish()
    }
}

/// That an address is on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The entry of the list that names the address.
    pub entry: &'a str,
    /// The date of the list.
    pub date: &'a str,
    /// What the list does to the address.
    pub mode: Mode,
}

/// A list and what it does.
#[derive(Debug, Clone)]
pub(super) struct Disposable {
    pub(super) list: DisposableDomains,
    pub(super) mode: Mode,
}

impl Disposable {
    pub(super) fn names(&self, address: &Address) -> Option<Listed<'_>> {
        let Address::Email(email) = address else { return None };
        self.list.entry(email).map(|entry| Listed { entry, date: self.list.date(), mode: self.mode })
    }
}

/// Whether a text is a date of the Gregorian calendar in the form of RFC 3339, section 5.6.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |(index, byte): (usize, &u8)| if matches!(index, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
    if bytes.len() != 10 || !bytes.iter().enumerate().all(digits) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}
