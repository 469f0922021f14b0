//! Encrypted connections, as `sslmode` says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::io::Write as _;

use identity_postgres::PostgresStore;
use postgres_testbed::Cluster;
use rcgen::{CertificateParams, KeyPair, generate_simple_self_signed};

fn encrypted(names: &[&str]) -> (Cluster, tempfile::NamedTempFile) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certified = generate_simple_self_signed(names).unwrap();
    let cluster = Cluster::builder()
        .file("server.crt", &certified.cert.pem())
        .file("server.key", &certified.signing_key.serialize_pem())
        .setting("ssl", "on")
        .hba("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
        .start();
    let mut roots = tempfile::NamedTempFile::new().unwrap();
    roots.write_all(certified.cert.pem().as_bytes()).unwrap();
    (cluster, roots)
}

fn stranger() -> tempfile::NamedTempFile {
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let mut roots = tempfile::NamedTempFile::new().unwrap();
    roots.write_all(certificate.pem().as_bytes()).unwrap();
    roots
}

async fn is_encrypted(url: &str) -> Result<bool, String> {
    let store = PostgresStore::connect(url).await.map_err(|error| format!("{error:?} {error}"))?;
    let connection = store.pool().get().await.unwrap();
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    Ok(connection.query_one(sql, &[]).await.unwrap().get(0))
}

#[tokio::test]
async fn sslmode_says_whether_to_encrypt_and_whom_to_trust() {
    let (cluster, roots) = encrypted(&["localhost"]);
    let (port, roots) = (cluster.port(), roots.path().to_str().unwrap().to_owned());
    let stranger = stranger();
    let stranger = stranger.path().to_str().unwrap();
    let at = |host: &str, query: &str| format!("postgres://postgres@{host}:{port}/postgres?{query}");
    // Whose name the certificate has not: reached by the address alone.
    let [named, unnamed] = ["localhost", "127.0.0.1"];
    for (url, encrypts) in [
        (at(named, ""), true),
        (at(named, "sslmode=prefer"), true),
        (at(unnamed, "sslmode=require"), true),
        (at(named, "sslmode=disable"), false),
        (at(unnamed, &format!("sslmode=verify-ca&sslrootcert={roots}")), true),
        (at(unnamed, &format!("sslmode=require&sslrootcert={roots}")), true),
        (at(named, &format!("sslmode=verify-full&sslrootcert={}", roots.replace('/', "%2F"))), true),
        (at(unnamed, &format!("sslmode=verify-full&sslrootcert={roots}")), false),
        (at(named, &format!("sslmode=verify-ca&sslrootcert={stranger}")), false),
        (at(named, &format!("sslmode=require&sslrootcert={stranger}")), false),
        (at(named, &format!("sslmode=verify-full&sslrootcert={stranger}")), false),
        (
            format!("host=localhost port={port} user=postgres dbname=postgres sslmode=verify-full sslrootcert={roots}"),
            true,
        ),
    ] {
        let result = is_encrypted(&url).await;
        assert_eq!(result.as_ref().ok().copied().unwrap_or(false), encrypts, "{url}: {result:?}");
    }
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_where_it_is_asked_for() {
    let cluster = Cluster::shared();
    let url = cluster.database().url();
    for (mode, works) in [("prefer", true), ("disable", true), ("require", false), ("verify-full", false)] {
        let result = is_encrypted(&format!("{url}?sslmode={mode}")).await;
        assert_eq!(result.is_ok(), works, "{mode}: {result:?}");
        assert_ne!(result, Ok(true), "{mode}");
    }
}
