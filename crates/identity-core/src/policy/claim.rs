/// Which e-mail addresses and phone numbers only one user of a tenant may hold. Usernames are always unique within a
/// tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClaimPolicy {
    /// Verified addresses only (the default). An unverified address blocks nobody, so adding an address that belongs to
    /// somebody else does not keep its owner from using it.
    #[default]
    Verified,
    /// Every address, verified or not. An address that one user has added cannot be added by another, unless it is
    /// unverified and the other user's is verified: then the claim changes hands. A holder who asks for a taken address
    /// gets the same public answer as for a restricted one ([`Refusal::public`](crate::user::Refusal::public)).
    All,
    /// No address. Several users may verify the same address, and an address that several users hold resolves to none
    /// of them at sign-in.
    None,
}
