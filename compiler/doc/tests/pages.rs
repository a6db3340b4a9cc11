//! Pages of real and of hostile packages.

use std::fs;
use std::path::{Path, PathBuf};

use ordain_doc::{Format, PackageSource, Page, render};

fn fixture(name: &str) -> PackageSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let mut modules = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("fixtures can be read") {
            let path = folder.join(entry.expect("fixtures can be read").file_name());
            if root.join(&path).is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(root.join(&path)).expect("fixtures can be read");
                let module = path.with_extension("").to_string_lossy().replace(['/', '\\'], ".");
                modules.push((module, text));
            }
        }
    }
    modules.sort();
    let description = Some(format!("The {name} of the tests: *not* <b>markup</b>"));
    PackageSource { name: name.into(), version: "1.4.0-rc.1".into(), description, modules }
}

fn standard_library() -> PackageSource {
    let module = |path: &str| path.trim_end_matches(".ord").replace('/', ".");
    let modules = ordain_stdlib::FILES.iter().map(|(path, text)| (module(path), (*text).to_owned())).collect();
    PackageSource { name: "std".into(), version: "0.1.0".into(), description: None, modules }
}

fn joined(pages: &[Page]) -> String {
    pages.iter().map(|page| format!("===== {}\n{}", page.path, page.text)).collect()
}

#[test]
fn a_package_as_markdown() {
    insta::assert_snapshot!(joined(&render(&fixture("shop"), Format::Markdown)));
}

#[test]
fn a_package_as_html() {
    let pages = render(&fixture("shop"), Format::Html);
    // The style is the same on each page, and not what this test is about.
    let body = |text: &str| text.split_once("</head>").map(|(_, body)| body.to_owned()).unwrap_or_default();
    let pages: Vec<Page> = pages.into_iter().map(|page| Page { text: body(&page.text), ..page }).collect();
    insta::assert_snapshot!(joined(&pages));
}

#[test]
fn the_standard_library() {
    insta::assert_snapshot!(joined(&render(&standard_library(), Format::Markdown)));
}

#[test]
fn hostile_comments_stay_text() {
    let source = fixture("hostile");
    insta::assert_snapshot!("hostile_markdown", joined(&render(&source, Format::Markdown)));
    let pages = render(&source, Format::Html);
    for page in &pages {
        let body = page.text.split_once("<body>").expect("a page has a body").1;
        assert_known_markup(body);
    }
    let body = pages[1].text.split_once("<main>").expect("a page has a main part").1;
    insta::assert_snapshot!("hostile_html", body);
}

/// Every tag of a page is one of those the pages are made of, with attributes of theirs, and links lead nowhere harmful.
fn assert_known_markup(body: &str) {
    const TAGS: &[&str] = &[
        "nav",
        "p",
        "a",
        "span",
        "details",
        "summary",
        "ul",
        "li",
        "main",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "small",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "section",
        "dl",
        "dt",
        "dd",
        "em",
        "strong",
        "del",
        "ol",
        "blockquote",
        "br",
        "hr",
        "body",
        "html",
    ];
    const ATTRIBUTES: &[&str] = &["href", "id", "class", "open", "aria-current", "start"];
    for part in body.split('<').skip(1) {
        let tag = part.split_once('>').unwrap_or_else(|| panic!("a tag is not closed: {part}")).0;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(TAGS.contains(&name), "<{tag}>");
        let mut rest = tag[tag.find(name).unwrap_or_default() + name.len()..].trim_matches(['/', ' ', '\n']);
        while !rest.is_empty() {
            let (attribute, after) = rest.split_once('=').unwrap_or((rest, ""));
            assert!(ATTRIBUTES.contains(&attribute), "<{tag}>");
            let Some((value, others)) = after.strip_prefix('"').and_then(|after| after.split_once('"')) else {
                assert!(after.is_empty(), "<{tag}>");
                break;
            };
            if attribute == "href" {
                let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
                assert!(["", "https", "http", "mailto"].contains(&scheme), "<{tag}>");
            }
            rest = others.trim_start();
        }
    }
}

/// Every link within the package leads to a page and an anchor that are there.
#[test]
fn links_lead_somewhere() {
    for source in [fixture("shop"), standard_library(), fixture("hostile")] {
        for (format, before, after, anchor) in
            [(Format::Html, "href=\"", '"', " id=\"{}\""), (Format::Markdown, "](", ')', "<a id=\"{}\"></a>")]
        {
            let pages = render(&source, format);
            let mut found = 0;
            for page in &pages {
                for rest in page.text.split(before).skip(1) {
                    let address = rest.split(after).next().unwrap_or_default();
                    // Addresses elsewhere, and code that looks like links.
                    if address.contains([':', '[', '*']) {
                        continue;
                    }
                    let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
                    let target =
                        if path.is_empty() { Some(page) } else { pages.iter().find(|other| other.path == path) };
                    let Some(target) = target else { panic!("{}: {address} leads nowhere", page.path) };
                    let anchor = anchor.replace("{}", fragment);
                    assert!(fragment.is_empty() || target.text.contains(&anchor), "{}: {address}", page.path);
                    found += 1;
                }
            }
            assert!(found > 5, "{found} links in {}", source.name);
        }
    }
}

#[test]
fn the_order_of_modules_does_not_matter() {
    let source = fixture("shop");
    let mut shuffled = source.clone();
    shuffled.modules.reverse();
    shuffled.modules.swap(0, 2);
    for format in [Format::Markdown, Format::Html] {
        let pages = render(&source, format);
        assert_eq!(pages, render(&shuffled, format));
        assert_eq!(pages, render(&source, format));
    }
}

#[test]
fn pages_need_nothing_else() {
    for page in render(&standard_library(), Format::Html) {
        for sign in ["<script", "<link", "<img", "url(", "@import", " src=", " onload"] {
            assert!(!page.text.contains(sign), "{}: {sign}", page.path);
        }
    }
}

/// Pages do not grow with the number of modules, and names that are given twice lead to two places.
#[test]
fn large_packages_have_small_pages() {
    let page = |modules: usize| {
        let text = "type Same = Int\ntype Same = String\n";
        let modules = (0..modules).map(|at| (format!("module{at}"), text.to_owned())).collect();
        let source = PackageSource { name: "large".into(), version: "1.0.0".into(), description: None, modules };
        render(&source, Format::Html).pop().expect("a package has pages").text
    };
    let (few, many, more) = (page(3), page(300), page(600));
    assert!(few.contains("href=\"module1.html\""));
    assert!(many.contains("href=\"index.html#modules\"") && !many.contains("href=\"module1.html\""));
    assert!(more.len() < many.len() + 100);
    assert!(few.contains("id=\"type.Same\"") && few.contains("id=\"type.Same-2\""));
}
