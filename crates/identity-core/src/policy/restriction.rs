use std::collections::HashSet;
use std::fmt;

use super::DangerousPolicy;
use super::disposable::{Disposable, DisposableDomains, Listed, Mode};
use crate::address::{Address, Email, NumberType, Phone, Region, masked};
use crate::base::named_enum;

named_enum! {
    /// The restriction that keeps an address out.
    #[non_exhaustive]
    pub enum Restriction {
        /// The e-mail address or phone number itself is on the block list.
        Address = "address",
        /// The domain of the e-mail address, or a domain above it, is on the block list.
        Domain = "domain",
        /// The phone number begins with a prefix on the block list.
        Prefix = "prefix",
        /// The country of the phone number is on the block list.
        Country = "country",
        /// Phone numbers of this type are refused.
        NumberType = "number_type",
        /// The domain of the e-mail address, or a domain above it, is on a list of disposable domains that refuses.
        Disposable = "disposable",
        /// There is an allow list for this kind of address, and the address is not on it.
        NotAllowed = "not_allowed",
    }
}

#[derive(Clone, Default)]
struct Lists {
    /// Claim keys, not the typed form, so that a change of case does not evade a list.
    addresses: HashSet<String>,
    domains: HashSet<String>,
    prefixes: Vec<String>,
    countries: HashSet<String>,
}

/// Prints only the number of addresses; the other lists name nobody.
impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addresses, domains, prefixes, countries } = self;
        f.debug_struct("Lists")
            .field("addresses", &addresses.len())
            .field("domains", domains)
            .field("prefixes", prefixes)
            .field("countries", countries)
            .finish()
    }
}

impl Lists {
    fn names(&self, address: &Address) -> Option<Restriction> {
        if !self.addresses.is_empty() && self.addresses.contains(address.claim_key().as_str()) {
            return Some(Restriction::Address);
        }
        match address {
            Address::Email(email) => {
                let listed = || domain_and_above(email.domain()).any(|domain| self.domains.contains(domain));
                (!self.domains.is_empty() && listed()).then_some(Restriction::Domain)
            }
            Address::Phone(phone) => {
                if self.prefixes.iter().any(|prefix| phone.as_str().starts_with(prefix)) {
                    return Some(Restriction::Prefix);
                }
                let listed = || phone.country().is_some_and(|country| self.countries.contains(country.as_str()));
                (!self.countries.is_empty() && listed()).then_some(Restriction::Country)
            }
        }
    }

    fn is_empty_for(&self, address: &Address) -> bool {
        match address {
            Address::Email(_) => self.domains.is_empty() && !self.addresses.iter().any(|key| key.contains('@')),
            Address::Phone(_) => {
                self.prefixes.is_empty()
                    && self.countries.is_empty()
                    && self.addresses.iter().all(|key| key.contains('@'))
            }
        }
    }
}

/// The domain and every domain above it: `a.b.example.com`, `b.example.com`, `example.com`, `com`.
pub(super) fn domain_and_above(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, above)| above))
}

/// Which addresses are kept out: allow lists, block lists and refused types of phone numbers. By default the lists are
/// empty, and premium-rate, shared-cost, pager, UAN and voicemail numbers are refused, because a message to one costs
/// extra or reaches no person.
#[derive(Debug, Clone)]
pub struct RestrictionPolicy {
    allowed: Lists,
    blocked: Lists,
    refused_types: Vec<NumberType>,
    disposable: Option<Disposable>,
}

impl Default for RestrictionPolicy {
    fn default() -> Self {
        Self {
            allowed: Lists::default(),
            blocked: Lists::default(),
            refused_types: vec![
                NumberType::PremiumRate,
                NumberType::SharedCost,
                NumberType::Pager,
                NumberType::Uan,
                NumberType::Voicemail,
            ],
            disposable: None,
        }
    }
}

impl RestrictionPolicy {
    /// A builder that starts from the defaults.
    #[must_use]
    pub fn builder() -> RestrictionPolicyBuilder {
        RestrictionPolicyBuilder { policy: Self::default(), problem: None }
    }

    /// The restriction that keeps this address out; `None` when none does. The block lists win over the allow lists,
    /// and an address on an allow list may still be of a refused type.
    ///
    /// ```
    /// use identity_core::{Email, Restriction, RestrictionPolicy};
    /// let policy = RestrictionPolicy::builder().block_domain("example.com").build()?;
    /// let at = |text| Email::parse(text).map(Into::into);
    /// assert_eq!(policy.restricts(&at("ada@mail.Example.com")?), Some(Restriction::Domain));
    /// assert_eq!(policy.restricts(&at("ada@notexample.com")?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn restricts(&self, address: &Address) -> Option<Restriction> {
        if let Some(restriction) = self.blocked.names(address) {
            return Some(restriction);
        }
        if self.disposable(address).is_some_and(|listed| listed.mode == Mode::Refuse) {
            return Some(Restriction::Disposable);
        }
        if let Address::Phone(phone) = address
            && !self.refused_types.is_empty()
            && self.refused_types.contains(&phone.number_type())
        {
            return Some(Restriction::NumberType);
        }
        let allowed = self.allowed.is_empty_for(address) || self.allowed.names(address).is_some();
        (!allowed).then_some(Restriction::NotAllowed)
    }

    /// What the list of disposable domains says about an address, whether it refuses or only records; `None` when there is no
    /// list or it does not name the address.
    #[must_use]
    pub fn disposable(&self, address: &Address) -> Option<Listed<'_>> {
        self.disposable.as_ref().and_then(|disposable| disposable.names(address))
    }
}

