/// Which addresses belong to one user of a tenant alone. Usernames always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClaimPolicy {
    /// The verified ones: an unverified one blocks nobody, so nobody can squat on somebody else's address.
    #[default]
    Verified,
    /// All: the first who adds an address keeps others from adding it, until one of them verifies it. On the holder's road an
    /// address that is taken is then refused like one that is restricted.
    All,
    /// None: several users may verify one address. A login name that several share finds none of them.
    None,
}
