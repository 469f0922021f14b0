//! The tables that the build script generates from the metadata in the crate `phonenumber`.
//!
//! That crate is not used at run time. Its patterns pass through one lock and a cache of 100 entries, which numbers of
//! many countries displace, and they match only the beginning of a number. With the tables there is nothing to load and
//! no cache.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use super::NumberType;

include!(concat!(env!("OUT_DIR"), "/plans.rs"));

/// An automaton over the digits of an E.164 number. Each node has eleven words: ten successors and the verdict.
static NUMBERS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/numbers.bin"));
const VERDICT: usize = 10;

/// The numbering plan of a region, or of a country code that belongs to none.
pub(super) struct Plan {
    /// The two letters of the region, or `001` for a code that belongs to no country.
    pub(super) id: &'static str,
    pub(super) code: u16,
    general: &'static str,
    /// Bit n is set if a national number may have n digits.
    lengths: u32,
    /// The same for numbers that can be called only inside their area.
    local_lengths: u32,
    prefix: Option<&'static str>,
    rewrite: Option<&'static str>,
    idd: Option<&'static str>,
}

/// The region and the type of a valid number.
#[derive(Clone, Copy)]
pub(super) struct Verdict(u16);

/// The relation of a number's length to the lengths in a plan.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fit {
    Possible,
    LocalOnly,
    TooShort,
    TooLong,
    /// Between two possible lengths.
    Between,
}

struct Patterns {
    general: Option<Regex>,
    prefix: Option<Regex>,
    idd: Option<Regex>,
}

/// The verdict on the digits of an E.164 number, without the `+`; `None` when no plan lists the number.
pub(super) fn verdict(digits: &str) -> Option<Verdict> {
    let mut node = ROOT;
    for byte in digits.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if node == 0 || digit > 9 {
            return None;
        }
        node = word(node, usize::from(digit));
    }
    match word(node, VERDICT) {
        0 => None,
        verdict => Some(Verdict(verdict)),
    }
}

fn word(node: u16, at: usize) -> u16 {
    let at = (usize::from(node) * 11 + at) * 2;
    match NUMBERS.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

/// Splits the country code from the rest; `None` when the code is not assigned.
pub(super) fn split(digits: &str) -> Option<(&'static Plan, &str)> {
    (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        // No code begins with 0, and "044" is not 44.
        let code = code.parse().ok().filter(|_| !code.starts_with('0'))?;
        Some((main_plan(code)?, national))
    })
}

/// The plan by which numbers with the country code are read, which is that of its main region.
pub(super) fn main_plan(code: u16) -> Option<&'static Plan> {
    let at = MAIN.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    PLANS.get(MAIN.get(at)?.1)
}

impl Verdict {
    pub(super) fn plan(self) -> Option<&'static Plan> {
        PLANS.get(usize::from(self.0 & 0xff).checked_sub(1)?)
    }

    pub(super) fn number_type(self) -> NumberType {
        NumberType::from_code(self.0 >> 8 & 0x7f)
    }

    /// Whether the number begins like one that is dialled with the national prefix, so that it may have to be read so.
    pub(super) const fn is_prefix_like(self) -> bool {
        self.0 >> 15 == 1
    }
}

impl Plan {
    pub(super) fn is_geographic(&self) -> bool {
        self.id != "001"
    }

    pub(super) fn fit(&self, length: usize) -> Fit {
        let has =
            |lengths: u32| u32::try_from(length).ok().and_then(|by| lengths.checked_shr(by)).unwrap_or(0) & 1 == 1;
        let longest = self.lengths.checked_ilog2().unwrap_or(0) as usize;
        if has(self.local_lengths) {
            Fit::LocalOnly
        } else if has(self.lengths) {
            Fit::Possible
        } else if length < self.lengths.trailing_zeros() as usize {
            Fit::TooShort
        } else if length > longest {
            Fit::TooLong
        } else {
            Fit::Between
        }
    }

    /// Whether the plan's most general pattern matches the national number, whatever its length.
    pub(super) fn is_viable(&'static self, national: &str) -> bool {
        self.patterns().and_then(|patterns| patterns.general.as_ref()).is_some_and(|regex| regex.is_match(national))
    }

