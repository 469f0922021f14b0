use thiserror::Error;

use super::plan::{PLANS, Plan};
use crate::base::{codes, text_value};

/// A region with a numbering plan of its own, by its ISO 3166-1 alpha-2 code (and `AC`, `TA`, `XK`, which the plans
/// use for Ascension Island, Tristan da Cunha and Kosovo).
///
/// ```
/// use identity_core::address::Region;
///
/// let region = Region::parse("gb")?;
/// assert_eq!(region.as_str(), "GB");
/// assert_eq!(region.country_code(), 44);
/// assert!(Region::parse("ZZ").is_err());
/// # Ok::<(), identity_core::address::UnknownRegion>(())
/// ```
#[derive(Clone, Copy)]
pub struct Region(&'static Plan);

/// The text is not the two-letter code of a region with a numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("enter the two-letter code of a country, such as GB")]
pub struct UnknownRegion;

codes!(UnknownRegion { Self => "region_unknown" });

impl Region {
    /// Parses the two-letter code of a region, in capital or small letters.
    ///
    /// # Errors
    /// [`UnknownRegion`] when the text is not the code of a region that has a numbering plan.
    pub fn parse(code: &str) -> Result<Self, UnknownRegion> {
        if code.len() != 2 {
            return Err(UnknownRegion);
        }
        let code = code.to_ascii_uppercase();
        let at = PLANS.binary_search_by_key(&code.as_str(), |plan| plan.id).map_err(|_| UnknownRegion)?;
        PLANS.get(at).and_then(Self::of).ok_or(UnknownRegion)
    }

    /// Every region that has a numbering plan, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        PLANS.iter().filter_map(Self::of)
    }

    /// The code in capital letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.id
    }

    /// The country code with which numbers of the region begin, 1 to 999. Several regions may share a code.
    #[must_use]
    pub const fn country_code(self) -> u16 {
        self.0.code
    }

    pub(super) fn of(plan: &'static Plan) -> Option<Self> {
        plan.is_geographic().then_some(Self(plan))
    }

    pub(super) const fn plan(self) -> &'static Plan {
        self.0
    }
}

text_value!(Region, UnknownRegion, "a string", String::from);
