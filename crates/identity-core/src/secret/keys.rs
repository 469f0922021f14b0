use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::code::{Code, CodeFormat};
use super::disavow::DisavowToken;
use super::link::LinkToken;
use super::sign_in::SignInTicket;
use super::ticket::{DeliveryTicket, PROOF};
use crate::address::masked;
use crate::base::{IdentifierId, MessageId, Nonce, TenantId, UserId, codes};
use crate::secret::Purpose;

type Prf = Hmac<Sha256>;

/// The name of a key: 1 to 32 letters, digits, `-` or `_`. It is stored with everything that was made with the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// Reads the name of a key.
    ///
    /// # Errors
    /// [`KeyError::Name`] when it is empty, longer than 32 characters, or contains a character other than ASCII
    /// letters, digits, `-` and `_`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(KeyError::Name)
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in a record, which was checked when the key was read.
    pub(crate) fn restore(text: &str) -> Self {
        Self(text.into())
    }

    /// The name that stands for no key: that of a decoy. No key can have it, so that a program which does not know of decoys
    /// accepts no answer to one either.
    pub(crate) fn withheld() -> Self {
        Self(WITHHELD.into())
    }

    pub(crate) fn is_withheld(&self) -> bool {
        &*self.0 == WITHHELD
    }
}

/// The name of the key of decoys.
const WITHHELD: &str = "-withheld-";

/// The reason why keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text contains no key.
    #[error("there is no key; make one of 32 random bytes in hexadecimal, for example with `openssl rand -hex 32`")]
    Missing,
    /// The name of a key is empty, too long, or contains a forbidden character.
    #[error("the name of a key must have 1 to 32 letters, digits, '-' or '_'; rename the key")]
    Name,
    /// The name is `-withheld-`, which marks challenges that were never sent.
    #[error("no key can have the name `-withheld-`, which marks challenges that were never sent; choose another name")]
    Reserved,
    /// Two keys have the same name.
    #[error("two keys have the same name; give every key a name of its own and never use one again")]
    Twice,
    /// A key is not hexadecimal.
    #[error("a key must be hexadecimal, with two digits per byte")]
    NotHex,
    /// A key is shorter than 32 or longer than 64 bytes. The field is its length in bytes.
    #[error("a key must have 32 to 64 bytes (64 to 128 hexadecimal digits), this one has {0} bytes")]
    Length(usize),
}

codes!(KeyError {
    Self::Missing => "key_missing",
    Self::Name => "key_name",
    Self::Reserved => "key_reserved",
    Self::Twice => "key_twice",
    Self::NotHex => "key_not_hex",
    Self::Length(_) => "key_length",
});

struct Key {
    id: KeyId,
    prf: Prf,
}

/// The host's keys, from which every code, link token and delivery ticket is derived. The current key makes new ones;
/// the previous keys still confirm what they made. Prints only the names of the keys, and wipes the keys when dropped.
///
/// ```
/// use identity_core::CodeKeys;
/// let keys = CodeKeys::parse(&format!("2026b:{},2026a:{}", "5a".repeat(32), "a5".repeat(32)))?;
/// assert_eq!(keys.current().as_str(), "2026b");
/// assert_eq!(format!("{keys:?}"), "CodeKeys { 2026b, 2026a }");
/// assert!(CodeKeys::parse("short").is_err());
/// # Ok::<(), identity_core::KeyError>(())
/// ```
#[derive(Clone)]
pub struct CodeKeys {
    current: Arc<Key>,
    previous: Arc<[Arc<Key>]>,
}

