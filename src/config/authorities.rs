//! Certificate authorities that are trusted for identity providers in addition to the system's, such as a company's own.

use std::path::Path;

use reqwest::{Certificate, Client};

/// The certificates of a file.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<Certificate>);

impl Authorities {
    /// Reads a file of PEM certificates; the error continues a sentence that begins with the setting's name.
    pub fn read(file: &Path) -> Result<Self, String> {
        let pem = std::fs::read(file).map_err(|error| format!("can't be read: {error}."))?;
        let form = || "has to hold certificates in PEM, -----BEGIN CERTIFICATE----- and so on.".to_owned();
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| form())?;
        if certificates.is_empty() {
            return Err(form());
        }
        // Certificates are only parsed when a client is built.
        Client::builder().tls_certs_only(certificates.clone()).build().map_err(|_| form())?;
        Ok(Self(certificates))
    }

    pub fn certificates(&self) -> Vec<Certificate> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_certificates_are_refused_at_startup() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(Authorities::read(&file).unwrap_err().starts_with("can't be read"));
        let own = rcgen::generate_simple_self_signed(["ca.example.org".into()]).unwrap();
        for (text, is_right) in [
            (String::new(), false),
            ("nonsense".into(), false),
            ("-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n".into(), false),
            (own.signing_key.serialize_pem(), false),
            (own.cert.pem(), true),
            (own.cert.pem().repeat(2), true),
        ] {
            std::fs::write(&file, &text).unwrap();
            let read = Authorities::read(&file);
            assert_eq!(read.is_ok(), is_right, "{text}: {read:?}");
            assert!(read.err().is_none_or(|fault| fault.ends_with('.')));
        }
    }
}
