//! The objects that a template can look at besides the one that is reviewed.

use serde_json::{Map, Value as Json};

use super::{GatekeeperError, text, wrong};

/// What templates see as `data.inventory`.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    root: Map<String, Json>,
}

impl Inventory {
    /// An inventory without objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object, or replaces the one of the same kind, namespace and name.
    ///
    /// # Errors
    /// An object without `apiVersion`, `kind` or `metadata.name`.
    pub fn add(&mut self, object: &Json) -> Result<(), GatekeeperError> {
        let member = |pointer: &str| text(object, pointer).ok_or_else(|| wrong(pointer, "is missing"));
        let (version, kind, name) = (member("/apiVersion")?, member("/kind")?, member("/metadata/name")?);
        let path = match text(object, "/metadata/namespace") {
            Some(namespace) => vec!["namespace", namespace, version, kind],
            None => vec!["cluster", version, kind],
        };
        let mut place = &mut self.root;
        for step in path {
            let next = place.entry(step).or_insert_with(|| Json::Object(Map::new()));
            // Only this function makes entries, and none of them above an object is anything else.
            let Json::Object(next) = next else { return Err(wrong("/metadata/name", "has no place in the inventory")) };
            place = next;
        }
        place.insert(name.to_owned(), object.clone());
        Ok(())
    }

    /// A namespace, as an object.
    pub(super) fn namespace(&self, name: &str) -> Option<&Json> {
        self.root.get("cluster")?.get("v1")?.get("Namespace")?.get(name)
    }

    pub(super) fn document(&self) -> &Map<String, Json> {
        &self.root
    }
}