impl CodeKeys {
    /// A single key of 32 to 64 bytes with this name.
    ///
    /// # Errors
    /// [`KeyError::Reserved`] for the name `-withheld-`, [`KeyError::Length`] when the key has another length.
    pub fn new(id: KeyId, secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { current: Arc::new(Key::new(id, secret)?), previous: Arc::new([]) })
    }

    /// Reads keys from a text: `name:hex` or `hex`, separated by commas, the current key first. A key without a name is
    /// named after the first 4 bytes of its SHA-256, in hexadecimal.
    ///
    /// # Errors
    /// * [`KeyError::Missing`] when there is no key.
    /// * [`KeyError::Name`] when a name is not valid, [`KeyError::Twice`] when two keys have the same one.
    /// * [`KeyError::NotHex`] when a key is not hexadecimal, [`KeyError::Length`] when it does not have 32 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, hex) = part.split_once(':').map_or((None, part), |(name, hex)| (Some(name), hex));
            let secret = from_hex(hex)?;
            let id = match name {
                Some(name) => KeyId::parse(name)?,
                None => KeyId(to_hex(Sha256::digest(&*secret).get(..4).unwrap_or_default()).into()),
            };
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyError::Twice);
            }
            keys.push(Key::new(id, &secret)?);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeyError::Missing)?;
        Ok(Self { current: Arc::new(current), previous: keys.map(Arc::new).collect() })
    }

    /// The name of the current key, with which new challenges are made.
    #[must_use]
    pub fn current(&self) -> &KeyId {
        &self.current.id
    }

    /// The same keys with this one as the current one; unchanged when it is not among them. What is counted under the
    /// pseudonyms of one key is counted on under them, whichever key is the current one of a process.
    #[must_use]
    pub fn led_by(&self, id: &KeyId) -> Self {
        let Some(leader) = self.previous.iter().find(|key| key.id == *id) else { return self.clone() };
        let others = self.previous.iter().filter(|key| key.id != *id);
        let previous = std::iter::once(&self.current).chain(others).cloned().collect();
        Self { current: Arc::clone(leader), previous }
    }

    /// The code of a challenge; `None` when its key is not among these any more.
    #[must_use]
    pub fn code(&self, binding: &Binding<'_>, format: CodeFormat) -> Option<Code> {
        let prf = self.bound(b"identity code v1", binding)?;
        let symbols = format.alphabet().symbols();
        // Larger bytes are skipped: they would make the first symbols of the alphabet likelier than the last.
        let fair = 256 - 256 % symbols.len();
        let mut code = String::with_capacity(usize::from(format.length()));
        for block in 0_u32.. {
            let mut bytes: [u8; 32] = prf.clone().chain_update(block.to_be_bytes()).finalize().into_bytes().into();
            for byte in bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair) {
                if code.len() == usize::from(format.length()) {
                    break;
                }
                code.extend(symbols.get(byte % symbols.len()).map(|symbol| char::from(*symbol)));
            }
            bytes.zeroize();
            if code.len() == usize::from(format.length()) {
                break;
            }
        }
        Some(Code::from_symbols(code))
    }

    /// The link token of a challenge; `None` when its key is not among these any more.
    #[must_use]
    pub fn link(&self, binding: &Binding<'_>) -> Option<LinkToken> {
        let proof = self.bound(b"identity link v1", binding)?.finalize().into_bytes().into();
        Some(LinkToken::new(binding.user.clone(), binding.identifier, proof))
    }

    /// The token of the link that undoes this event of a user, made with the current key.
    #[must_use]
    pub fn disavowal(&self, tenant: &TenantId, user: &UserId, event: u64) -> DisavowToken {
        self.current.disavowal(tenant, user, event)
    }

    /// Whether this token was made for this tenant, compared in constant time; `None` when the key that it names is not among
    /// these any more.
    #[must_use]
    pub fn made(&self, tenant: &TenantId, token: &DisavowToken) -> Option<bool> {
        let key = self.all().find(|key| key.id == *token.key())?;
        Some(key.disavowal(tenant, token.user(), token.event()).matches(token).into())
    }

    /// A pseudonym of `text` within a tenant, 128 bits in hexadecimal: quotas are kept under it, so that an erased address
    /// does not live on in their table. It changes with the current key.
    #[must_use]
    pub fn pseudonym(&self, tenant: &TenantId, text: &str) -> String {
        self.current.pseudonym(tenant, text)
    }

    /// The pseudonyms of `text` under all of these keys, the current one first: what is kept under one of them is found as long
    /// as its key is configured.
    pub(crate) fn pseudonyms(&self, tenant: &TenantId, text: &str) -> impl Iterator<Item = String> {
        self.all().map(|key| key.pseudonym(tenant, text))
    }

    /// The name under which callbacks and bounced mails report on a message.
    #[must_use]
    pub fn ticket(&self, message: MessageId) -> DeliveryTicket {
        self.current.ticket(message)
    }

    /// The message that a ticket names; `None` when none of these keys made it. The proof is compared in constant time.
    #[must_use]
    pub fn message(&self, ticket: &DeliveryTicket) -> Option<MessageId> {
        let claimed = ticket.claimed();
        let mut made = self.all().map(|key| key.ticket(claimed));
        made.any(|right| bool::from(right.matches(ticket))).then_some(claimed)
    }

    /// Seals a ticket of a tenant: nobody without the current key can read it, make one or change one.
    pub(crate) fn seal(&self, tenant: &TenantId, nonce: Nonce, mut body: Vec<u8>) -> SignInTicket {
        self.current.cover(tenant, nonce, &mut body);
        let tag = self.current.tag(tenant, nonce, &body);
        SignInTicket::join(nonce, &body, &tag)
    }

    /// Opens a ticket of a tenant: the name of its key, its nonce and its content; `None` when none of these keys sealed it. The
    /// tag is compared in constant time.
    pub(crate) fn open(&self, tenant: &TenantId, ticket: &SignInTicket) -> Option<(KeyId, Nonce, Vec<u8>)> {
        let (nonce, mut body, tag) = ticket.split()?;
        let mut keys = self.all();
        let key = keys.find(|key| bool::from(key.tag(tenant, nonce, &body).ct_eq(&tag)))?;
        key.cover(tenant, nonce, &mut body);
        Some((key.id.clone(), nonce, body))
    }

    /// The keys, the current one first.
    fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.current).chain(&*self.previous)
    }

    fn bound(&self, label: &[u8], binding: &Binding<'_>) -> Option<Prf> {
        let key = self.all().find(|key| key.id == *binding.key)?;
        let mut prf = key.prf.clone();
        field(&mut prf, label);
        field(&mut prf, binding.tenant.as_str().as_bytes());
        field(&mut prf, binding.user.as_str().as_bytes());
        field(&mut prf, binding.identifier.as_uuid().as_bytes());
        field(&mut prf, binding.address.as_bytes());
        field(&mut prf, binding.purpose.as_str().as_bytes());
        field(&mut prf, binding.nonce.as_bytes());
        Some(prf)
    }
}

