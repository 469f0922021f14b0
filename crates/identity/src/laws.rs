//! What must not compile. The first snippet of each pair shows that the second one fails for its one reason.

/// ```
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.admin("staff").mark_verified(&user, id).await;
/// # }
/// ```
/// ```compile_fail,E0599
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.account(&user).mark_verified(&user, id).await;
/// # }
/// ```
/// ```compile_fail,E0599
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.account(&user).mark_unverified(&user, id).await;
/// # }
/// ```
fn c40_only_an_administrators_handle_can_attest() {}

/// ```
/// # async fn f(identity: identity::Identity, user: identity::UserId, address: identity::Email) {
/// let _ = identity.admin("staff").add(&user, identity::NewAddress::from(address).verified()).await;
/// # }
/// ```
/// ```compile_fail,E0277
/// # async fn f(identity: identity::Identity, user: identity::UserId, address: identity::Email) {
/// let _ = identity.account(&user).add(identity::NewAddress::from(address).verified()).await;
/// # }
/// ```
/// ```compile_fail,E0277
/// # async fn f(identity: identity::Identity, user: identity::UserId, address: identity::Email) {
/// let _ = identity.account(&user).add(identity::NewAddress::from(address).unrestricted()).await;
/// # }
/// ```
fn c40_only_an_administrator_adds_as_verified_or_unrestricted() {}

/// ```
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.admin("staff").issue_code(&user, id).await;
/// # }
/// ```
/// ```compile_fail,E0599
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.account(&user).issue_code(&user, id).await;
/// # }
/// ```
/// ```compile_fail,E0609
/// # async fn f(identity: identity::Identity, user: identity::UserId, id: identity::IdentifierId) {
/// let _ = identity.account(&user).start_verification(id).await.unwrap().outcome.code;
/// # }
/// ```
fn c41_a_holder_never_sees_a_code() {}

/// ```
/// # async fn f(identity: identity::Identity, user: identity::UserId) {
/// let _ = identity.admin("staff").erase(&user).await;
/// # }
/// ```
/// ```compile_fail,E0599
/// # async fn f(identity: identity::Identity, user: identity::UserId) {
/// let _ = identity.account(&user).erase(&user).await;
/// # }
/// ```
fn c40_only_an_administrator_erases() {}

/// ```
/// use identity::{Account, Code, Error, IdentifierId, Identity, LinkToken, Phone, PublicRefusal, Username, Verification};
/// fn public<T>(answer: Result<T, Error<PublicRefusal>>) {}
/// async fn f(identity: Identity, account: Account, id: IdentifierId, phone: Phone, code: Code, link: LinkToken) {
///     public(identity.resolve("ada").await);
///     public(account.get().await);
///     public(account.add(phone.clone()).await);
///     public(account.start_verification(id).await);
///     public(account.start_verification_with(id, &Verification::default()).await);
///     public(account.confirm(id, &code).await);
///     public(account.confirm_link(&link).await);
///     public(account.link_address(&link).await);
///     public(account.set_primary(id).await);
///     public(account.set_label(id, None).await);
///     public(account.replace(id, phone).await);
///     public(account.remove(id).await);
///     public(account.set_username(&Username::parse("ada").unwrap()).await);
///     public(account.remove_username().await);
/// }
/// ```
/// ```compile_fail,E0308
/// # async fn f(account: identity::Account, id: identity::IdentifierId) {
/// if let Err(identity::Error::Refused(refusal)) = account.confirm(id, &identity::Code::parse("1").unwrap()).await {
///     let private: identity::Refusal = refusal;
/// }
/// # }
/// ```
/// ```compile_fail,E0277
/// # async fn f(account: identity::Account, id: identity::IdentifierId) -> Result<(), identity::Error> {
/// account.remove(id).await?;
/// # Ok(())
/// # }
/// ```
/// ```compile_fail,E0277
/// # fn f(refusal: identity::PublicRefusal) -> identity::Refusal {
/// refusal.into()
/// # }
/// ```
fn c88_a_holders_call_gives_no_private_refusal() {}
