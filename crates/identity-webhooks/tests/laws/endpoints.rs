//! Endpoints that cannot be used are refused when they are made.

use identity_webhooks::{Endpoint, EndpointError};

use crate::kit::SECRET;

#[test]
fn an_endpoint_is_https_at_a_public_address() {
    for (url, error) in [
        ("", EndpointError::NotAUrl),
        ("hooks.example.com", EndpointError::NotAUrl),
        ("ftp://hooks.example.com", EndpointError::NotAUrl),
        ("mailto:ada@example.com", EndpointError::NotAUrl),
        ("http://hooks.example.com", EndpointError::NotHttps),
        ("https://ada@hooks.example.com", EndpointError::TooMuch),
        ("https://:secret@hooks.example.com", EndpointError::TooMuch),
        ("https://hooks.example.com/#here", EndpointError::TooMuch),
        ("https://127.0.0.1/", EndpointError::Private([127, 0, 0, 1].into())),
        // Other ways to write it.
        ("https://0x7f.1/", EndpointError::Private([127, 0, 0, 1].into())),
        ("https://2130706433/", EndpointError::Private([127, 0, 0, 1].into())),
        ("https://169.254.169.254/latest", EndpointError::Private([169, 254, 169, 254].into())),
        ("https://[::1]/", EndpointError::Private("::1".parse().unwrap())),
        ("https://[::ffff:10.0.0.1]/", EndpointError::Private("::ffff:10.0.0.1".parse().unwrap())),
    ] {
        assert_eq!(Endpoint::new(url, SECRET).err(), Some(error), "{url}");
    }
    assert!(Endpoint::new("https://1.1.1.1/", SECRET).is_ok());
    assert!(Endpoint::allow_private_addresses("http://10.0.0.1/", SECRET).is_ok());
    assert_eq!(Endpoint::allow_private_addresses("ftp://10.0.0.1/", SECRET).err(), Some(EndpointError::NotAUrl));
}

#[test]
fn a_secret_has_the_form_of_the_specification() {
    // 23 and 65 bytes: one less and one more than may be.
    let short = format!("whsec_{}=", "A".repeat(31));
    let long = format!("whsec_{}=", "A".repeat(87));
    for secret in [
        "",
        "whsec_",
        "secret",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        &short,
        &long,
    ] {
        let refused = Endpoint::new("https://hooks.example.com", secret).err();
        assert_eq!(refused, Some(EndpointError::Secret), "{secret}");
    }
}

#[test]
fn an_endpoint_shows_neither_its_secret_nor_its_path() {
    let endpoint = Endpoint::new("https://hooks.example.com/T000/token?key=k", SECRET).unwrap();
    assert_eq!(format!("{endpoint:?}"), r#"Endpoint { origin: "https://hooks.example.com", .. }"#);
    assert!(Endpoint::new("https://hooks.example.com", SECRET).unwrap().with_root_certificate(b"none").is_err());
}
