use std::sync::Arc;

use super::plan::{self, PLANS};
use super::{NumberType, PhoneError, Region, fold, parser};
use crate::address::{ClaimKey, ClaimKind, masked};
use crate::base::text_value;

/// A phone number in E.164 form that its country's numbering plan lists. It keeps what was typed.
///
/// Two numbers are equal when their E.164 forms are equal, however they were typed. A clone shares the texts.
///
/// | typed | effect |
/// |---|---|
/// | spaces, hyphens, dots, slashes, parentheses between digits | ignored |
/// | decimal digits of any script | read as the ASCII digits of the same value |
/// | `tel:` before the number (RFC 3966) | ignored |
/// | the national prefix after the country code, as in `+44 (0)1514 960453` | removed, where the plan has such a prefix |
/// | letters, extensions, `;phone-context=` and other parameters, invisible characters | refused |
///
/// # Numbering plans change
///
/// The plans are libphonenumber's in version 9.0.33, built in; [`metadata_version`](Self::metadata_version) says the
/// version at run time. New plans come with a later version of the crate `phonenumber`: `cargo update -p phonenumber`,
/// and build again. Plans decide what [`parse`](Self::parse), [`parse_in`](Self::parse_in) and
/// [`from_e164`](Self::from_e164) accept, and nothing else: a number that is stored stays readable, comparable and
/// reachable when later plans do not list it ([`restore`](Self::restore)), with the type [`NumberType::Unknown`] and
/// without a country.
///
/// ```
/// use identity_core::address::{Phone, Region};
///
/// let phone = Phone::parse("+44 1514 960453")?;
/// assert_eq!(phone.as_str(), "+441514960453");
/// assert_eq!(phone.typed(), "+44 1514 960453");
/// assert_eq!(phone.country(), Some(Region::parse("GB")?));
/// assert_eq!(phone, Phone::parse_in("01514 960453", Region::parse("GB")?)?);
/// assert_eq!(format!("{phone:?}"), "+44******0453");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Phone {
    e164: Arc<str>,
    typed: Arc<str>,
}

impl Phone {
    /// The version of the rule for claim keys of phone numbers: the key is the E.164 form.
    pub const CLAIM_RULE: u8 = 1;

    /// Parses a number in canonical form only: `+` and 7 to 15 ASCII digits, which begin with a country code (E.164
    /// clause 6). No digit is ever changed.
    ///
    /// ```
    /// use identity_core::address::Phone;
    ///
    /// assert!(Phone::from_e164("+441514960453").is_ok());
    /// assert!(Phone::from_e164("+44 1514 960453").is_err());
    /// ```
    ///
    /// # Errors
    /// The [`PhoneError`] that names the broken rule. The form is checked first, then the country code, then the plan.
    pub fn from_e164(text: &str) -> Result<Self, PhoneError> {
        parser::canonical(syntax(text)?)?;
        let e164: Arc<str> = text.into();
        Ok(Self { typed: Arc::clone(&e164), e164 })
    }

