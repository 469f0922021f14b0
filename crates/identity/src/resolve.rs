use identity_core::{ClaimKey, Email, Phone, UserId, Username};

use crate::{HolderError, Identity};

impl Identity {
    /// The user behind a login name: a username, or a verified e-mail address or phone number (in international form).
    ///
    /// It does the same work whether a user is found or not: one look-up, of keys that depend on the text alone. An
    /// unverified address finds nobody, and neither does a name that several users share under
    /// [`ClaimPolicy::None`](identity_core::ClaimPolicy::None). A disabled user is found too.
    ///
    /// # Errors
    /// [`HolderError::Store`] when the store fails.
    pub async fn resolve(&self, login: &str) -> Result<Option<UserId>, HolderError> {
        let found = self.parts.store.find(&self.tenant, &login_keys(login)).await?;
        let mut users = found.into_iter().filter(|found| found.verified).map(|found| found.user);
        let first = users.next();
        Ok(first.filter(|first| users.all(|user| user == *first)))
    }
}

fn login_keys(login: &str) -> Vec<ClaimKey> {
    let username = Username::parse(login).ok().map(|username| username.claim_key());
    let email = Email::parse(login).ok().map(|email| email.claim_key());
    let phone = Phone::parse(login).ok().map(|phone| phone.claim_key());
    username.into_iter().chain(email).chain(phone).collect()
}