    /// The digits after the prefix for calls abroad, if the number begins with one.
    pub(super) fn after_idd<'a>(&'static self, digits: &'a str) -> Option<&'a str> {
        let end = self.patterns()?.idd.as_ref()?.find(digits)?.end();
        // A country code never begins with 0.
        digits.get(end..).filter(|rest| !rest.starts_with('0'))
    }

    /// The number without the prefix that is dialled inside the country, or rewritten by the rule of the plan.
    pub(super) fn without_prefix(&'static self, national: &str) -> Option<String> {
        let captures = self.patterns()?.prefix.as_ref()?.captures(national)?;
        let rest = national.get(captures.get(0)?.end()..)?;
        let rule = self.rewrite.filter(|_| captures.get(captures.len() - 1).is_some());
        let mut stripped = String::with_capacity(national.len() + 4);
        if let Some(rule) = rule {
            captures.expand(rule, &mut stripped);
        }
        stripped.push_str(rest);
        // A valid number is not rewritten into an invalid one.
        (!self.is_viable(national) || self.is_viable(&stripped)).then_some(stripped)
    }

    pub(super) fn compile(&'static self) {
        self.patterns();
    }

    fn patterns(&'static self) -> Option<&'static Patterns> {
        static COMPILED: [OnceLock<Patterns>; PLANS.len()] = [const { OnceLock::new() }; PLANS.len()];
        let at = PLANS.binary_search_by_key(&(self.id, self.code), |plan| (plan.id, plan.code)).ok()?;
        let compiled = COMPILED.get(at)?;
        Some(compiled.get_or_init(|| Patterns {
            general: compile(&format!("^(?:{})$", self.general)),
            prefix: self.prefix.and_then(|prefix| compile(&format!("^(?:{prefix})"))),
            idd: self.idd.and_then(|idd| compile(&format!("^(?:{idd})"))),
        }))
    }
}

/// `None` for a pattern that does not compile; a test shows that every pattern of the metadata does.
fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::{DATABASE, Descriptor};

    use super::*;

    #[test]
    fn every_pattern_of_the_metadata_compiles() {
        for plan in &PLANS {
            let patterns = plan.patterns().unwrap();
            assert!(patterns.general.is_some(), "{}", plan.id);
            assert_eq!(patterns.prefix.is_some(), plan.prefix.is_some(), "{}", plan.id);
            assert_eq!(patterns.idd.is_some(), plan.idd.is_some(), "{}", plan.id);
        }
    }

    #[test]
    fn every_example_of_the_metadata_is_a_number_of_its_country() {
        let mut tried = 0;
        for metadata in (1..=999).flat_map(|code: u16| DATABASE.by_code(&code).unwrap_or_default()) {
            let of = metadata.descriptors();
            let types = [
                of.fixed_line(),
                of.mobile(),
                of.toll_free(),
                of.premium_rate(),
                of.shared_cost(),
                of.personal_number(),
                of.voip(),
                of.pager(),
                of.uan(),
                of.voicemail(),
            ];
            for example in types.into_iter().flatten().filter_map(Descriptor::example) {
                let number = format!("{}{example}", metadata.country_code());
                let plan = verdict(&number).unwrap_or_else(|| panic!("{number} of {}", metadata.id())).plan().unwrap();
                assert_eq!(plan.code, metadata.country_code());
                tried += 1;
            }
        }
        assert!(tried > 900, "{tried}");
    }

    #[test]
    fn every_rewriting_rule_names_groups_of_its_pattern() {
        for plan in &PLANS {
            let Some(rule) = plan.rewrite else { continue };
            let groups = plan.patterns().unwrap().prefix.as_ref().unwrap().captures_len();
            let named = rule.rsplit_once('$').unwrap().1.parse::<usize>().unwrap();
            assert!(named < groups, "{}: {rule}", plan.id);
        }
    }

    #[test]
    fn every_country_code_has_one_main_plan() {
        for plan in &PLANS {
            assert_eq!(main_plan(plan.code).unwrap().code, plan.code);
        }
        assert_eq!(main_plan(44).unwrap().id, "GB");
        assert_eq!(main_plan(1).unwrap().id, "US");
        assert!(main_plan(999).is_none());
    }
}
