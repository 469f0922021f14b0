//! From a folded number to E.164: libphonenumber's reading of country codes and national prefixes.

use super::PhoneError;
use super::fold::Folded;
use super::plan::{self, Fit, Plan};

/// E.164 clause 6.2.1: at most 15 digits. No valid number has fewer than 7 with its country code, and the canonical
/// form admits none.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Checks the digits of a number in canonical form; they are never changed.
pub(super) fn canonical(digits: &str) -> Result<(), PhoneError> {
    if digits.len() > *DIGITS.end() {
        return Err(PhoneError::TooLong);
    }
    match plan::verdict(digits) {
        Some(_) if digits.len() < *DIGITS.start() => Err(PhoneError::TooShort),
        Some(verdict) if !verdict.is_prefix_like() => Ok(()),
        // The canonical form of one number must not read as the typed form of another.
        Some(_) if is_stable(digits) => Ok(()),
        Some(_) => Err(PhoneError::InvalidNumber),
        None if plan::split(digits).is_none() => Err(PhoneError::UnknownCountryCode),
        None if digits.len() < *DIGITS.start() => Err(PhoneError::TooShort),
        None => Err(PhoneError::InvalidNumber),
    }
}

/// Reads a number in international form.
pub(super) fn international(folded: &Folded) -> Result<String, PhoneError> {
    if !folded.plus {
        return Err(PhoneError::MissingPlus);
    }
    after_plus(&folded.digits)
}

/// Reads a number as it is dialled in the region of `plan`, or in international form.
pub(super) fn national(folded: &Folded, plan: &'static Plan) -> Result<String, PhoneError> {
    let digits = folded.digits.as_str();
    if folded.plus {
        return after_plus(digits);
    }
    if let Some(abroad) = plan.after_idd(digits) {
        return after_plus(abroad);
    }
    // The country code without the plus, where the number is none with it and is one without it.
    let code = plan.code.to_string();
    if let Some(rest) = digits.strip_prefix(&code) {
        let stripped = plan.without_prefix(rest).unwrap_or_else(|| rest.to_owned());
        if (!plan.is_viable(digits) && plan.is_viable(&stripped)) || plan.fit(digits.len()) == Fit::TooLong {
            let main = plan::main_plan(plan.code).unwrap_or(plan);
            return finish(main, &stripped);
        }
    }
    finish(plan, digits)
}

fn after_plus(digits: &str) -> Result<String, PhoneError> {
    // What is valid as it stands is taken as it stands; this spares nearly every number the patterns below.
    if canonical(digits).is_ok() {
        return Ok(digits.to_owned());
    }
    let (plan, national) = plan::split(digits).ok_or(PhoneError::UnknownCountryCode)?;
    finish(plan, national)
}

fn finish(plan: &'static Plan, national: &str) -> Result<String, PhoneError> {
    let national = significant(plan, national);
    let digits = format!("{}{national}", plan.code);
    canonical(&digits).map(|()| digits)
}

/// The national number without its prefix, unless too little would be left of it.
fn significant(plan: &'static Plan, national: &str) -> String {
    plan.without_prefix(national)
        .filter(|stripped| matches!(plan.fit(stripped.len()), Fit::Possible | Fit::TooLong))
        .unwrap_or_else(|| national.to_owned())
}

fn is_stable(digits: &str) -> bool {
    plan::split(digits).is_some_and(|(plan, national)| significant(plan, national) == national)
}
