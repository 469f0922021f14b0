/// The type of a phone number, as stated by the numbering plan of its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberType {
    /// A line at a fixed place.
    FixedLine,
    /// A mobile phone.
    Mobile,
    /// A fixed line or a mobile phone; the plan does not distinguish them, as in North America.
    FixedLineOrMobile,
    /// A number that is free for the caller.
    TollFree,
    /// A number that costs more than an ordinary call.
    PremiumRate,
    /// A number whose cost caller and subscriber share.
    SharedCost,
    /// A line of internet telephony.
    Voip,
    /// A number that follows a person and may be routed to any line.
    PersonalNumber,
    /// A pager.
    Pager,
    /// A universal access number: a single number under which a company is reached at many places.
    Uan,
    /// A voice mailbox.
    Voicemail,
    /// A number that was restored from storage and that the present plans do not list.
    Unknown,
}

impl NumberType {
    /// The type for a code that the build script writes.
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
