//! What is reviewed: an object, or a request to change one.

use serde_json::{Map, Value as Json, json};

use super::{GatekeeperError, group_version, text, wrong};

/// What a template sees as `input.review`.
#[derive(Clone, Debug)]
pub struct Review {
    document: Map<String, Json>,
}

impl Review {
    /// Reads what is to be reviewed: an `AdmissionReview`, whose request is taken as it is, or any other object.
    ///
    /// What a request leaves out and its object tells is filled in: `kind`, `name` and `namespace`. A request to delete
    /// has its old object as its object.
    ///
    /// # Errors
    /// A document without `kind`, or a request without an object.
    pub fn parse(document: &Json) -> Result<Self, GatekeeperError> {
        let kind = text(document, "/kind").ok_or_else(|| wrong("/kind", "is missing"))?;
        let mut request = if kind == "AdmissionReview" && group_version(document).0 == "admission.k8s.io" {
            match document.get("request") {
                Some(Json::Object(request)) => request.clone(),
                _ => return Err(wrong("/request", "is missing")),
            }
        } else {
            Map::from_iter([("object".to_owned(), document.clone())])
        };
        let is_there = |object: Option<&Json>| object.is_some_and(Json::is_object);
        if request.get("operation").and_then(Json::as_str) == Some("DELETE") && !is_there(request.get("object")) {
            let old = request.get("oldObject").cloned().unwrap_or(Json::Null);
            request.insert("object".to_owned(), old);
        }
        let object = match request.get("object").filter(|object| object.is_object()) {
            Some(object) => object.clone(),
            None => return Err(wrong("/request/object", "is missing")),
        };
        let (group, version) = group_version(&object);
        let kind = text(&object, "/kind").unwrap_or_default();
        request.entry("kind").or_insert_with(|| json!({ "group": group, "version": version, "kind": kind }));
        for member in ["name", "namespace"] {
            if let Some(text) = text(&object, &format!("/metadata/{member}")) {
                request.entry(member).or_insert_with(|| Json::from(text));
            }
        }
        Ok(Self { document: request })
    }

    pub(super) fn document(&self) -> &Map<String, Json> {
        &self.document
    }

    /// The object and the one that it replaces.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Json> {
        ["object", "oldObject"]
            .into_iter()
            .filter_map(|member| self.document.get(member))
            .filter(|object| object.is_object())
    }

    /// The namespace of the request; empty for objects of the cluster.
    pub(super) fn namespace(&self) -> &str {
        self.document.get("namespace").and_then(Json::as_str).unwrap_or_default()
    }
}
