//! The tree in a terminal.

use ordain_views::{Terminal, tree};

use crate::samples::{everything, made, many, shop, sweep, tiny};

fn at(width: usize) -> Terminal {
    Terminal { width, colour: false }
}

#[test]
fn samples() {
    insta::assert_snapshot!("tree_tiny", tree(&made(tiny()), &at(80)));
    insta::assert_snapshot!("tree_shop", tree(&made(shop()), &at(80)));
    insta::assert_snapshot!("tree_shop_narrow", tree(&made(shop()), &at(50)));
    insta::assert_snapshot!("tree_everything", tree(&made(everything()), &at(80)));
    insta::assert_snapshot!("tree_sweep", tree(&made(sweep()), &at(80)));
    insta::assert_snapshot!("tree_many", tree(&made(many(2_000)), &at(100)));
}
