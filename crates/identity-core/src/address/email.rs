use std::borrow::Cow;
use std::sync::Arc;

use email_address::EmailAddress;

use super::confusable::{ScriptFlags, skeleton};
use super::confusable_chars::{CharacterError, fold_ascii, is_mark, nfc, screen};
use super::email_domain::{to_a_labels, to_u_labels};
use super::email_error::EmailError;
use super::{ClaimKey, ClaimKind, MailboxKey, masked};
use crate::base::text_value;

/// An e-mail address. It is parsed once, is always in canonical form, and keeps what was typed.
///
/// An address has two forms and a key:
///
/// | | local part | domain | used for |
/// |---|---|---|---|
/// | [`typed`](Self::typed) | as typed | as typed | display to its owner |
/// | [`as_str`](Self::as_str), the canonical form | NFC, case as typed | lower-case A-labels | sending, storage, comparison |
/// | [`claim_key`](Self::claim_key), rule 1 | NFC, ASCII letters in lower case | lower-case A-labels | ownership |
///
/// Equality, order and hash are those of the canonical form. A message is sent to the canonical form of the stored
/// address, never to another address with the same key. Letters outside ASCII are never case-folded: `ı` is not `i`,
/// and `É` is not `é`. Dots and plus signs are kept, because their meaning is the provider's choice; see
/// [`mailbox_key`](Self::mailbox_key).
///
/// # Which texts are addresses
///
/// The rules are RFC 5321 section 4.1.2 (`Dot-string "@" Domain`) with the internationalisation of RFC 6531. They are
/// narrower where the standards leave a choice or programs disagree:
///
/// | feature | verdict | reason |
/// |---|---|---|
/// | local part of `atext` and single inner dots; any script, symbols and emoji | accepted | RFC 5321, RFC 6531 section 3.3 |
/// | quoted local part, `"a b"@example.com` | refused | can carry spaces and `@` into programs that split the address there |
/// | address literal, `a@[192.0.2.1]` | refused | names a machine and not a mailbox that a person keeps |
/// | comment, folding white space, obsolete syntax | refused | syntax of RFC 5322 headers, not part of a mailbox |
/// | display name, `Ada <ada@example.com>` | refused | the value is a single address |
/// | white space at either end or inside | refused | trimming is left to the program that shows the input field |
/// | two addresses, lists, any second `@` | refused | the value is a single address (CVE-2023-7028) |
/// | controls, bidirectional and zero-width characters, variation selectors, joiners | refused | two different addresses would look the same; this includes ZWJ and ZWNJ, which RFC 5892 permits in certain contexts |
/// | private use, unassigned, noncharacters, U+FFFC, U+FFFD | refused | they have no stable normalisation or meaning |
/// | characters that NFC turns into ASCII (U+212A, U+037E, U+1FEF) | refused | the address would become another person's |
/// | a combining mark that begins a word of the local part | refused | it would combine with the text before it |
/// | compatibility characters in the local part, such as full-width letters | accepted | NFC keeps them distinct from ASCII; see [`script_flags`](Self::script_flags) |
/// | more than 64 octets before the `@`, 254 in all, after NFC and IDNA | refused | RFC 5321 section 4.5.3.1 |
/// | more than 1,024 octets as typed | refused | checked first, so that the work is bounded |
/// | domain without a dot, `a@localhost`, `a@org` | refused | RFC 5321 section 2.3.5 requires a fully-qualified name |
/// | trailing dot, empty label | refused | RFC 5321 section 4.1.2 |
/// | underscores and other signs in a domain | refused | RFC 1123 section 2.1 permits letters, digits and hyphens |
/// | hyphens in third and fourth place, `ab--cd.com` | refused | reserved by RFC 5891 section 4.2.3.1 |
/// | all-numeric last label, `a@192.0.2.1` | refused | some programs read it as an IPv4 address (RFC 3696 section 2) |
/// | last label of one letter, or with hyphen or digit, `a@iana.co-uk` | accepted | the grammar permits it, and the list of existing names changes daily |
/// | reserved names (`.test`, `.example`, `.invalid`, `.arpa`, `.onion`, `.local`) | accepted | the grammar permits them; a host can block them in its [restrictions](crate::policy::RestrictionPolicy) |
/// | internationalised domain, as U-labels or A-labels | accepted | UTS 46 non-transitional (`ß` stays `ß`), and RFC 5892 |
/// | emoji and symbols in a domain | refused | UTS 46 permits them, RFC 5892 does not |
/// | `xn--` label that does not decode, or that decodes to ASCII or to a name with another A-label | refused | RFC 5890 section 2.3.2.1 |
/// | domain characters that would be read as ASCII: full-width letters and dots, ligatures, `İ`, `。` | refused | the stored name would differ from the typed one |
/// | domain characters that are not letters and that UTS 46 turns into letters: U+0345, `㊂`, `㍀` | refused | the stored name would differ from the typed one |
/// | mixed or confusable scripts | accepted and flagged | see [`script_flags`](Self::script_flags) |
///
/// ```
/// use identity_core::address::{Email, EmailError};
///
/// let email = Email::parse("Jeff@臺網中心.TW")?;
/// assert_eq!(email.as_str(), "Jeff@xn--fiqq24b10vi0d.tw");
/// assert_eq!(email.typed(), "Jeff@臺網中心.TW");
/// assert_eq!(email.claim_key(), Email::parse("jeff@臺網中心.tw")?.claim_key());
/// assert_eq!(format!("{email:?}"), "J***@xn--fiqq24b10vi0d.tw");
///
/// assert_eq!(Email::parse("a@example.com,b@example.com"), Err(EmailError::SeveralAts));
/// # Ok::<(), EmailError>(())
/// ```
#[derive(Clone)]
pub struct Email {
    canonical: Arc<str>,
    typed: Arc<str>,
    at: usize,
}

