use std::fmt;

use identity_ports::ForeignError;

use crate::Encoding;

/// The error for texts that cannot be used. It is found when the host starts, and not when a message is due.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A brand's name is empty, has more than 40 characters, or characters that do not print.
    #[error("{0:?} is no name for a brand; write 1 to 40 printable characters on one line")]
    BrandName(String),
    /// The host cannot stand in the last line of a text message.
    #[error("{0:?} is no host that codes can be bound to; write one such as example.com")]
    CodeHost(String),
    /// The logo cannot be fetched or shown.
    #[error(
        "{url:?} at {width} by {height} pixels cannot be a logo; write an https URL without a user, 1 to 464 pixels wide and 1 \
         to 200 high"
    )]
    Logo {
        /// The URL of the picture.
        url: String,
        /// Its displayed width in pixels.
        width: u16,
        /// Its displayed height in pixels.
        height: u16,
    },
    /// The contact for help is neither an e-mail address nor an https URL, or it has more than 100 characters.
    #[error("{0:?} is no contact for help; write an e-mail address or an https URL of at most 100 characters")]
    Support(String),
    /// The start page is neither a path nor an https URL.
    #[error("{0:?} is no start page; write a path such as / or an https URL")]
    Home(String),
    /// No text asks for a string of this name.
    #[error(
        "no text asks for the string {name:?} in {language:?}; write the name of a shipped one, error- and the code of a problem, or \
         one that a template or string of yours names"
    )]
    UnknownString {
        /// The name.
        name: String,
        /// The language.
        language: String,
    },
    /// The text is not a BCP 47 tag.
    #[error("{0:?} is no language; write a BCP 47 tag such as pt-BR")]
    Language(String),
    /// The fallback language has no strings.
    #[error("there are no strings in the language {0:?}, which everybody else's language falls back to")]
    Fallback(String),
    /// The length of the longest code is not from 1 to 20.
    #[error("a code has 1 to 20 symbols, not {0}")]
    CodeLength(u8),
    /// The strings are not valid Fluent source.
    #[error("the strings in {language:?} cannot be read: {reason}")]
    Strings {
        /// The language.
        language: String,
        /// The place in the source, and the reason.
        reason: String,
    },
    /// No message and no page asks for a template of this name.
    #[error(
        "{0:?} is no name of a template; write mail.html, mail.txt, sms.txt, page.html, account.html, sign-in.html or frame.html, with a \
         language, a kind or both before it where there can be, such as de/code/mail.html"
    )]
    TemplateName(String),
    /// A template is not valid minijinja source.
    #[error("the template {name:?} cannot be read: {reason}")]
    Template {
        /// The name.
        name: String,
        /// The place in the source, and the reason.
        reason: ForeignError,
    },
    /// A text lacks something, or cannot be rendered.
    #[error("{place}: {reason}")]
    Render {
        /// The text.
        place: Box<Place>,
        /// The reason.
        reason: TextError,
    },
    /// A text message is too long.
    #[error(
        "{place} takes {units} of {limit} units in {encoding:?}: {text:?}; say it shorter, or give the brand a shorter name or \
         host"
    )]
    TooLong {
        /// The text.
        place: Box<Place>,
        /// The encoding of the text.
        encoding: Encoding,
        /// The length in units of the encoding: septets or UTF-16 units.
        units: usize,
        /// The greatest length, in the same units.
        limit: usize,
        /// The text, rendered with sample values.
        text: String,
    },
}

/// The place of a text: what it is part of, its language and its brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The mail, text message or page.
    pub what: String,
    /// The language.
    pub language: String,
    /// The brand's name.
    pub brand: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, language, brand } = self;
        write!(f, "{what} in {language:?} for the brand {brand:?}")
    }
}

/// The error for a text that cannot be rendered. It contains no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is no string with this name.
    #[error("there is no string {0:?}")]
    NoString(String),
    /// A string asks for a variable or a string that does not exist.
    #[error("the string {name:?}: {reason}")]
    String {
        /// The name.
        name: String,
        /// What the string lacks.
        reason: String,
    },
    /// A template cannot be rendered.
    #[error("the template {name:?}: {reason}")]
    Template {
        /// The name.
        name: String,
        /// The place in the source, and the reason.
        reason: String,
    },
    /// A subject has more than one line.
    #[error("the subject {0:?} has more than one line")]
    Subject(String),
    /// The texts have no words for messages of this kind.
    #[error("these texts have no words for this kind of message")]
    Kind,
    /// The message goes to another channel.
    #[error("this message does not go to an address of this kind")]
    Channel,
}
