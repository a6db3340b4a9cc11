//! Where the nodes of a plan file lie, so that they can be read in parallel.
//!
//! Only brackets, commas and texts are looked at. Whatever comes of that is held to the plan's canonical bytes later, like
//! any other way of reading them.

use std::ops::Range;

/// The places of a plan's nodes in its file.
pub(super) struct Split {
    /// Behind the bracket that opens the array.
    pub(super) open: usize,
    /// Each node, in order: an object from its first brace to its last.
    pub(super) nodes: Vec<Range<usize>>,
    /// The bracket that closes the array.
    pub(super) close: usize,
}

/// How far the scan has come with the array.
enum Stage {
    /// It was not found yet.
    Before,
    /// In it: whether a comma was seen since the last node, and where the node began that is open.
    Within { comma: bool, from: usize },
    /// It is closed.
    Behind,
    /// There are two, or something in it is no object.
    Lost,
}

/// How deep brackets nest outside of texts, and where the nodes lie; nothing where that is not as in any plan.
pub(super) fn nodes(bytes: &[u8]) -> (usize, Option<Split>) {
    let (mut deepest, mut open) = (0usize, 0usize);
    let (mut in_text, mut escaped) = (false, false);
    let mut split = Split { open: 0, nodes: Vec::new(), close: 0 };
    let mut stage = Stage::Before;
    for (at, byte) in bytes.iter().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        let inside = open == 2 && matches!(stage, Stage::Within { .. });
        match byte {
            b'[' | b'{' => {
                if open == 1 && *byte == b'[' && is_named_nodes(&bytes[..at]) {
                    stage = match stage {
                        Stage::Before => Stage::Within { comma: true, from: 0 },
                        _ => Stage::Lost,
                    };
                    split.open = at + 1;
                } else if inside {
                    stage = match stage {
                        Stage::Within { comma: true, .. } if *byte == b'{' => Stage::Within { comma: false, from: at },
                        _ => Stage::Lost,
                    };
                }
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => {
                if let (3, b'}', Stage::Within { from, .. }) = (open, byte, &stage) {
                    split.nodes.push(*from..at + 1);
                } else if inside {
                    stage = match stage {
                        // A comma is missed before the first node only.
                        Stage::Within { comma, .. } if comma == split.nodes.is_empty() && *byte == b']' => {
                            Stage::Behind
                        }
                        _ => Stage::Lost,
                    };
                    split.close = at;
                }
                open = open.saturating_sub(1);
            }
            b',' if inside => {
                stage = match stage {
                    Stage::Within { comma: false, from } => Stage::Within { comma: true, from },
                    _ => Stage::Lost,
                };
            }
            b' ' | b'\n' | b'\r' | b'\t' => {}
            byte => {
                in_text = *byte == b'"';
                if inside {
                    stage = Stage::Lost;
                }
            }
        }
    }
    (deepest, matches!(stage, Stage::Behind).then_some(split))
}

/// Whether JSON ends with the name of the member `nodes`, but for its value.
fn is_named_nodes(before: &[u8]) -> bool {
    let before = before.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    before.is_some_and(|before| before.ends_with(b"\"nodes\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<&str>> {
        let split = nodes(text.as_bytes()).1?;
        assert_eq!((&text[split.open - 1..split.open], &text[split.close..=split.close]), ("[", "]"));
        Some(split.nodes.into_iter().map(|range| &text[range]).collect())
    }

    #[test]
    fn nodes_are_told_apart() {
        let node = r#"{"a":"]}{[,\\\"","b":[{"nodes":[1,{}]}]}"#;
        assert_eq!(found(r#"{"a":[1],"nodes":[],"z":{"nodes":[{}]}}"#), Some(vec![]));
        assert_eq!(found(&format!(r#"{{"nodes" : [ {node} ],"z":[2]}}"#)), Some(vec![node]));
        assert_eq!(found(&format!("{{\"nodes\":[{node},\n{{}} ,{node}]}}")), Some(vec![node, "{}", node]));
    }

    #[test]
    fn whatever_is_no_list_of_objects_is_left_alone() {
        let lists =
            ["[{},]", "[,{}]", "[{}{}]", "[{},,{}]", "[{},1]", "[1]", "[[]]", "[\"\"]", "[{}", "[{}}", "{}", "[,]"];
        for list in lists {
            assert_eq!(found(&format!("{{\"nodes\":{list}}}")), None, "{list}");
        }
        for text in ["", "[]", "{}", r#"[{"nodes":[]}]"#, r#"{"nodes":[],"nodes":[]}"#, r#"{"x":"nodes",[]}"#] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_of_texts() {
        assert_eq!(nodes(br#"{"[[[[":[{"\"[[[[":1}]}"#).0, 3);
        assert_eq!(nodes(b"]]]]").0, 0);
    }
}
