//! The plan as one page for a browser, with the graph drawn.

mod frames;
pub(crate) mod markup;
mod picture;
mod steps;

use ordain_graph::{NodeId, PlanGraph, Value};
use sha2::{Digest as _, Sha256};

use crate::addresses::Addresses;
use crate::expression::expression;
use crate::names::{counted, number};
use crate::sketch::{Room, Sketch};
use crate::summary::Summary;
use crate::verdicts;
use markup::{code, text};

/// What a browser draws and people can still follow.
const ROOM: Room = Room { boxes: 1_500, folded: 300, lines: 6_000 };

/// How many rows each table of the head has.
const MAX_ROWS: usize = 60;

/// How long the text of a value may be.
const MAX_VALUE: usize = 300;

const CSS: &str = concat!(include_str!("page.css"), include_str!("picture.css"));
const JS: &str = include_str!("page.js");

/// The plan as one self-contained HTML page: what it amounts to, the graph drawn from left to right, and every step with
/// its contract, inputs, dependencies and id, which a click on the graph shows. It follows the browser's light or dark
/// mode, and can be read without scripts.
///
/// The page loads nothing. Its own content security policy lets the browser run the page's one script and no other, so
/// that no name in a plan can become one. A plan of more than 1,500 steps has steps folded together, and the page says
/// so.
pub fn html(graph: &PlanGraph) -> String {
    let sketch = Sketch::of(graph, ROOM);
    let addresses = Addresses::of(graph);
    let mut page = String::with_capacity(64 * 1024);
    head(graph, &mut page);
    overview(graph, &mut page);
    policies(graph, &addresses, &mut page);
    about(graph, &addresses, &mut page);
    if let Some(note) = sketch.note() {
        page.extend(["<p class=\"note\">", &text(&note), ".</p>\n"]);
    }
    page.push_str("<main>\n");
    picture::picture(graph, &sketch, &mut page);
    steps::steps(graph, &sketch, &addresses, &mut page);
    page.extend(["</main>\n<script>", JS, "</script>\n</body>\n</html>\n"]);
    page
}

/// What of the page's style concerns the graph.
const PICTURE_CSS: &str = include_str!("picture.css");

/// How many boxes a preview has room for: it is drawn again with every change.
const PREVIEW: Room = Room { boxes: 400, folded: 200, lines: 2_000 };

/// The graph of a plan, for programs that show it beside other things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// An `<svg>` with one `<a>` for each box, whose `data-at` is the box's position in [`boxes`](Self::boxes), and whose
    /// classes are the effect of its steps and what was asked for besides.
    pub svg: String,
    /// The style of the picture, which leaves colours to custom properties: `--card`, `--ink`, `--soft`, `--rule`, `--line`,
    /// `--on`, and those of effects and verdicts.
    pub style: &'static str,
    /// The boxes: of each its title, and the positions of its steps in the plan.
    pub boxes: Vec<(String, Vec<usize>)>,
    /// What was left out to keep it readable.
    pub note: Option<String>,
}

/// Draws the graph of a plan. `classes` gives further classes for a box of these steps, by their positions in the plan.
pub fn picture(graph: &PlanGraph, classes: impl Fn(&[usize]) -> String) -> Picture {
    let sketch = Sketch::of(graph, PREVIEW);
    let mut svg = String::new();
    picture::svg_with(graph, &sketch, &|cell| classes(&cell.nodes), &mut svg);
    let note = sketch.note();
    let boxes = sketch.boxes.into_iter().map(|cell| (cell.title, cell.nodes)).collect();
    Picture { svg, style: PICTURE_CSS, boxes, note }
}

fn head(graph: &PlanGraph, page: &mut String) {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(CSS)),
        base64(&Sha256::digest(JS)),
    );
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.extend(["<meta http-equiv=\"Content-Security-Policy\" content=\"", &policy, "\">\n"]);
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.extend([
        "<title>Plan ",
        &markup::short(&graph.plan, 120),
        "</title>\n<style>",
        CSS,
        "</style>\n</head>\n<body>\n",
    ]);
}

