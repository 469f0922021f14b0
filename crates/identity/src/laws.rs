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
