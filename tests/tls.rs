//! Probes over TLS: against a server of this machine, whose certificate only this test knows.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::package::Package;

/// Answers whoever trusts its certificate, for as long as the test lasts.
fn serve(certified: &CertifiedKey<rcgen::KeyPair>) -> u16 {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // One that does not trust the certificate hangs up while it reads.
            let mut line = String::new();
            let mut lines = BufReader::new(&mut stream);
            while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            if line == "\r\n" {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

#[test]
fn certificates_that_the_machine_trusts_are_trusted_and_others_are_not() {
    let certified = generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let stranger = generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let port = serve(&certified);
    let package = Package::of(
        "use std.http\n\ntype Place = { at: Url }\n\nenvironment here: Place {\n  at: \"https://localhost/\"\n  \
         bind http.probe to http.builtin.http\n}\n\n\
         plan look(env: Place, at: Url) {\n  gate healthy = http.probe { url: at } expect healthy.body == \"well\"\n}\n",
    );
    package.write("trusted.pem", certified.cert.pem());
    package.write("stranger.pem", stranger.cert.pem());
    let look = |trusted: &str, host: &str| {
        let trusted = package.file(trusted);
        let run = package.ordain().env("SSL_CERT_FILE", trusted.to_str().unwrap());
        run.run(["apply", "look", "--yes", "-a", "env=here", "-a", &format!("at=https://{host}:{port}/")])
    };
    look("trusted.pem", "localhost").exits(0);
    look("stranger.pem", "localhost").exits(1).says("unreachable");
    // The certificate is for another name.
    look("trusted.pem", "127.0.0.1").exits(1).says("unreachable");
}
