use std::time::Duration;

use super::{Budget, DangerousPolicy};
use crate::address::Channel;
use crate::base::DAY;
use crate::secret::{Alphabet, CodeFormat};

/// What a second request for a code sends while a challenge is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// The same code while it is valid, so that a code already received keeps working whichever message arrives first.
    SameCode,
    /// A new code, which makes the previous one void.
    NewCode,
}

/// The rules for codes and links: their format and lifetime, how many wrong answers are accepted, and how often a
/// message is sent to one identifier.
///
/// Wrong answers are counted per identifier, not per code: a new code never resets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationPolicy {
    format: CodeFormat,
    email_life: Duration,
    phone_life: Duration,
    tries: u8,
    failures_a_day: u32,
    failures_in_a_row: u32,
    resend: Resend,
    resend_wait: Duration,
    sends_per_window: u32,
    window: Duration,
    sends_a_day: u32,
    guesses_a_day: u32,
    resend_percent: u8,
}

impl Default for VerificationPolicy {
    fn default() -> Self {
        // A test shows that the builder accepts its own defaults.
        VerificationPolicyBuilder::default().unchecked(SIX_DIGITS)
    }
}

const SIX_DIGITS: CodeFormat = match CodeFormat::new(6, Alphabet::Digits) {
    Some(format) => format,
    None => unreachable!(),
};

impl VerificationPolicy {
    /// A builder that starts from the defaults: 6 digits, valid for 600 s, 5 wrong answers per challenge, 20 per day
    /// and 100 in a row, the same code resent after 30 s at the earliest, 5 sends in 600 s and 10 in 24 h, 100
    /// guesses at one address in 24 h.
    #[must_use]
    pub fn builder() -> VerificationPolicyBuilder {
        VerificationPolicyBuilder::default()
    }

    /// The format of a code.
    #[must_use]
    pub const fn format(&self) -> CodeFormat {
        self.format
    }

    /// The lifetime of a code for addresses of this channel.
    #[must_use]
    pub const fn life(&self, channel: Channel) -> Duration {
        match channel {
            Channel::Email => self.email_life,
            Channel::Phone => self.phone_life,
        }
    }

    /// The number of wrong answers that one challenge accepts.
    #[must_use]
    pub const fn tries(&self) -> u8 {
        self.tries
    }

    /// The number of wrong answers that one identifier accepts in 24 h.
    #[must_use]
    pub const fn failures_a_day(&self) -> u32 {
        self.failures_a_day
    }

    /// The number of consecutive wrong answers after which an identifier is locked until an administrator clears them.
    #[must_use]
    pub const fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row
    }

    /// What a resend sends.
    #[must_use]
    pub const fn resend(&self) -> Resend {
        self.resend
    }

    /// The time that must pass between two sends to one identifier.
    #[must_use]
    pub const fn resend_wait(&self) -> Duration {
        self.resend_wait
    }

    /// The number of sends to one identifier in every [`window`](Self::window).
    #[must_use]
    pub const fn sends_per_window(&self) -> u32 {
        self.sends_per_window
    }

    /// The length of the sliding window in which sends are counted.
    #[must_use]
    pub const fn window(&self) -> Duration {
        self.window
    }

    /// The number of sends to one identifier in 24 h.
    #[must_use]
    pub const fn sends_a_day(&self) -> u32 {
        self.sends_a_day
    }

    /// The part of a code's life, in percent, that must be left for a resend to keep the code: 0 to 100, 50 by default.
    #[must_use]
    pub const fn resend_percent(&self) -> u8 {
        self.resend_percent
    }

    /// The number of codes that are judged for one address, right or wrong, by all users of the tenant together, in a
    /// window of 24 h that begins with the first: 1 to 1,000, 100 by default.
    #[must_use]
    pub const fn guesses(&self) -> Budget {
        Budget::new(self.guesses_a_day as u64, DAY)
    }

    /// The chance that guessing succeeds on one identifier before it is locked until an administrator intervenes: each
    /// of the consecutive wrong answers is one guess among all codes. No policy that builds allows more than 100 of them,
    /// nor a code of fewer than 19.9 bits, so it is at most 1 in 9,700.
    #[must_use]
    pub fn guess_chance(&self) -> f64 {
        f64::from(self.failures_in_a_row) / self.format.entropy_bits().exp2()
    }
}

/// Builder of a [`VerificationPolicy`].
#[derive(Debug, Clone)]
pub struct VerificationPolicyBuilder {
    length: u8,
    alphabet: Alphabet,
    email_life: Duration,
    phone_life: Duration,
    tries: u8,
    failures_a_day: u32,
    failures_in_a_row: u32,
    resend: Resend,
    resend_wait: Duration,
    sends_per_window: u32,
    window: Duration,
    sends_a_day: u32,
    guesses_a_day: u32,
    resend_percent: u8,
}

impl Default for VerificationPolicyBuilder {
    fn default() -> Self {
        Self {
            length: 6,
            alphabet: Alphabet::Digits,
            email_life: Duration::from_secs(600),
            phone_life: Duration::from_secs(600),
            tries: 5,
            failures_a_day: 20,
            failures_in_a_row: 100,
            resend: Resend::SameCode,
            resend_wait: Duration::from_secs(30),
            sends_per_window: 5,
            window: Duration::from_secs(600),
            sends_a_day: 10,
            guesses_a_day: 100,
            resend_percent: 50,
        }
    }
}

impl VerificationPolicyBuilder {
    /// Uses codes of this many decimal digits: 6 to 20, 6 by default.
    #[must_use]
    pub fn digits(self, length: u8) -> Self {
        Self { length, alphabet: Alphabet::Digits, ..self }
    }

