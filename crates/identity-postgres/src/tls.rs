//! Encrypted connections, as the URL's `sslmode` says; the words mean what they mean to libpq.

use std::sync::Arc;

use identity_ports::StoreError;
use percent_encoding::percent_decode_str;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What a certificate has to prove before a connection trusts the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Trust {
    /// Nothing: the connection is encrypted, by any server.
    #[default]
    Anybody,
    /// That a known authority signed it.
    Authority,
    /// That a known authority signed it and that it names the host.
    Full,
}

/// What the URL says about encryption.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    /// The mode that the URL names.
    pub(crate) mode: Option<SslMode>,
    trust: Trust,
    roots: Option<String>,
}

impl Tls {
    /// Takes `sslmode` and `sslrootcert` out of a URL or a list of keys and values, and gives the rest.
    pub(crate) fn take_out(connection: &str) -> Result<(Self, String), StoreError> {
        let mut tls = Self::default();
        let is_url = connection.starts_with("postgres://") || connection.starts_with("postgresql://");
        if !is_url && connection.contains('\'') {
            // Quoted values may hold blanks: the driver reads them, and knows the modes that ask for no certificate.
            return Ok((tls, connection.to_owned()));
        }
        let (place, pairs) =
            if is_url { connection.split_once('?').unwrap_or((connection, "")) } else { ("", connection) };
        let ends = |character: char| if is_url { character == '&' } else { character.is_whitespace() };
        let mut kept = Vec::new();
        for pair in pairs.split(ends).filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => tls.set_mode(mode)?,
                Some(("sslrootcert", path)) => {
                    tls.roots = Some(percent_decode_str(path).decode_utf8_lossy().into_owned());
                }
                _ => kept.push(pair),
            }
        }
        if tls.roots.is_some() && tls.trust == Trust::Anybody && tls.mode == Some(SslMode::Require) {
            tls.trust = Trust::Authority;
        }
        let rest = match (is_url, kept.is_empty()) {
            (true, true) => place.to_owned(),
            (true, false) => format!("{place}?{}", kept.join("&")),
            (false, _) => kept.join(" "),
        };
        Ok((tls, rest))
    }

    fn set_mode(&mut self, mode: &str) -> Result<(), StoreError> {
        let (mode, trust) = match mode {
            "disable" => (SslMode::Disable, Trust::Anybody),
            "allow" | "prefer" => (SslMode::Prefer, Trust::Anybody),
            "require" => (SslMode::Require, Trust::Anybody),
            "verify-ca" => (SslMode::Require, Trust::Authority),
            "verify-full" => (SslMode::Require, Trust::Full),
            _ => {
                let reason = "the connection string has an unknown sslmode; it must be disable, prefer, require, verify-ca or verify-full";
                return Err(StoreError::failed(reason));
            }
        };
        (self.mode, self.trust) = (Some(mode), trust);
        Ok(())
    }

    /// The connector of encrypted connections. A configuration of the host takes precedence over the URL.
    pub(crate) fn connector(&self, own: Option<&ClientConfig>) -> Result<MakeRustlsConnect, StoreError> {
        if let Some(own) = own {
            return Ok(MakeRustlsConnect::new(own.clone()));
        }
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(StoreError::failed)?;
        let authorities = match self.trust {
            Trust::Full => {
                let config = builder.with_root_certificates(self.roots()?).with_no_client_auth();
                return Ok(MakeRustlsConnect::new(config));
            }
            Trust::Authority => {
                let roots = Arc::new(self.roots()?);
                let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
                Some(verifier.map_err(StoreError::failed)?)
            }
            Trust::Anybody => None,
        };
        let verifier = Arc::new(AnyName { authorities, provider });
        let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        match self.roots.as_deref() {
            None | Some("system") => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    let reason = "the operating system has no certificates of authorities; install them (on Debian: \
                                  ca-certificates), or name a file with sslrootcert";
                    return Err(StoreError::failed(reason));
                }
            }
            Some(path) => {
                let unreadable = |error: &dyn std::fmt::Display| {
                    StoreError::failed(format!("the file that sslrootcert names cannot be used: {error}"))
                };
                let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|error| unreadable(&error))?;
                    roots.add(certificate).map_err(|error| unreadable(&error))?;
                }
                if roots.is_empty() {
                    return Err(unreadable(&"it holds no certificate"));
                }
            }
        }
        Ok(roots)
    }
}

/// Accepts a certificate whatever host it names: one that a known authority signed or, without authorities, any one whose holder
/// proves to have its key. The latter protects against listeners, not against a server in between.
#[derive(Debug)]
struct AnyName {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        match authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