fn overview(graph: &PlanGraph, page: &mut String) {
    let summary = Summary::of(graph);
    page.extend(["<header>\n<h1>", &markup::short(&graph.plan, 120), "</h1>\n<p class=\"sub\">"]);
    page.extend([&markup::short(&graph.package.name, 120), " ", &markup::short(&graph.package.version, 60)]);
    page.extend([" · ", &code(&graph.hash()), "</p>\n<ul class=\"chips\">\n"]);
    let mut chip = |body: &str| page.extend(["<li>", body, "</li>\n"]);
    chip(&format!("<b>{}</b>", summary.sizes()));
    if let Some(left_out) = Summary::left_out(graph) {
        chip(&markup::text(&left_out));
    }
    chip(&format!("<b>{}</b>", counted(summary.dependencies, "dependency").replace("dependencys", "dependencies")));
    if !graph.nodes.is_empty() {
        let effect = graph.effect.name();
        chip(&format!("effect <b class=\"{effect}\">{effect}</b> <small>{}</small>", summary.effects()));
        let risk = graph.risk.name();
        chip(&format!("risk <b class=\"{risk}\">{risk}</b> <small>{}</small>", summary.risks()));
    }
    chip(&format!(
        "on failure <b>{}</b> <small>{} can be undone</small>",
        graph.on_failure.name(),
        number(summary.undoable)
    ));
    if !summary.secrets.is_empty() {
        chip(&format!("<b>{}</b>", counted(summary.secrets.len(), "secret")));
    }
    if !graph.verdicts.is_empty() {
        chip(&format!("<b>{}</b>", graph.mode().name()));
        verdicts::open(graph).iter().for_each(|open| chip(&markup::short(open, 120)));
    }
    page.push_str("</ul>\n</header>\n");
}

/// What the policies say.
fn policies(graph: &PlanGraph, addresses: &Addresses<'_>, page: &mut String) {
    let said = verdicts::said(graph, addresses);
    if said.is_empty() {
        return;
    }
    page.push_str("<section class=\"policies\">\n");
    let rows = said.iter().map(|line| {
        let what = markup::short(&line.what, MAX_VALUE);
        let what = if line.denies { format!("<b class=\"critical\">{what}</b>") } else { what };
        (code(&line.code), format!("{}<br>{what}", code(&line.about)))
    });
    markup::table("Policies", rows, MAX_ROWS, page);
    page.push_str("</section>\n");
}

/// What all steps share, in tables.
fn about(graph: &PlanGraph, addresses: &Addresses<'_>, page: &mut String) {
    let naming = |id: &NodeId| Some(addresses.address(id));
    let shown = |value: &Value| code(&expression(value, None, &naming, MAX_VALUE));
    let mut body = String::new();
    let arguments = graph.arguments.iter().map(|(name, value)| (code(name), shown(value)));
    markup::table("Arguments", arguments, MAX_ROWS, &mut body);
    for (name, environment) in graph.environments.iter().take(MAX_ROWS) {
        let facts = match &environment.facts {
            Value::Record(facts) => facts.iter().map(|(name, value)| (code(name), shown(value))).collect(),
            other => vec![(code("facts"), shown(other))],
        };
        let groups = environment
            .groups
            .iter()
            .map(|(name, people)| (format!("group {}", code(name)), markup::short(&people.join(", "), MAX_VALUE)));
        let title = format!("Environment {name}");
        markup::table(&title, facts.into_iter().chain(groups), MAX_ROWS, &mut body);
    }
    let adapters = graph.adapters.iter().map(|(name, adapter)| {
        let transport = crate::summary::transport(&adapter.transport);
        (code(name), format!("{} · {}", markup::short(&adapter.version, 60), code(&transport)))
    });
    markup::table("Adapters", adapters, MAX_ROWS, &mut body);
    let data = graph.data.iter().map(|(name, digest)| (code(name), code(digest)));
    markup::table("Data files", data, MAX_ROWS, &mut body);
    let summary = Summary::of(graph);
    let secrets = summary.secrets.iter().map(|name| (code(name), String::new()));
    markup::table("Secrets, by name", secrets, MAX_ROWS, &mut body);
    let returns = graph.returns.iter().map(|value| ("returns".to_owned(), shown(value)));
    markup::table("Result", returns, MAX_ROWS, &mut body);
    if !body.is_empty() {
        page.push_str("<details class=\"about\"><summary>Arguments, environments, adapters, data</summary><div>\n");
        page.push_str(&body);
        page.push_str("</div></details>\n");
    }
}

/// Base64 (RFC 4648, section 4), in which content security policies write digests.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
