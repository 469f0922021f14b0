//! Who lives in a world: tenants with their policies, addresses, usernames and keys.

use std::sync::LazyLock;
use std::time::Duration;

use identity::policy::{
    Budget, By, ClaimPolicy, DangerousPolicy, LimitPolicy, MailboxLimit, Mode, PrimaryPolicy, Resend, RestPolicy,
    RestrictionPolicy, SendPolicy, SignInPolicy, Unknown, VerificationPolicy,
};
use identity::{Address, Channel, CodeKeys, Policy, TenantId, Username};

const EMAILS: [&str; 7] = [
    "ada@example.com",
    "bob@example.com",
    "cleo@example.org",
    // The same mailbox as the first one.
    "ada+shop@example.com",
    // The same address as the second one, typed in another way.
    "BOB@Example.com",
    "dora@blocked.example",
    "eve@example.net",
];
const PHONES: [&str; 4] = ["+447400123456", "+447400123457", "+447400999999", "+15005550006"];
const NAMES: [&str; 6] = ["ada", "bob", "Cleo", "ada@example.com", "+447400123456", "dora"];
/// The number of addresses.
pub(crate) const ADDRESSES: u8 = 11;

static KNOWN: LazyLock<Vec<Address>> = LazyLock::new(|| {
    let texts = EMAILS.iter().chain(&PHONES);
    texts.map(|text| Address::parse(text, None).expect("an address of the world")).collect()
});

pub(crate) fn address(number: u8) -> Address {
    KNOWN[usize::from(number) % KNOWN.len()].clone()
}

pub(crate) fn username(number: u8) -> Username {
    Username::parse(NAMES[usize::from(number) % NAMES.len()]).expect("a username of the world")
}

/// Whether somebody may have this text as a username.
pub(crate) fn is_name(text: &str) -> bool {
    NAMES.contains(&text)
}

/// What keeps or reaches one mailbox, by the world's own reading: a subaddress is left out, and so are letter cases.
pub(crate) fn mailbox(address: &Address) -> String {
    let text = address.as_str().to_ascii_lowercase();
    match text.split_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or_default()),
        None => text,
    }
}

pub(crate) fn tenant(number: u8) -> TenantId {
    TenantId::parse(["default", "strict", "open"][usize::from(number) % 3]).expect("a tenant of the world")
}

/// The keys of a process: made with the first one, read with all.
pub(crate) fn keys(number: u8) -> CodeKeys {
    let [old, new] = [format!("old:{}", "5a".repeat(32)), format!("new:{}", "a5".repeat(32))];
    let text = match number {
        0 => format!("{new},{old}"),
        1 => new,
        2 => format!("{old},{new}"),
        _ => old,
    };
    CodeKeys::parse(&text).expect("keys of the world")
}

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const SHORT: Duration = Duration::from_secs(600);

/// The policies of the tenants: the default, one with small limits, and one that leaves much open.
pub(crate) fn policies() -> Result<[Policy; 3], DangerousPolicy> {
    let strict = Policy::default()
        .with_verification(
            VerificationPolicy::builder()
                .tries(3)
                .failures(5, 8)
                .sends(3, SHORT, 5)
                .guesses(4)
                .resend(Resend::SameCode, Duration::from_secs(20))
                .build()?,
        )
        .with_send(
            SendPolicy::builder()
                .address(Budget::new(2, SHORT), Budget::new(3, DAY))
                .block(Some(Budget::new(4, HOUR)))
                .notices(Budget::new(6, DAY))
                .loss_notices(Budget::new(6, DAY))
                .reserve(None)
                .build()?,
        )
        .with_mailbox_limit(Some(MailboxLimit::new(1, Mode::Refuse)?))
        .with_restriction(RestrictionPolicy::builder().block_domain("blocked.example").build()?)
        .with_rest(RestPolicy::default().with_email(HOUR).with_phone(HOUR).with_username(HOUR))
        .with_sign_in(SignInPolicy::default().with_unknown(Unknown::Decoy));
    let open = Policy::default()
        .with_claim(ClaimPolicy::All)
        .with_primary(PrimaryPolicy::builder().unverified(By::Administrator).last_verified(By::Anyone).build()?)
        .with_verification(
            VerificationPolicy::builder().digits(8).resend(Resend::NewCode, Duration::from_secs(10)).build()?,
        )
        .with_rest(RestPolicy::none())
        .with_limit(LimitPolicy::default().with(Channel::Email, 1..=2)?.with(Channel::Phone, 1..=3)?)
        .with_sign_in(SignInPolicy::default().with_life(Duration::from_secs(120))?);
    Ok([Policy::default(), strict, open])
}
