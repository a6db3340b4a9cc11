//! Markdown for pull requests.

use ordain_views::markdown;

use crate::samples::{made, many, shop, sweep};

#[test]
fn samples() {
    insta::assert_snapshot!("markdown_shop", markdown(&made(shop())));
    insta::assert_snapshot!("markdown_sweep", markdown(&made(sweep())));
    insta::assert_snapshot!("markdown_many", markdown(&made(many(3_000))));
}