    /// Uses codes of this many letters: 5 to 20.
    #[must_use]
    pub fn letters(self, length: u8) -> Self {
        Self { length, alphabet: Alphabet::Letters, ..self }
    }

    /// Sets how long a code for an e-mail address is valid: at most 86,400 s, 600 s by default.
    #[must_use]
    pub fn email_life(self, email_life: Duration) -> Self {
        Self { email_life, ..self }
    }

    /// Sets how long a code for a phone number is valid: at most 600 s, which is the default.
    #[must_use]
    pub fn phone_life(self, phone_life: Duration) -> Self {
        Self { phone_life, ..self }
    }

    /// Sets how many wrong answers one challenge accepts: 1 to 100, 5 by default.
    #[must_use]
    pub fn tries(self, tries: u8) -> Self {
        Self { tries, ..self }
    }

    /// Sets how many wrong answers one identifier accepts in 24 h, and how many in a row before it is locked until an
    /// administrator clears them: 1 to 100 each, 20 and 100 by default.
    #[must_use]
    pub fn failures(self, a_day: u32, in_a_row: u32) -> Self {
        Self { failures_a_day: a_day, failures_in_a_row: in_a_row, ..self }
    }

    /// Sets what a resend sends, and the time that must pass between two sends; [`Resend::SameCode`] and 30 s by
    /// default.
    #[must_use]
    pub fn resend(self, resend: Resend, wait: Duration) -> Self {
        Self { resend, resend_wait: wait, ..self }
    }

    /// Sets how many messages are sent to one identifier per window of this length, and per 24 h: 1 to 100 each, with a
    /// window of at most 24 h. The defaults are 5 in 600 s and 10 in 24 h.
    #[must_use]
    pub fn sends(self, per_window: u32, window: Duration, a_day: u32) -> Self {
        Self { sends_per_window: per_window, window, sends_a_day: a_day, ..self }
    }

    /// How many codes are judged for one address in 24 h, whatever the number of users who try; 1 to 1,000, 100 by default.
    #[must_use]
    pub fn guesses(self, a_day: u32) -> Self {
        Self { guesses_a_day: a_day, ..self }
    }

    /// Sets the part of a code's life, in percent, that must be left for a resend to keep the code: 50 by default; values
    /// above 100 count as 100. With less left a resend makes a new code, and the one in hand is void.
    #[must_use]
    pub fn resend_percent(self, percent: u8) -> Self {
        Self { resend_percent: percent.min(100), ..self }
    }

    fn unchecked(self, format: CodeFormat) -> VerificationPolicy {
        VerificationPolicy {
            format,
            email_life: self.email_life,
            phone_life: self.phone_life,
            tries: self.tries,
            failures_a_day: self.failures_a_day,
            failures_in_a_row: self.failures_in_a_row,
            resend: self.resend,
            resend_wait: self.resend_wait,
            sends_per_window: self.sends_per_window,
            window: self.window,
            sends_a_day: self.sends_a_day,
            guesses_a_day: self.guesses_a_day,
            resend_percent: self.resend_percent,
        }
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// * [`DangerousPolicy::CodeLength`] and [`DangerousPolicy::WeakCode`] for codes that are too long or too short.
    /// * [`DangerousPolicy::PhoneLife`] and [`DangerousPolicy::EmailLife`] for codes that are valid for too long.
    /// * [`DangerousPolicy::Zero`] for a number, lifetime or window of zero.
    /// * [`DangerousPolicy::Failures`] for more than 100 wrong answers per challenge, per day or in a row.
    /// * [`DangerousPolicy::UnlimitedSends`] for more than 100 sends, or a window longer than 24 h.
    pub fn build(self) -> Result<VerificationPolicy, DangerousPolicy> {
        let format = CodeFormat::new(self.length, self.alphabet).ok_or(DangerousPolicy::CodeLength)?;
        let bits = format.entropy_bits();
        if bits < 19.9 {
            return Err(DangerousPolicy::WeakCode { bits });
        }
        if self.phone_life > Duration::from_secs(600) {
            return Err(DangerousPolicy::PhoneLife);
        }
        if self.email_life > Duration::from_secs(86_400) {
            return Err(DangerousPolicy::EmailLife);
        }
        for (what, zero) in [
            ("the life of an e-mail code", self.email_life.is_zero()),
            ("the life of a phone code", self.phone_life.is_zero()),
            ("the number of tries", self.tries == 0),
            ("the number of failures", self.failures_a_day == 0 || self.failures_in_a_row == 0),
            ("the number of sends", self.sends_per_window == 0 || self.sends_a_day == 0),
            ("the window of sends", self.window.is_zero()),
            ("the number of guesses", self.guesses_a_day == 0),
        ] {
            if zero {
                return Err(DangerousPolicy::Zero(what));
            }
        }
        let most = self.failures_in_a_row.max(self.failures_a_day).max(u32::from(self.tries));
        if most > 100 {
            return Err(DangerousPolicy::Failures(most));
        }
        if self.guesses_a_day > 1_000 {
            return Err(DangerousPolicy::Guesses(self.guesses_a_day));
        }
        if self.sends_per_window.max(self.sends_a_day) > 100 || self.window > DAY {
            return Err(DangerousPolicy::UnlimitedSends);
        }
        Ok(self.unchecked(format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_build_and_are_the_default() {
        assert_eq!(VerificationPolicy::builder().build().unwrap(), VerificationPolicy::default());
    }
}
