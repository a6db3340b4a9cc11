//! The page for a browser.

use ordain_views::html;

use crate::samples::{made, shop, tiny};

#[test]
fn samples() {
    insta::assert_snapshot!("html_tiny", html(&made(tiny())));
    if let Some(folder) = option_env!("ORDAIN_PAGES") {
        for (name, plan) in [
            ("shop", made(shop())),
            ("sweep", made(crate::samples::sweep())),
            ("many", made(crate::samples::many(2_000))),
            ("some", made(crate::samples::many(60))),
        ] {
            std::fs::write(format!("{folder}/{name}.html"), html(&plan)).unwrap();
        }
    }
}