impl Email {
    /// The version of the rule by which [`claim_key`](Self::claim_key) makes keys.
    pub const CLAIM_RULE: u8 = 1;
    /// The maximum length of a canonical address: 254 octets (RFC 5321 section 4.5.3.1.3: a path of 256 octets with its
    /// brackets).
    pub const MAX_OCTETS: usize = 254;
    /// The maximum length of a local part in NFC: 64 octets (RFC 5321 section 4.5.3.1.1).
    pub const MAX_LOCAL_OCTETS: usize = 64;
    /// The maximum length of the input: 1,024 octets. It is longer than an address can be, because normalisation can
    /// shorten the input.
    pub const MAX_INPUT_OCTETS: usize = 1024;

    /// Parses an address as a person types it. Length is checked first, so that the work is bounded for any input.
    ///
    /// # Errors
    ///
    /// The [`EmailError`] that names the rule that `text` breaks; when it breaks several, one of them.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > Self::MAX_INPUT_OCTETS {
            return Err(EmailError::TooLong);
        }
        if !text.bytes().all(is_plain) {
            return Err(explain(text));
        }
        let Some((local, domain)) = text.split_once('@') else {
            return Err(EmailError::MissingAt);
        };
        if domain.contains('@') {
            return Err(EmailError::SeveralAts);
        }
        let local = canonical_local(local)?;
        let domain = to_a_labels(domain)?;
        let length = local.len() + 1 + domain.len();
        if length > Self::MAX_OCTETS {
            return Err(EmailError::TooLong);
        }
        let typed: Arc<str> = Arc::from(text);
        let canonical = if matches!((&local, &domain), (Cow::Borrowed(_), Cow::Borrowed(_))) {
            Arc::clone(&typed)
        } else {
            let mut canonical = String::with_capacity(length);
            canonical.push_str(&local);
            canonical.push('@');
            canonical.push_str(&domain);
            Arc::from(canonical)
        };
        Ok(Self { canonical, typed, at: local.len() })
    }

    /// Restores an address from storage: the texts that [`as_str`](Self::as_str) and [`typed`](Self::typed) returned
    /// when it was written.
    ///
    /// The rules of [`parse`](Self::parse) are not applied again, so that a stored address stays readable when a rule
    /// changes.
    ///
    /// # Errors
    ///
    /// [`EmailError::Stored`] when either text is empty, contains a control character or has more than
    /// [`MAX_INPUT_OCTETS`](Self::MAX_INPUT_OCTETS) octets, or when the canonical form does not consist of two parts
    /// with one `@` between them.
    pub fn restore(canonical: &str, typed: &str) -> Result<Self, EmailError> {
        let sound = |text: &str| {
            !text.is_empty() && text.len() <= Self::MAX_INPUT_OCTETS && !text.chars().any(char::is_control)
        };
        let (local, domain) = canonical.split_once('@').ok_or(EmailError::Stored)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') || !sound(canonical) || !sound(typed) {
            return Err(EmailError::Stored);
        }
        let at = local.len();
        let stored: Arc<str> = Arc::from(canonical);
        let typed = if typed == canonical { Arc::clone(&stored) } else { Arc::from(typed) };
        Ok(Self { canonical: stored, typed, at })
    }

    /// The canonical form, to which messages are sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// The address exactly as it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The part before the `@`, in NFC and in the case that was typed.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.canonical.get(..self.at).unwrap_or_default()
    }

    /// The domain as lower-case A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.canonical.get(self.at + 1..).unwrap_or_default()
    }

    /// The domain as U-labels, for people to read.
    #[must_use]
    pub fn unicode_domain(&self) -> Cow<'_, str> {
        to_u_labels(self.domain())
    }

    /// The key by which ownership of the address is compared. Rule 1 puts the ASCII letters of the local part into
    /// lower case: RFC 5321 section 2.4 leaves the meaning of case to the receiver, and no common receiver
    /// distinguishes it.
    ///
    /// ```
    /// use identity_core::address::Email;
    ///
    /// let (upper, lower) = (Email::parse("Ada@example.com")?, Email::parse("ada@EXAMPLE.com")?);
    /// assert_ne!(upper, lower);
    /// assert_eq!(upper.claim_key(), lower.claim_key());
    /// # Ok::<(), identity_core::address::EmailError>(())
    /// ```
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        let key: Arc<str> = if self.local_part().bytes().any(|b| b.is_ascii_uppercase()) {
            Arc::from(format!("{}@{}", fold_ascii(self.local_part()), self.domain()))
        } else {
            Arc::clone(&self.canonical)
        };
        ClaimKey::new(ClaimKind::Email, Self::CLAIM_RULE, key)
    }

    /// The mailbox to which messages to the address go, as far as the provider's rules are known.
    #[must_use]
    pub fn mailbox_key(&self) -> MailboxKey {
        MailboxKey::of(self)
    }

    /// The suspicious properties of the scripts in the local part and in each label of the domain (UTS 39).
    #[must_use]
    pub fn script_flags(&self) -> ScriptFlags {
        let domain = self.unicode_domain();
        domain.split('.').map(ScriptFlags::of).fold(ScriptFlags::of(self.local_part()), ScriptFlags::or)
    }

    /// Whether the address mixes scripts or may be mistaken for an ASCII one. Equal to
    /// [`script_flags`](Self::script_flags)`().any()`.
    #[must_use]
    pub fn is_confusable(&self) -> bool {
        self.script_flags().any()
    }

    /// The confusable [`skeleton`] of the address with its domain as U-labels. Addresses that look alike have the same
    /// skeleton.
    #[must_use]
    pub fn skeleton(&self) -> String {
        format!("{}@{}", skeleton(self.local_part()), skeleton(&self.unicode_domain()))
    }
}

