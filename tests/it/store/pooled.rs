//! A real PgBouncer between Telescope and Postgres, and the certificates of one.

use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use telescope::config::Dsn;
use telescope::store::{Conn, Db, StoreError, meta};

use crate::support::db::TestDb;
use crate::support::pgbouncer::PgBouncer;
use crate::support::postgres;

/// Makes an empty database, and says its name.
async fn database(name: &'static str) -> &'static str {
    let admin = TestDb::postgres().await;
    admin.tamper(&format!("create database {name}")).await;
    name
}

async fn writes_and_reads(db: &Db, value: &str) {
    db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "a", value).await).await.unwrap();
    let read = meta::get(&mut db.read().await.unwrap(), "a").await.unwrap();
    assert_eq!(read.as_deref(), Some(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_pooler_that_gives_each_client_a_connection_everything_works() {
    let pooler = PgBouncer::start(postgres::cluster(), "session", None).await;
    let dsn = Dsn::parse(&pooler.dsn(database("pooled_sessions").await)).unwrap();
    let db = Db::open(&dsn).await.unwrap();
    let second = Db::open(&dsn).await.unwrap();
    for round in 0..3 {
        writes_and_reads(&db, &format!("first {round}")).await;
        writes_and_reads(&second, &format!("second {round}")).await;
    }
    // As many pages as connections.
    let reading = (0..8).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.ping().await.unwrap() })
    });
    for page in reading.collect::<Vec<_>>() {
        page.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_gives_each_transaction_another_connection_is_told_from_it() {
    let pooler = PgBouncer::start(postgres::cluster(), "transaction", None).await;
    let dsn = Dsn::parse(&pooler.dsn(database("pooled_transactions").await)).unwrap();
    match Db::open(&dsn).await {
        // A later PgBouncer follows prepared statements.
        Ok(db) => writes_and_reads(&db, "followed").await,
        Err(error @ StoreError::Pooled) => {
            assert!(error.to_string().contains("pool_mode=session"), "{error}")
        }
        Err(error) => panic!("{error}"),
    }
}

/// The system's store is the one that `SSL_CERT_FILE` names.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_right_if_the_system_trusts_its_authority() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let tls = (certificate.pem(), key.serialize_pem());
    let pooler = PgBouncer::start(postgres::cluster(), "session", Some((&tls.0, &tls.1))).await;
    let name = database("certified").await;
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let others = folder.path().join("others.pem");
    let other = rcgen::generate_simple_self_signed(["ca.example.org".into()]).unwrap();
    std::fs::write(&others, other.cert.pem()).unwrap();
    let migrate = |store: &std::path::Path, host: &str, query: &str| {
        let dsn = format!("{}?{query}", pooler.dsn(name).replace("127.0.0.1", host));
        let ran = Command::new(env!("CARGO_BIN_EXE_telescope"))
            .arg("migrate")
            .current_dir(folder.path())
            .env_clear()
            .envs([("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock"), ("DB_DSN", &dsn)])
            .env("SSL_CERT_FILE", store)
            .output()
            .unwrap();
        (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    };
    for query in ["sslmode=verify-full", "sslrootcert=system", "sslmode=verify-ca"] {
        let (done, said) = migrate(&trusted, "localhost", query);
        assert!(done, "{query}: {said}");
        let (done, said) = migrate(&others, "localhost", query);
        assert!(!done && said.contains("certificate"), "{query}: {said}");
    }
    let (done, said) = migrate(&trusted, "127.0.0.1", "sslmode=verify-full");
    assert!(!done && said.contains("certificate"), "another name: {said}");
    let file = format!("sslmode=verify-full&sslrootcert={}", trusted.display());
    let (done, said) = migrate(&others, "localhost", &file);
    assert!(done, "{said}");
}
