//! Mermaid and DOT.

use ordain_views::{dot, mermaid};

use crate::samples::{made, shop};

#[test]
fn samples() {
    insta::assert_snapshot!("mermaid_shop", mermaid(&made(shop())));
    insta::assert_snapshot!("dot_shop", dot(&made(shop())));
}
