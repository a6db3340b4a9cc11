//! The shop's server: serves one folder of pages over HTTP/1.1, on the loopback interface only.
//!
//! usage: shop --version
//!        shop PORT FOLDER REGION
//!
//! `/healthz` tells version and region. `/admin` answers whoever sends the admin key, which is read from the
//! environment variable `SHOP_ADMIN_KEY`, in the header `X-Admin-Key`. Everything else is a file of the folder.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Set by the build.
const VERSION: &str = env!("SHOP_VERSION");

/// A rehearsal that nobody ends ends itself.
const LIFETIME: Duration = Duration::from_secs(600);

/// The longest head of a request, in bytes.
const HEAD: u64 = 16 << 10;

struct Shop {
    folder: String,
    region: String,
    key: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--version"] => println!("shop {VERSION}"),
        [port, folder, region] => {
            let Some(port) = port.parse().ok().filter(|port| *port != 0u16) else {
                return fail("the port is not a number from 1 to 65535");
            };
            let Some(key) = std::env::var("SHOP_ADMIN_KEY").ok().filter(|key| !key.is_empty()) else {
                return fail("SHOP_ADMIN_KEY is not set");
            };
            let shop = Shop { folder: (*folder).into(), region: (*region).into(), key };
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                Ok(listener) => shop.serve(&listener, port),
                Err(error) => return fail(&format!("port {port}: {error}")),
            }
        }
        _ => return fail("usage: shop PORT FOLDER REGION"),
    }
    ExitCode::SUCCESS
}

fn fail(message: &str) -> ExitCode {
    eprintln!("shop: {message}");
    ExitCode::FAILURE
}

impl Shop {
    fn serve(&self, listener: &TcpListener, port: u16) {
        std::thread::spawn(|| {
            std::thread::sleep(LIFETIME);
            std::process::exit(0);
        });
        println!("shop {VERSION} in {} listens on 127.0.0.1:{port}", self.region);
        for stream in listener.incoming().flatten() {
            // A visitor who goes away is no reason to stop.
            let _ = self.answer(stream);
        }
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let patience = Some(Duration::from_secs(2));
        stream.set_read_timeout(patience)?;
        stream.set_write_timeout(patience)?;
        let mut lines = BufReader::new((&stream).take(HEAD)).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let mut key = None;
        for line in lines {
            let line = line?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("x-admin-key") => key = Some(value.trim().to_owned()),
                None => break,
                Some(_) => {}
            }
        }
        let (status, body) = match request.split(' ').collect::<Vec<_>>().as_slice() {
            ["GET", path, _] => self.page(path, key.as_deref()),
            _ => ("400 Bad Request", "only GET is understood\n".to_owned()),
        };
        println!("{request} -> {status}");
        let kind = if body.starts_with('<') { "text/html" } else { "text/plain" };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
    }

    fn page(&self, path: &str, key: Option<&str>) -> (&'static str, String) {
        match path {
            "/healthz" => ("200 OK", format!("ok {VERSION} {}\n", self.region)),
            "/admin" if key == Some(self.key.as_str()) => ("200 OK", "welcome\n".to_owned()),
            "/admin" => ("403 Forbidden", "this is not for you\n".to_owned()),
            _ => {
                let name = path.strip_prefix('/').filter(|name| !name.is_empty()).unwrap_or("index.html");
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
                let page = plain.then(|| std::fs::read_to_string(Path::new(&self.folder).join(name)).ok()).flatten();
                page.map_or_else(|| ("404 Not Found", "not here\n".to_owned()), |page| ("200 OK", page))
            }
        }
    }
}
