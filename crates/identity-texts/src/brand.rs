use crate::{BuildError, Links};

/// Whose messages they are: a name, where links lead, and what is said or laid out differently from the others.
#[derive(Debug, Clone)]
pub struct Brand {
    pub(crate) name: String,
    pub(crate) links: Links,
    pub(crate) code_host: String,
    pub(crate) strings: Vec<(String, String)>,
    pub(crate) templates: Vec<(String, String)>,
}

impl Brand {
    /// A brand with this name, as people read it, whose links lead to this address. Codes in text messages are bound to the
    /// same host.
    #[must_use]
    pub fn new(name: impl Into<String>, links: Links) -> Self {
        let code_host = links.host().to_owned();
        Self { name: name.into(), links, code_host, strings: Vec::new(), templates: Vec::new() }
    }

    /// Binds codes in text messages to another host: the one on whose page people type them. A phone offers the code on that
    /// host's pages alone (WICG origin-bound one-time codes).
    #[must_use]
    pub fn with_code_host(mut self, host: impl Into<String>) -> Self {
        self.code_host = host.into();
        self
    }

    /// Says some strings differently in a language: Fluent source, in which a message takes the place of the one with its name.
    #[must_use]
    pub fn with_strings(mut self, language: impl Into<String>, fluent: impl Into<String>) -> Self {
        self.strings.push((language.into(), fluent.into()));
        self
    }

    /// Lays messages out differently; names as in [`TextsBuilder::template`](crate::TextsBuilder::template).
    #[must_use]
    pub fn with_template(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.templates.push((name.into(), source.into()));
        self
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 40 || crate::clean(&self.name) != self.name {
            return Err(BuildError::BrandName(self.name.clone()));
        }
        // The form of the last line ends a host at white space, and begins a code with `#`.
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        if self.code_host.is_empty() || !self.code_host.chars().all(sound) {
            return Err(BuildError::CodeHost(self.code_host.clone()));
        }
        Ok(())
    }
}
