use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::rejection::ExtensionRejection;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use identity_texts::client_language;

/// Extracts the language of [`LANGUAGES`](identity_texts::LANGUAGES) that the client wants most, by its header
/// `Accept-Language`; English when it wants another. A host keeps it as the claim `locale` of a new user, which
/// messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLanguage(pub &'static str);

impl<S: Send + Sync> FromRequestParts<S> for ClientLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(accept_language(&parts.headers).and_then(client_language).unwrap_or("en")))
    }
}

pub(crate) fn accept_language(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()
}

/// The number of proxies in front of the host, each of which appends the address of its client to `X-Forwarded-For`. It
/// is set with `.layer(Extension(TrustedProxies(1)))`; without it there are none, and the header is not read.
///
/// A number that is too high lets clients choose their own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrustedProxies(pub usize);

/// Extracts the address of the client: the peer's, or behind [`TrustedProxies`] the one that the first of them saw.
/// Where `X-Forwarded-For` has fewer addresses than there are proxies, or something else in that place, it is the
/// peer's.
///
/// The router has to be served with `into_make_service_with_connect_info::<SocketAddr>()`; otherwise the request is
/// answered with 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The key of rate limits: an IPv4 address, or the network of 64 bits that an IPv6 address is in, since one client
    /// has all addresses of it.
    #[must_use]
    pub const fn key(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtensionRejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await?;
        let TrustedProxies(proxies) = parts.extensions.get().copied().unwrap_or_default();
        let seen = proxies.checked_sub(1).and_then(|skipped| forwarded(&parts.headers, skipped));
        Ok(Self(seen.unwrap_or(peer.ip()).to_canonical()))
    }
}

/// An address of `X-Forwarded-For`, counted from the last, which the nearest proxy appended.
fn forwarded(headers: &HeaderMap, skipped: usize) -> Option<IpAddr> {
    let fields = headers.get_all("x-forwarded-for").into_iter().rev();
    // A field that is no text counts as one address that cannot be read.
    let text = fields.flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
    let text = text.map(str::trim).nth(skipped)?;
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}
