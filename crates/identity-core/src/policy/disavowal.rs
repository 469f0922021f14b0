use std::time::Duration;

use super::DangerousPolicy;
use crate::base::DAY;

/// The rules for undoing a change with the link in the notice that reports it.
///
/// By default a change can be undone for 7 days, and only what the holder's road changed: what an administrator did, staff
/// decided. The replacement or removal of what was the last verified address of a user can be undone for 72 h at least,
/// because nobody else is told of it.
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{DangerousPolicy, DisavowalPolicy};
/// let day = Duration::from_secs(86_400);
/// assert_eq!(DisavowalPolicy::default().window(), Some(7 * day));
/// assert_eq!(DisavowalPolicy::default().with_window(30 * day)?.window(), Some(30 * day));
/// assert_eq!(DisavowalPolicy::default().with_window(31 * day), Err(DangerousPolicy::DisavowalWindow));
/// assert_eq!(DisavowalPolicy::off().window(), None);
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisavowalPolicy {
    window: Option<Duration>,
    administrators: bool,
}

impl Default for DisavowalPolicy {
    /// For 7 days, and nothing that an administrator changed.
    fn default() -> Self {
        Self { window: Some(7 * DAY), administrators: false }
    }
}

impl DisavowalPolicy {
    /// Nothing can be undone, and no notice carries a link for it.
    #[must_use]
    pub const fn off() -> Self {
        Self { window: None, administrators: false }
    }

    /// Sets how long after a change it can be undone: 1 hour to 30 days, 7 days by default. Whoever reads a mailbox that was
    /// given up can undo its replacement for as long.
    ///
    /// # Errors
    /// [`DangerousPolicy::DisavowalWindow`] for another time.
    pub fn with_window(self, window: Duration) -> Result<Self, DangerousPolicy> {
        if (Duration::from_secs(3_600)..=30 * DAY).contains(&window) {
            Ok(Self { window: Some(window), ..self })
        } else {
            Err(DangerousPolicy::DisavowalWindow)
        }
    }

    /// Sets whether what administrators changed can be undone as well; false by default.
    #[must_use]
    pub const fn with_administrators(self, administrators: bool) -> Self {
        Self { administrators, ..self }
    }

    /// How long after a change it can be undone; `None` when it never can.
    #[must_use]
    pub const fn window(&self) -> Option<Duration> {
        self.window
    }

    /// How long after the loss of the last verified address it can be undone: the window, and 72 h at least; `None` when
    /// nothing can be undone.
    #[must_use]
    pub fn window_of_last(&self) -> Option<Duration> {
        self.window.map(|window| window.max(3 * DAY))
    }

    /// Whether what administrators changed can be undone as well.
    #[must_use]
    pub const fn administrators(&self) -> bool {
        self.administrators
    }
}
