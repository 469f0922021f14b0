//! A provider behind TLS.
#![expect(clippy::unwrap_used, reason = "a provider that breaks fails its test")]

use std::sync::Arc;

use identity_ports::{Notifier as _, NotifyError};
use identity_sms_http::{EndpointError, WebhookNotifier, WebhookSecret};
use identity_texts::Kind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::kit::{notice, phone, texts};

/// A gateway that takes whatever comes; gives its address and certificate.
async fn gateway() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not trust the certificate hangs up here.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut bytes = Vec::new();
                // The body is JSON and ends in a brace.
                while bytes.last() != Some(&b'}') && stream.read_buf(&mut bytes).await.unwrap() > 0 {}
                stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            });
        }
    });
    (format!("https://localhost:{port}/sms"), made.cert.pem())
}

#[tokio::test]
async fn a_certificate_that_is_named_is_trusted_and_any_other_means_not_sent() {
    let (url, certificate) = gateway().await;
    let notifier = || {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        WebhookNotifier::new(&url, secret, texts()).unwrap()
    };
    let notice = notice(Kind::Code, &phone(), &phone(), None);
    let trusted = notifier().with_root_certificate(certificate.as_bytes()).unwrap();
    assert!(trusted.notify(&notice).await.is_ok());
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    for untrusting in [notifier(), notifier().with_root_certificate(stranger.as_bytes()).unwrap()] {
        let error = untrusting.notify(&notice).await.unwrap_err();
        assert!(
            matches!(error, NotifyError::Transient { .. }),
            "nothing was sent, and another provider may: {error:?}"
        );
    }
    assert_eq!(notifier().with_root_certificate(b"none").unwrap_err(), EndpointError::Certificate);
}
