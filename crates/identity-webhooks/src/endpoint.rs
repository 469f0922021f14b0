use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use standardwebhooks::Webhook;
use ureq::tls::Certificate;
use url::{Host, Url};

/// Where webhooks go, and the secrets that they are signed with. It does not print its secrets, nor the path and the query of its
/// URL, which may be secrets as well.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) url: Url,
    pub(crate) signers: Vec<Arc<Webhook>>,
    pub(crate) private: bool,
    pub(crate) roots: Vec<Certificate<'static>>,
    pub(crate) timeout: Duration,
}

/// The reason why an endpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is not a URL with a host. It is not shown.
    #[error("the endpoint is not a URL; write one such as https://hooks.example.com/users")]
    NotAUrl,
    /// The URL is not https.
    #[error("the endpoint is not https; http is for addresses of one's own, with `allow_private_addresses`")]
    NotHttps,
    /// The URL contains a user, a password or a fragment.
    #[error("the endpoint contains a user, a password or a fragment; remove them, the signature says who sends")]
    TooMuch,
    /// The URL has an address that is not public.
    #[error("{0} is not a public address; endpoints of one's own need `allow_private_addresses`")]
    Private(IpAddr),
    /// The secret has another form. It is not shown.
    #[error(
        "a webhook secret is `whsec_` and the base64 of 24 to 64 bytes; make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    Secret,
    /// The text contains no certificate.
    #[error("the text contains no certificate; give one in PEM form")]
    Certificate,
}

impl Endpoint {
    /// The endpoint at a public https URL, with the secret that the receiver checks signatures with: `whsec_` and the base64 of 24 to
    /// 64 bytes.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL or the secret cannot be used.
    ///
    /// ```
    /// use identity_webhooks::{Endpoint, EndpointError};
    /// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// assert!(Endpoint::new("https://hooks.example.com/users", secret).is_ok());
    /// assert_eq!(Endpoint::new("http://hooks.example.com", secret).err(), Some(EndpointError::NotHttps));
    /// assert!(matches!(Endpoint::new("https://10.1.2.3/", secret), Err(EndpointError::Private(_))));
    /// ```
    pub fn new(url: &str, secret: &str) -> Result<Self, EndpointError> {
        Self::checked(url, secret, false)
    }

    /// An endpoint of one's own: on http or https, at any address.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL or the secret cannot be used.
    pub fn allow_private_addresses(url: &str, secret: &str) -> Result<Self, EndpointError> {
        Self::checked(url, secret, true)
    }

    fn checked(url: &str, secret: &str, private: bool) -> Result<Self, EndpointError> {
        let url = Url::parse(url).map_err(|_| EndpointError::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(EndpointError::TooMuch);
        }
        let address = match url.host() {
            None => return Err(EndpointError::NotAUrl),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        match url.scheme() {
            "https" => {}
            "http" if private => {}
            "http" => return Err(EndpointError::NotHttps),
            _ => return Err(EndpointError::NotAUrl),
        }
        if let Some(address) = address.filter(|address| !private && !is_public(*address)) {
            return Err(EndpointError::Private(address));
        }
        Self { url, signers: Vec::new(), private, roots: Vec::new(), timeout: Duration::from_secs(15) }
            .with_further_secret(secret)
    }

    /// Signs with this secret as well, so that a receiver can change to it without losing a webhook.
    ///
    /// # Errors
    /// [`EndpointError::Secret`] when it cannot be used.
    pub fn with_further_secret(mut self, secret: &str) -> Result<Self, EndpointError> {
        let secret = secret.trim();
        let bytes = |base64: &str| base64.trim_end_matches('=').len() * 3 / 4;
        let sound = secret.strip_prefix("whsec_").is_some_and(|base64| (24..=64).contains(&bytes(base64)));
        let signer = Webhook::new(secret).ok().filter(|_| sound).ok_or(EndpointError::Secret)?;
        self.signers.push(Arc::new(signer));
        Ok(self)
    }

    /// Sets the longest time for a request, from the look-up of the name to the end of the answer: 15 s unless set, between 1 ms and
    /// 60 s; what is beyond is moved to that bound.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(1), Duration::from_secs(60));
        self
    }

    /// Trusts this root certificate, and others that are added, instead of those of the web.
    ///
    /// # Errors
    /// [`EndpointError::Certificate`] when it is not a certificate in PEM form.
    pub fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, EndpointError> {
        self.roots.push(Certificate::from_pem(pem).map_err(|_| EndpointError::Certificate)?);
        Ok(self)
    }
}

/// The scheme and the host.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("origin", &self.url.origin().ascii_serialization()).finish_non_exhaustive()
    }
}

/// Whether an address is of the public internet, by the IANA registries of special-purpose addresses (RFC 6890). The standard
/// library's test is not stable yet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, loopback, private networks, shared address space, link-local with the clouds' metadata services.
        [0 | 10 | 127, ..] | [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks, multicast and what is reserved.
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => true,
        _ => false,
    };
    !special
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    let special = match address.segments() {
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => true,
        // The rest of the global unicast space.
        [0x2000..=0x3fff, ..] => false,
        // Unspecified, loopback, mapped and translated addresses of version 4, unique local, link-local, multicast, reserved.
        _ => true,
    };
    !special
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn addresses_of_private_networks_of_this_machine_and_of_metadata_services_are_not_public() {
        let private = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