impl Key {
    fn pseudonym(&self, tenant: &TenantId, text: &str) -> String {
        let mut prf = self.prf.clone();
        field(&mut prf, b"quota v1");
        field(&mut prf, tenant.as_str().as_bytes());
        field(&mut prf, text.as_bytes());
        to_hex(prf.finalize().into_bytes().get(..16).unwrap_or_default())
    }

    fn ticket(&self, message: MessageId) -> DeliveryTicket {
        let mut prf = self.prf.clone();
        field(&mut prf, b"delivery ticket v1");
        field(&mut prf, message.as_uuid().as_bytes());
        let mut proof = [0; PROOF];
        for (to, from) in proof.iter_mut().zip(prf.finalize().into_bytes()) {
            *to = from;
        }
        DeliveryTicket::new(message, proof)
    }

    fn disavowal(&self, tenant: &TenantId, user: &UserId, event: u64) -> DisavowToken {
        let mut prf = self.prf.clone();
        field(&mut prf, b"identity disavowal v1");
        field(&mut prf, tenant.as_str().as_bytes());
        field(&mut prf, user.as_str().as_bytes());
        field(&mut prf, &event.to_be_bytes());
        DisavowToken::new(user.clone(), event, self.id.clone(), prf.finalize().into_bytes().into())
    }

    /// Adds the key stream of a nonce to a text, or takes it away: the pseudorandom function of the number of each block.
    fn cover(&self, tenant: &TenantId, nonce: Nonce, text: &mut [u8]) {
        let prf = self.of_ticket(b"sign-in ticket stream v1", tenant, nonce);
        for (number, block) in (0_u32..).zip(text.chunks_mut(32)) {
            let stream = prf.clone().chain_update(number.to_be_bytes()).finalize().into_bytes();
            block.iter_mut().zip(stream).for_each(|(byte, of_stream)| *byte ^= of_stream);
        }
    }

    fn tag(&self, tenant: &TenantId, nonce: Nonce, covered: &[u8]) -> [u8; 32] {
        let mut prf = self.of_ticket(b"sign-in ticket tag v1", tenant, nonce);
        field(&mut prf, covered);
        prf.finalize().into_bytes().into()
    }

    fn of_ticket(&self, label: &[u8], tenant: &TenantId, nonce: Nonce) -> Prf {
        let mut prf = self.prf.clone();
        field(&mut prf, label);
        field(&mut prf, tenant.as_str().as_bytes());
        field(&mut prf, nonce.as_bytes());
        prf
    }

    fn new(id: KeyId, secret: &[u8]) -> Result<Self, KeyError> {
        if id.is_withheld() {
            return Err(KeyError::Reserved);
        }
        if !(32..=64).contains(&secret.len()) {
            return Err(KeyError::Length(secret.len()));
        }
        let prf = Prf::new_from_slice(secret).map_err(|_| KeyError::Length(secret.len()))?;
        Ok(Self { id, prf })
    }
}

/// Everything that a code or link token is bound to. A change of any field gives another code.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    /// The name of the key.
    pub key: &'a KeyId,
    /// The tenant of the user.
    pub tenant: &'a TenantId,
    /// The user who has the identifier.
    pub user: &'a UserId,
    /// The identifier that the challenge is for.
    pub identifier: IdentifierId,
    /// The canonical form of the address.
    pub address: &'a str,
    /// The purpose of the challenge.
    pub purpose: Purpose,
    /// The nonce of the challenge.
    pub nonce: &'a Nonce,
}

/// Prints the address masked.
impl fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, tenant, user, identifier, address, purpose, nonce } = self;
        f.debug_struct("Binding")
            .field("key", key)
            .field("tenant", tenant)
            .field("user", user)
            .field("identifier", identifier)
            .field("address", &masked(address))
            .field("purpose", purpose)
            .field("nonce", nonce)
            .finish()
    }
}

/// Adds a field with its length first, so that no two lists of fields give the same bytes.
fn field(prf: &mut Prf, bytes: &[u8]) {
    prf.update(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    prf.update(bytes);
}

fn from_hex(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let digits = text.as_bytes();
    if digits.len() > 128 {
        return Err(KeyError::Length(digits.len() / 2));
    }
    let digit =
        |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(KeyError::NotHex);
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    let (pairs, rest) = digits.as_chunks::<2>();
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    if rest.is_empty() { Ok(bytes) } else { Err(KeyError::NotHex) }
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKeys {{ {}", self.current.id.as_str())?;
        self.previous.iter().try_for_each(|key| write!(f, ", {}", key.id.as_str()))?;
        f.write_str(" }")
    }
}
