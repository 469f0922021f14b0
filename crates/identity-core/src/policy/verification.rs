use std::time::Duration;

use super::DangerousPolicy;
use crate::address::Channel;
use crate::{Alphabet, CodeFormat};

/// What a resend sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// The same code while it lives, so that the one in hand keeps working whichever message comes first.
    SameCode,
    /// A new code; the one in hand is void.
    NewCode,
}

/// Codes: how they look, how long they live, how many wrong ones are taken, how often they are sent.
///
/// Wrong answers belong to the identifier, not to the code: a new code never resets them.
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
}

impl Default for VerificationPolicy {
    fn default() -> Self {
        // The builder's defaults are safe: a test builds them.
        VerificationPolicyBuilder::default().unchecked(SIX_DIGITS)
    }
}

const SIX_DIGITS: CodeFormat = match CodeFormat::new(6, Alphabet::Digits) {
    Some(format) => format,
    None => unreachable!(),
};

impl VerificationPolicy {
    /// Starts from the defaults: 6 digits, 600 s, 5 tries, 20 failures a day and 100 in a row, the same code resent after 30 s
    /// at the earliest, 5 sends in 600 s and 10 a day.
    #[must_use]
    pub fn builder() -> VerificationPolicyBuilder {
        VerificationPolicyBuilder::default()
    }

    /// How a code looks.
    #[must_use]
    pub const fn format(&self) -> CodeFormat {
        self.format
    }

    /// How long a code lives.
    #[must_use]
    pub const fn life(&self, channel: Channel) -> Duration {
        match channel {
            Channel::Email => self.email_life,
            Channel::Phone => self.phone_life,
        }
    }

    /// How many wrong answers a challenge takes.
    #[must_use]
    pub const fn tries(&self) -> u8 {
        self.tries
    }

    /// How many wrong answers an identifier takes in 24 h.
    #[must_use]
    pub const fn failures_a_day(&self) -> u32 {
        self.failures_a_day
    }

    /// How many wrong answers in a row an identifier takes before only an administrator helps.
    #[must_use]
    pub const fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row
    }

    /// What a resend sends.
    #[must_use]
    pub const fn resend(&self) -> Resend {
        self.resend
    }

    /// How long after a send the next one may come.
    #[must_use]
    pub const fn resend_wait(&self) -> Duration {
        self.resend_wait
    }

    /// How many sends to an identifier the [`window`](Self::window) takes.
    #[must_use]
    pub const fn sends_per_window(&self) -> u32 {
        self.sends_per_window
    }

    /// The window in which sends are counted.
    #[must_use]
    pub const fn window(&self) -> Duration {
        self.window
    }

    /// How many sends to an identifier 24 h take.
    #[must_use]
    pub const fn sends_a_day(&self) -> u32 {
        self.sends_a_day
    }

    /// The chance that guessing ever succeeds on one identifier before an administrator has to look at it: every failure in a
    /// row is one guess among all codes.
    #[must_use]
    pub fn guess_chance(&self) -> f64 {
        f64::from(self.failures_in_a_row) / self.format.entropy_bits().exp2()
    }
}

/// Builds a [`VerificationPolicy`].
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
        }
    }
}

impl VerificationPolicyBuilder {
    /// Codes of this many digits; at least 6.
    #[must_use]
    pub fn digits(self, length: u8) -> Self {
        Self { length, alphabet: Alphabet::Digits, ..self }
    }

    /// Codes of this many letters; at least 5.
    #[must_use]
    pub fn letters(self, length: u8) -> Self {
        Self { length, alphabet: Alphabet::Letters, ..self }
    }

    /// How long a code for an e-mail address lives; at most 86,400 s.
    #[must_use]
    pub fn email_life(self, email_life: Duration) -> Self {
        Self { email_life, ..self }
    }

    /// How long a code for a phone number lives; at most 600 s.
    #[must_use]
    pub fn phone_life(self, phone_life: Duration) -> Self {
        Self { phone_life, ..self }
    }

    /// How many wrong answers a challenge takes; at least 1.
    #[must_use]
    pub fn tries(self, tries: u8) -> Self {
        Self { tries, ..self }
    }

    /// How many wrong answers an identifier takes in 24 h, and how many in a row before only an administrator helps; at
    /// least 1 and at most 100 each.
    #[must_use]
    pub fn failures(self, a_day: u32, in_a_row: u32) -> Self {
        Self { failures_a_day: a_day, failures_in_a_row: in_a_row, ..self }
    }

    /// What a resend sends, and how long after a send it may come.
    #[must_use]
    pub fn resend(self, resend: Resend, wait: Duration) -> Self {
        Self { resend, resend_wait: wait, ..self }
    }

    /// How many sends to one identifier a window of this length takes, and 24 h; at least 1 and at most 100 each.
    #[must_use]
    pub fn sends(self, per_window: u32, window: Duration, a_day: u32) -> Self {
        Self { sends_per_window: per_window, window, sends_a_day: a_day, ..self }
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
        }
    }

    /// The policy.
    ///
    /// # Errors
    /// [`DangerousPolicy`] for codes that can be guessed or that live too long, and for limits that are none.
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
        ] {
            if zero {
                return Err(DangerousPolicy::Zero(what));
            }
        }
        let most = self.failures_in_a_row.max(self.failures_a_day).max(u32::from(self.tries));
        if most > 100 {
            return Err(DangerousPolicy::Failures(most));
        }
        if self.sends_per_window.max(self.sends_a_day) > 100 || self.window > crate::identifier::DAY {
            return Err(DangerousPolicy::UnlimitedSends);
        }
        let policy = self.unchecked(format);
        let chance = policy.guess_chance();
        if chance > 0.001 {
            return Err(DangerousPolicy::Guessable { chance });
        }
        Ok(policy)
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
