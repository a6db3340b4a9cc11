//! How services are reached, and whom connections over TLS trust.

use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// What holds for every request. Any status is an answer; redirects are not followed.
pub(super) fn reaching() -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        // What is sent goes where a plan says and nowhere else, whatever the environment of the interpreter.
        .proxy(None)
        // The certificates that the machine trusts; on Linux those of the file or folder that `SSL_CERT_FILE` or `SSL_CERT_DIR`
        // name, where they are set.
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("ordain/", env!("CARGO_PKG_VERSION")))
}

/// Whether a URL is one of the two kinds that are reached.
pub(super) fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}