/// Whether the byte can occur in an address: ASCII characters of a `Dot-string` or a domain, the `@` between them, and
/// every byte outside ASCII.
const fn is_plain(byte: u8) -> bool {
    match byte {
        b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b'\\' | b']' => false,
        _ => byte.is_ascii_graphic() || !byte.is_ascii(),
    }
}

/// The reason for refusing a text that contains a byte which is not plain.
#[cold]
fn explain(text: &str) -> EmailError {
    if text.contains('"') {
        return EmailError::Quoted;
    }
    if text.contains(['<', '>']) {
        return EmailError::DisplayName;
    }
    if text.contains(['(', ')']) {
        return EmailError::Comment;
    }
    if text.contains(['[', ']']) {
        return EmailError::AddressLiteral;
    }
    if let Err(error) = screen(text) {
        return error.into();
    }
    match text.split_once('@') {
        None => EmailError::MissingAt,
        Some((_, domain)) if domain.contains('@') => EmailError::SeveralAts,
        Some((local, _)) if !local.bytes().all(is_plain) => EmailError::LocalPart,
        Some(_) => EmailError::Domain,
    }
}

/// The local part in NFC, or the rule that it breaks.
fn canonical_local(typed: &str) -> Result<Cow<'_, str>, EmailError> {
    if typed.is_ascii() {
        if typed.len() > Email::MAX_LOCAL_OCTETS {
            return Err(EmailError::LocalPartTooLong);
        }
        return if EmailAddress::is_valid_local_part(typed) {
            Ok(Cow::Borrowed(typed))
        } else {
            Err(EmailError::LocalPart)
        };
    }
    screen(typed)?;
    let local = nfc(typed);
    if local.len() > Email::MAX_LOCAL_OCTETS {
        return Err(EmailError::LocalPartTooLong);
    }
    if local.split('.').any(|word| word.starts_with(is_mark)) {
        return Err(CharacterError::LeadingMark.into());
    }
    // The crate for the grammar covers `UTF8-non-ascii` only in part, so a letter replaces every character that RFC
    // 6531 permits.
    let outline: String = local.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    if EmailAddress::is_valid_local_part(&outline) { Ok(local) } else { Err(EmailError::LocalPart) }
}

text_value!(Email, EmailError, "one e-mail address as a string", masked);
