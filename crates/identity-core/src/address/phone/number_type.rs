/// What a phone number is for, as its country's numbering plan says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberType {
    /// A line at a place.
    FixedLine,
    /// A mobile phone.
    Mobile,
    /// One of the two: the plan does not tell them apart, as in North America.
    FixedLineOrMobile,
    /// Free for the caller.
    TollFree,
    /// Dearer than an ordinary call.
    PremiumRate,
    /// Paid by both sides.
    SharedCost,
    /// Telephony over the internet.
    Voip,
    /// Follows a person and may be routed to any line.
    PersonalNumber,
    /// A pager.
    Pager,
    /// A company's one number for many places (universal access number).
    Uan,
    /// Reaches a voice mailbox.
    Voicemail,
    /// In no plan that this version knows: a number restored from storage.
    Unknown,
}

impl NumberType {
    /// Reads the code that the build script writes.
    pub(super) fn from_code(code: u16) -> Self {
        match code {
            0 => Self::FixedLine,
            1 => Self::Mobile,
            2 => Self::FixedLineOrMobile,
            3 => Self::TollFree,
            4 => Self::PremiumRate,
            5 => Self::SharedCost,
            6 => Self::Voip,
            7 => Self::PersonalNumber,
            8 => Self::Pager,
            9 => Self::Uan,
            10 => Self::Voicemail,
            _ => Self::Unknown,
        }
    }
}
