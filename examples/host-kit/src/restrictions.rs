use identity::Phone;
use identity::policy::{DangerousPolicy, RestrictionPolicy};

/// Allow and block lists as a line of text each: e-mail addresses, phone numbers, prefixes (`+4420`), countries (`GB`) and
/// domains, told apart by how they look.
///
/// # Errors
/// [`DangerousPolicy::Entry`] for an entry that is none of them: a typing error in a block list would block nothing.
///
/// ```
/// let policy = host_kit::restrictions(&[], &["example.org".into(), "+4420".into(), "FR".into()])?;
/// # let _ = policy;
/// assert!(host_kit::restrictions(&[], &["no domain".into()]).is_err());
/// # Ok::<(), identity::policy::DangerousPolicy>(())
/// ```
pub fn restrictions(allow: &[String], block: &[String]) -> Result<RestrictionPolicy, DangerousPolicy> {
    let mut builder = RestrictionPolicy::builder();
    for entry in allow {
        builder = match kind(entry) {
            Kind::Address => builder.allow_address(entry),
            Kind::Prefix => builder.allow_prefix(entry),
            Kind::Country => builder.allow_country(entry),
            Kind::Domain => builder.allow_domain(entry),
        };
    }
    for entry in block {
        builder = match kind(entry) {
            Kind::Address => builder.block_address(entry),
            Kind::Prefix => builder.block_prefix(entry),
            Kind::Country => builder.block_country(entry),
            Kind::Domain => builder.block_domain(entry),
        };
    }
    builder.build()
}

enum Kind {
    Address,
    Prefix,
    Country,
    Domain,
}

fn kind(entry: &str) -> Kind {
    if entry.contains('@') || Phone::from_e164(entry).is_ok() {
        Kind::Address
    } else if entry.starts_with('+') {
        Kind::Prefix
    } else if entry.len() == 2 && entry.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Kind::Country
    } else {
        Kind::Domain
    }
}
