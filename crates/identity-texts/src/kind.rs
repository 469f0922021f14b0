use identity_core::{Content, NoticeKind};
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
    /// The verification of an address was taken away.
    Unverified,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Code,
        Self::Link,
        Self::CodeAndLink,
        Self::Added,
        Self::Verified,
        Self::MadePrimary,
        Self::Removed,
        Self::Replaced,
        Self::Unverified,
    ];

    /// The name with which the strings and templates of this kind begin.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::CodeAndLink => "code-and-link",
            Self::Added => "added",
            Self::Verified => "verified",
            Self::MadePrimary => "made-primary",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
            Self::Unverified => "unverified",
        }
    }

    /// Whether the message is a notice of something that happened, and has neither code nor link.
    #[must_use]
    pub const fn is_notice(self) -> bool {
        !matches!(self, Self::Code | Self::Link | Self::CodeAndLink)
    }

    pub(crate) const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeAndLink)
    }

    pub(crate) const fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::CodeAndLink)
    }

    /// The kind of a notice; `None` when these texts have no words for it.
    #[must_use]
    pub fn of(notice: &Notice) -> Option<Self> {
        match &notice.message.content {
            Content::Challenge { .. } => match (&notice.code, &notice.link) {
                (Some(_), None) => Some(Self::Code),
                (None, Some(_)) => Some(Self::Link),
                (Some(_), Some(_)) => Some(Self::CodeAndLink),
                (None, None) => None,
            },
            Content::Notice { what, .. } => match what {
                NoticeKind::Added => Some(Self::Added),
                NoticeKind::Verified => Some(Self::Verified),
                NoticeKind::MadePrimary => Some(Self::MadePrimary),
                NoticeKind::Removed => Some(Self::Removed),
                NoticeKind::Replaced => Some(Self::Replaced),
                NoticeKind::Unverified => Some(Self::Unverified),
                _ => None,
            },
            _ => None,
        }
    }
}
