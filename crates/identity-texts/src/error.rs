use std::fmt;

use identity_ports::ForeignError;

use crate::Encoding;

/// Why the texts cannot be used. A host that does not start is better than a message that cannot be sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A brand's name is empty, has more than 40 characters, or characters that do not print.
    #[error("{0:?} is no name for a brand; write 1 to 40 characters that print, on one line")]
    BrandName(String),
    /// Codes cannot be bound to this.
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
    /// This is no language.
    #[error("{0:?} is no language; write a BCP 47 tag such as pt-BR")]
    Language(String),
    /// There are no strings in the fallback language.
    #[error("there are no strings in the language {0:?}, which everybody else's language falls back to")]
    Fallback(String),
    /// A code cannot have this many symbols.
    #[error("a code has 1 to 20 symbols, not {0}")]
    CodeLength(u8),
    /// Strings are not written as Fluent has it.
    #[error("the strings in {language:?} cannot be read: {reason}")]
    Strings {
        /// The language.
        language: String,
        /// Where and why.
        reason: String,
    },
    /// A template's name is none that is ever looked for.
    #[error(
        "{0:?} is no name of a template; write mail.html, mail.txt, sms.txt or page.html, with a language, a kind or both \
         before it, such as de/code/mail.html"
    )]
    TemplateName(String),
    /// A template cannot be read.
    #[error("the template {name:?} cannot be read: {reason}")]
    Template {
        /// Its name.
        name: String,
        /// Where and why.
        #[source]
        reason: ForeignError,
    },
    /// Something is missing, or does not come out right.
    #[error("{place}: {reason}")]
    Render {
        /// Which text.
        place: Box<Place>,
        /// Why.
        #[source]
        reason: TextError,
    },
    /// A text message does not fit.
    #[error(
        "{place} takes {units} of {limit} units in {encoding:?}: {text:?}; say it shorter, or give the brand a shorter name or \
         host"
    )]
    TooLong {
        /// Which text.
        place: Box<Place>,
        /// How it would be encoded.
        encoding: Encoding,
        /// How much room it takes.
        units: usize,
        /// How much there is.
        limit: usize,
        /// What was rendered with sample values.
        text: String,
    },
}

/// Which text it is.
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

/// Why a text did not come out. Names no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is no string with this name.
    #[error("there is no string {0:?}")]
    NoString(String),
    /// A string asks for what there is not.
    #[error("the string {name:?}: {reason}")]
    String {
        /// Its name.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// A template failed.
    #[error("the template {name:?}: {reason}")]
    Template {
        /// Its name.
        name: String,
        /// Where and why.
        reason: String,
    },
    /// A subject has more than one line.
    #[error("the subject {0:?} has more than one line")]
    Subject(String),
    /// A message of a kind that these texts have no words for.
    #[error("these texts have no words for this kind of message")]
    Kind,
    /// A message for another channel.
    #[error("this message does not go to an address of this kind")]
    Channel,
}
