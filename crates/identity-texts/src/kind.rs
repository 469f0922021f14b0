use identity_core::{Content, NoticeKind, Purpose};
use identity_ports::Notice;

/// The kind of a message: what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A code to type.
    Code,
    /// A link to open.
    Link,
    /// A code and a link, of which one is enough.
    CodeAndLink,
    /// A code to sign in with.
    SignInCode,
    /// A link to sign in with.
    SignInLink,
    /// A code and a link to sign in with, of which one is enough.
    SignInCodeAndLink,
    /// A code that confirms once more who is signed in.
    StepUpCode,
    /// Another address was added.
    Added,
    /// Another address was verified.
    Verified,
    /// Another address became primary.
    MadePrimary,
    /// Another address was removed.
    Removed,
    /// An address was replaced by another one.
    Replaced,
    /// An address is to be removed or replaced, and stays until then.
    Scheduled,
    /// The verification of an address was taken away.
    Unverified,
    /// A change was undone with the link of its notice.
    Undone,
    /// Somebody else proved an address, and contests it.
    Contested,
    /// A contest over an address ended, and nothing changed.
    ContestEnded,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Code,
        Self::Link,
        Self::CodeAndLink,
        Self::SignInCode,
        Self::SignInLink,
        Self::SignInCodeAndLink,
        Self::StepUpCode,
        Self::Added,
        Self::Verified,
        Self::MadePrimary,
        Self::Removed,
        Self::Replaced,
        Self::Scheduled,
        Self::Unverified,
        Self::Undone,
        Self::Contested,
        Self::ContestEnded,
    ];

    /// The name with which the strings and templates of this kind begin.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::CodeAndLink => "code-and-link",
            Self::SignInCode => "sign-in-code",
            Self::SignInLink => "sign-in-link",
            Self::SignInCodeAndLink => "sign-in-code-and-link",
            Self::StepUpCode => "step-up-code",
            Self::Added => "added",
            Self::Verified => "verified",
            Self::MadePrimary => "made-primary",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
            Self::Scheduled => "scheduled",
            Self::Unverified => "unverified",
            Self::Undone => "undone",
            Self::Contested => "contested",
            Self::ContestEnded => "contest-ended",
        }
    }

    /// Whether the message is a notice of something that happened, and confirms nothing by a code or a link.
    #[must_use]
    pub const fn is_notice(self) -> bool {
        !self.has_code() && !self.has_link()
    }

    /// What the message says to somebody who did not ask for it: the name of the string.
    pub(crate) const fn unasked(self) -> &'static str {
        match self {
            Self::SignInCode | Self::SignInLink | Self::SignInCodeAndLink => "unasked-sign-in",
            Self::StepUpCode => "unasked-step-up",
            _ => "unasked",
        }
    }

    pub(crate) const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeAndLink | Self::SignInCode | Self::SignInCodeAndLink | Self::StepUpCode)
    }

    pub(crate) const fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::CodeAndLink | Self::SignInLink | Self::SignInCodeAndLink)
    }

    /// Whether its link opens the page where one signs in.
    pub(crate) const fn signs_in(self) -> bool {
        matches!(self, Self::SignInLink | Self::SignInCodeAndLink)
    }

    /// The kind of a notice; `None` when these texts have no words for it.
    #[must_use]
    pub fn of(notice: &Notice) -> Option<Self> {
        match &notice.message.content {
            Content::Challenge { challenge, .. } => {
                let [code, link, both] = match challenge.purpose {
                    Purpose::Verification | Purpose::Replacement => [Self::Code, Self::Link, Self::CodeAndLink],
                    Purpose::SignIn => [Self::SignInCode, Self::SignInLink, Self::SignInCodeAndLink],
                    // Only a code does that.
                    Purpose::StepUp => return notice.code.as_ref().map(|_| Self::StepUpCode),
                };
                match (&notice.code, &notice.link) {
                    (Some(_), None) => Some(code),
                    (None, Some(_)) => Some(link),
                    (Some(_), Some(_)) => Some(both),
                    (None, None) => None,
                }
            }
            Content::Notice { what, .. } => Self::of_notice(*what),
            _ => None,
        }
    }

    pub(crate) const fn of_notice(what: NoticeKind) -> Option<Self> {
        match what {
            NoticeKind::Added => Some(Self::Added),
            NoticeKind::Verified => Some(Self::Verified),
            NoticeKind::MadePrimary => Some(Self::MadePrimary),
            NoticeKind::Removed => Some(Self::Removed),
            NoticeKind::Replaced => Some(Self::Replaced),
            NoticeKind::Scheduled => Some(Self::Scheduled),
            NoticeKind::Unverified => Some(Self::Unverified),
            NoticeKind::Undone => Some(Self::Undone),
            NoticeKind::Contested => Some(Self::Contested),
            NoticeKind::ContestEnded => Some(Self::ContestEnded),
            _ => None,
        }
    }
}
