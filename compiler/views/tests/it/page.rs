//! The page for a browser.

use ordain_views::html;

use crate::samples::{made, many, shop, sweep, tiny};

#[test]
fn the_whole_page_of_a_small_plan() {
    insta::assert_snapshot!("html_tiny", html(&made(tiny())));
}

#[test]
fn it_loads_nothing() {
    for plan in [tiny(), shop(), sweep(), many(2_000)] {
        let page = html(&made(plan));
        let scripts = page.matches("<script").count();
        assert_eq!(scripts, 1);
        for outside in ["src=", "@import", "url(http", "href=\"http", "fetch(", "XMLHttpRequest", "<iframe", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn every_link_has_its_step() {
    let page = html(&made(sweep()));
    for (at, _) in page.match_indices("href=\"#") {
        let name = page[at + 7..].split('"').next().unwrap();
        assert_eq!(page.matches(&format!("id=\"{name}\"")).count(), 1, "{name}");
    }
}
