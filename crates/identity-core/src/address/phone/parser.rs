//! Turns a folded number into E.164 form, with libphonenumber's rules for country codes and national prefixes.

use super::PhoneError;
use super::fold::Folded;
use super::plan::{self, Fit, Plan};

/// The permitted number of digits: at most 15 (E.164 clause 6.2.1), and at least 7 with the country code, because no
/// valid number has fewer.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Checks the digits of a number in canonical form. They are never changed.
pub(super) fn canonical(digits: &str) -> Result<(), PhoneError> {
    if digits.len() > *DIGITS.end() {
        return Err(PhoneError::TooLong);
    }
    match plan::verdict(digits) {
        Some(_) if digits.len() < *DIGITS.start() => Err(PhoneError::TooShort),
        Some(verdict) if !verdict.is_prefix_like() => Ok(()),
        // The canonical form of one number must not be the typed form of another.
        Some(_) if is_stable(digits) => Ok(()),
        Some(_) => Err(PhoneError::InvalidNumber),
        None if plan::split(digits).is_none() => Err(PhoneError::UnknownCountryCode),
        None if digits.len() < *DIGITS.start() => Err(PhoneError::TooShort),
        None => Err(PhoneError::InvalidNumber),
    }
}

/// The digits of a number in international form.
pub(super) fn international(folded: &Folded) -> Result<String, PhoneError> {
    if !folded.plus {
        return Err(PhoneError::MissingPlus);
    }
    after_plus(&folded.digits)
}

/// The digits of a number as it is dialled in the region of `plan`, or in international form.
pub(super) fn national(folded: &Folded, plan: &'static Plan) -> Result<String, PhoneError> {
    let digits = folded.digits.as_str();
    if folded.plus {
        return after_plus(digits);
    }
    if let Some(abroad) = plan.after_idd(digits) {
        return after_plus(abroad);
    }
    // The country code was typed without the plus: the number is valid without the code and not valid with it.
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
    // A number that is valid as it was typed is not changed. Nearly every number is, and needs no patterns.
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

/// The national number without its prefix, unless the rest would be too short for the plan.
fn significant(plan: &'static Plan, national: &str) -> String {
    plan.without_prefix(national)
        .filter(|stripped| matches!(plan.fit(stripped.len()), Fit::Possible | Fit::TooLong))
        .unwrap_or_else(|| national.to_owned())
}

fn is_stable(digits: &str) -> bool {
    plan::split(digits).is_some_and(|(plan, national)| significant(plan, national) == national)
}
