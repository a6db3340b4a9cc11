//! How services are reached, and whom connections over TLS trust.

use ureq::tls::{RootCerts, TlsConfig};

/// The certificates that the machine trusts; on Linux those of the file or folder that `SSL_CERT_FILE` or `SSL_CERT_DIR` name,
/// where they are set.
pub(super) fn trusted() -> TlsConfig {
    TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build()
}

/// Whether a URL is one of the two kinds that are reached.
pub(super) fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}