/// Builder of a [`RestrictionPolicy`]. The first entry that is not valid for its list makes [`build`](Self::build)
/// fail.
#[derive(Debug, Clone)]
pub struct RestrictionPolicyBuilder {
    policy: RestrictionPolicy,
    problem: Option<DangerousPolicy>,
}

impl RestrictionPolicyBuilder {
    fn put(mut self, what: &'static str, entry: &str, put: impl FnOnce(&mut RestrictionPolicy) -> Option<()>) -> Self {
        if put(&mut self.policy).is_none() {
            self.problem.get_or_insert_with(|| DangerousPolicy::Entry { what, entry: shown(entry) });
        }
        self
    }

    /// Allows this e-mail address or this phone number in E.164 form. As soon as the allow lists have an entry for a
    /// kind of address, every address of that kind that is not listed is refused.
    #[must_use]
    pub fn allow_address(self, address: &str) -> Self {
        self.put(ADDRESS, address, |policy| insert(&mut policy.allowed.addresses, listed_address(address)?))
    }

    /// Blocks this e-mail address or this phone number in E.164 form.
    #[must_use]
    pub fn block_address(self, address: &str) -> Self {
        self.put(ADDRESS, address, |policy| insert(&mut policy.blocked.addresses, listed_address(address)?))
    }

    /// Allows the e-mail addresses of this domain and of the domains below it. Addresses of every domain that is not
    /// listed are then refused.
    #[must_use]
    pub fn allow_domain(self, domain: &str) -> Self {
        self.put("domain", domain, |policy| insert(&mut policy.allowed.domains, listed_domain(domain)?))
    }

    /// Blocks the e-mail addresses of this domain and of the domains below it.
    #[must_use]
    pub fn block_domain(self, domain: &str) -> Self {
        self.put("domain", domain, |policy| insert(&mut policy.blocked.domains, listed_domain(domain)?))
    }

    /// Allows phone numbers that begin with this prefix, for example `+4420`. Numbers that are not listed are then
    /// refused.
    #[must_use]
    pub fn allow_prefix(self, prefix: &str) -> Self {
        self.put(PREFIX, prefix, |policy| {
            policy.allowed.prefixes.push(listed_prefix(prefix)?);
            Some(())
        })
    }

    /// Blocks phone numbers that begin with this prefix, for example `+4420`.
    #[must_use]
    pub fn block_prefix(self, prefix: &str) -> Self {
        self.put(PREFIX, prefix, |policy| {
            policy.blocked.prefixes.push(listed_prefix(prefix)?);
            Some(())
        })
    }

    /// Allows the phone numbers of this country (ISO 3166-1 alpha-2). Numbers that are not listed are then refused.
    #[must_use]
    pub fn allow_country(self, country: &str) -> Self {
        self.put(COUNTRY, country, |policy| insert(&mut policy.allowed.countries, listed_country(country)?))
    }

    /// Blocks the phone numbers of this country (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn block_country(self, country: &str) -> Self {
        self.put(COUNTRY, country, |policy| insert(&mut policy.blocked.countries, listed_country(country)?))
    }

    /// Refuses phone numbers of these types, instead of the types that are refused by default.
    #[must_use]
    pub fn refuse_types(mut self, types: &[NumberType]) -> Self {
        self.policy.refused_types = types.to_vec();
        self
    }

    /// Refuses or only records e-mail addresses at the domains of a list of disposable ones, instead of a list that was set
    /// before. Addresses that users have already are judged when their verification starts, as by every other list.
    #[must_use]
    pub fn disposable(mut self, list: DisposableDomains, mode: Mode) -> Self {
        self.policy.disposable = Some(Disposable { list, mode });
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::Entry`] for the first entry that is not valid for its list. A misspelt entry would otherwise
    /// block nothing.
    pub fn build(self) -> Result<RestrictionPolicy, DangerousPolicy> {
        self.problem.map_or(Ok(self.policy), Err)
    }
}

const ADDRESS: &str = "e-mail address or E.164 number";
const PREFIX: &str = "prefix such as +4420";
const COUNTRY: &str = "country code (ISO 3166-1 alpha-2)";

/// An entry in the form in which an error shows it: masked where it may be somebody's address.
fn shown(entry: &str) -> String {
    let digits = entry.bytes().filter(u8::is_ascii_digit).count();
    if entry.contains('@') || digits > 6 { masked(entry) } else { entry.to_owned() }
}

fn insert(set: &mut HashSet<String>, entry: String) -> Option<()> {
    set.insert(entry);
    Some(())
}

fn listed_address(text: &str) -> Option<String> {
    // A local part may begin with a plus sign, and no phone number has an `@`.
    let key = if text.contains('@') {
        Email::parse(text).ok()?.claim_key()
    } else {
        Phone::from_e164(text).ok()?.claim_key()
    };
    Some(key.as_str().to_owned())
}

/// A listed domain is normalised like the domain of an address, so that `Example.COM` and `bücher.example` match. A
/// single label, such as `com`, matches every domain below it.
pub(super) fn listed_domain(text: &str) -> Option<String> {
    let email = Email::parse(&format!("a@a.{}", text.trim_start_matches('.'))).ok()?;
    email.domain().strip_prefix("a.").map(str::to_owned)
}

fn listed_prefix(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+')?;
    let shaped = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    shaped.then(|| text.to_owned())
}

fn listed_country(text: &str) -> Option<String> {
    Region::parse(text).ok().map(|region| region.as_str().to_owned())
}