    /// Parses a number that a person types in international form, beginning with `+` and the country code.
    ///
    /// # Errors
    /// The [`PhoneError`] that names the broken rule; [`PhoneError::MissingPlus`] for a national number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let folded = fold::fold(text)?;
        Ok(Self::assemble(&parser::international(&folded)?, text))
    }

    /// Parses a number that a person in `region` types: a national number, a number with the region's prefix for calls
    /// abroad, or a number in international form.
    ///
    /// ```
    /// use identity_core::address::{Phone, Region};
    ///
    /// let france = Region::parse("FR")?;
    /// assert_eq!(Phone::parse_in("06 12 34 56 78", france)?.as_str(), "+33612345678");
    /// assert_eq!(Phone::parse_in("00 44 1514 960453", france)?.as_str(), "+441514960453");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [`PhoneError`] that names the broken rule.
    pub fn parse_in(text: &str, region: Region) -> Result<Self, PhoneError> {
        let folded = fold::fold(text)?;
        Ok(Self::assemble(&parser::national(&folded, region.plan())?, text))
    }

    /// Restores a number from storage. Only its form is checked and not the plan, because a number that newer plans no
    /// longer list may still belong to a user.
    ///
    /// # Errors
    /// The [`PhoneError`] that names the rule of the canonical form that `e164` breaks, or [`PhoneError::TooLong`] when
    /// `typed` has more than 250 bytes.
    pub fn restore(e164: &str, typed: &str) -> Result<Self, PhoneError> {
        let digits = syntax(e164)?;
        if typed.len() > fold::MAX_INPUT {
            return Err(PhoneError::TooLong);
        }
        Ok(Self::assemble(digits, typed))
    }

    /// Compiles the patterns for national forms of every region. Without this call, the patterns of a region are
    /// compiled when its first national number is parsed. Canonical and international forms need no patterns.
    pub fn warm_up() {
        for plan in &PLANS {
            plan.compile();
        }
    }

    /// The version of the numbering plans by which numbers are judged, as libphonenumber counts them: `9.0.33`.
    ///
    /// The plans are those of the crate `phonenumber` at the time of the build. `unknown-` and a hash stands for plans
    /// that this version of the library was not tested with.
    #[must_use]
    pub const fn metadata_version() -> &'static str {
        plan::VERSION
    }

    /// The E.164 form: `+441514960453`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.e164
    }

    /// The number exactly as it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The region whose plan lists the number; `None` for country codes that belong to no country, such as +800, and
    /// for a restored number that no plan lists.
    #[must_use]
    pub fn country(&self) -> Option<Region> {
        Region::of(plan::verdict(self.digits())?.plan()?)
    }

    /// The country code, 1 to 999.
    #[must_use]
    pub fn country_code(&self) -> u16 {
        let digits = self.digits();
        // Codes that are not assigned have three digits (E.164 annex D).
        plan::split(digits)
            .map_or_else(|| digits.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0), |(plan, _)| plan.code)
    }

    /// The type of the number; [`NumberType::Unknown`] for a restored number that no plan lists.
    #[must_use]
    pub fn number_type(&self) -> NumberType {
        plan::verdict(self.digits()).map_or(NumberType::Unknown, plan::Verdict::number_type)
    }

    /// The key by which two phone numbers are compared for ownership.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        ClaimKey::new(ClaimKind::Phone, Self::CLAIM_RULE, Arc::clone(&self.e164))
    }

    /// The block of 100 adjacent numbers to which the number belongs: the E.164 form without its last two digits.
    #[must_use]
    pub fn block(&self) -> &str {
        self.e164.get(..self.e164.len().saturating_sub(2)).unwrap_or_default()
    }

    /// The number as a global `tel:` URI (RFC 3966 clause 5.1.4): `tel:+441514960453`.
    #[must_use]
    pub fn to_tel_uri(&self) -> String {
        format!("tel:{}", self.e164)
    }

    fn assemble(digits: &str, typed: &str) -> Self {
        let e164: Arc<str> = format!("+{digits}").into();
        let typed = if *e164 == *typed { Arc::clone(&e164) } else { typed.into() };
        Self { e164, typed }
    }

    fn digits(&self) -> &str {
        self.e164.strip_prefix('+').unwrap_or_default()
    }
}

/// The digits of a text of the form `^\+[1-9][0-9]{6,14}$`, or the rule that the text breaks.
fn syntax(text: &str) -> Result<&str, PhoneError> {
    if text.is_empty() {
        return Err(PhoneError::Empty);
    }
    if text.len() > fold::MAX_INPUT {
        return Err(PhoneError::TooLong);
    }
    let digits = text.strip_prefix('+').ok_or(PhoneError::MissingPlus)?;
    if let Some((at, c)) = digits.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        let (before, rest) = digits.split_at(at);
        return Err(match c {
            '+' => PhoneError::MisplacedPlus,
            c => fold::refusal(c, rest, !before.is_empty()),
        });
    }
    match digits.len() {
        _ if digits.starts_with('0') => Err(PhoneError::UnknownCountryCode),
        0 => Err(PhoneError::Empty),
        1..7 => Err(PhoneError::TooShort),
        7..16 => Ok(digits),
        _ => Err(PhoneError::TooLong),
    }
}

text_value!(Phone, PhoneError, "a string", masked);
