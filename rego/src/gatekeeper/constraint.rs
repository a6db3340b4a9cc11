//! Constraints: which objects a template decides about, and with which parameters.

use serde_json::{Map, Value as Json};

use super::selector::{Selector, wildcard};
use super::{GatekeeperError, Inventory, Review, group_version, is_namespace, text, texts, wrong};
use crate::finding::Severity;

/// A constraint: a document of the kind that a template names.
#[derive(Clone, Debug)]
pub struct Constraint {
    name: String,
    kind: String,
    severity: Severity,
    parameters: Json,
    kinds: Vec<Kinds>,
    scope: String,
    namespaces: Vec<String>,
    excluded: Vec<String>,
    labels: Option<Selector>,
    namespace_labels: Option<Selector>,
    object_name: Option<String>,
}

/// One entry of `match.kinds`. An empty list, like `*`, stands for all.
#[derive(Clone, Debug)]
struct Kinds {
    groups: Vec<String>,
    kinds: Vec<String>,
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// A document of another form.
    pub fn parse(document: &Json) -> Result<Self, GatekeeperError> {
        let kind = text(document, "/kind").ok_or_else(|| wrong("/kind", "is missing"))?;
        if group_version(document).0 != "constraints.gatekeeper.sh" {
            return Err(wrong("/apiVersion", "is not one of `constraints.gatekeeper.sh`"));
        }
        let severity = match text(document, "/spec/enforcementAction") {
            None | Some("deny" | "scoped") => Severity::Deny,
            Some("warn" | "dryrun") => Severity::Warn,
            Some(_) => {
                return Err(wrong("/spec/enforcementAction", "is none of `deny`, `scoped`, `warn` and `dryrun`"));
            }
        };
        let kinds = match document.pointer("/spec/match/kinds") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(entries)) => entries
                .iter()
                .map(|entry| Ok(Kinds { groups: texts(entry, "/apiGroups")?, kinds: texts(entry, "/kinds")? }))
                .collect::<Result<_, GatekeeperError>>()?,
            Some(_) => return Err(wrong("/spec/match/kinds", "is not a list")),
        };
        let selector = |pointer: &str| match document.pointer(pointer) {
            None | Some(Json::Null) => Ok(None),
            Some(selector) => Selector::parse(selector, pointer).map(Some),
        };
        Ok(Self {
            name: text(document, "/metadata/name").unwrap_or_default().to_owned(),
            kind: kind.to_owned(),
            severity,
            parameters: match document.pointer("/spec/parameters") {
                None | Some(Json::Null) => Json::Object(Map::new()),
                Some(parameters) => parameters.clone(),
            },
            kinds,
            scope: text(document, "/spec/match/scope").unwrap_or("*").to_owned(),
            namespaces: texts(document, "/spec/match/namespaces")?,
            excluded: texts(document, "/spec/match/excludedNamespaces")?,
            labels: selector("/spec/match/labelSelector")?,
            namespace_labels: selector("/spec/match/namespaceSelector")?,
            object_name: text(document, "/spec/match/name").map(str::to_owned),
        })
    }

    /// The name of the constraint.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind, which is that of a template.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// How much its findings weigh: `warn` and `dryrun` let an object pass.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    pub(super) fn parameters(&self) -> &Json {
        &self.parameters
    }

    /// Whether this constraint is about what is reviewed: its object, or the one that it replaces.
    ///
    /// # Errors
    /// A namespace selector, where the inventory does not have the namespace.
    pub fn matches(&self, review: &Review, inventory: &Inventory) -> Result<bool, GatekeeperError> {
        for object in review.objects() {
            if self.matches_object(object, review.namespace(), inventory)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn matches_object(&self, object: &Json, namespace: &str, inventory: &Inventory) -> Result<bool, GatekeeperError> {
        let is_namespace = is_namespace(object);
        let name = text(object, "/metadata/name").unwrap_or_default();
        let own = text(object, "/metadata/namespace").unwrap_or(namespace);
        // Where the object stands; for a namespace that is itself. None for what stands in the cluster.
        let inside = if is_namespace { Some(name) } else { Some(own).filter(|own| !own.is_empty()) };

        let (group, _) = group_version(object);
        let kind = text(object, "/kind").unwrap_or_default();
        let all_or =
            |list: &[String], one: &str| list.is_empty() || list.iter().any(|entry| entry == "*" || entry == one);
        let kinds = self.kinds.is_empty()
            || self.kinds.iter().any(|entry| all_or(&entry.groups, group) && all_or(&entry.kinds, kind));
        let scope = match self.scope.as_str() {
            "Cluster" => is_namespace || inside.is_none(),
            "Namespaced" => !is_namespace && inside.is_some(),
            _ => true,
        };
        let listed = |list: &[String]| inside.map(|inside| list.iter().any(|pattern| wildcard(pattern, inside)));
        let namespaces = self.namespaces.is_empty() || listed(&self.namespaces).unwrap_or(true);
        let excluded = listed(&self.excluded).unwrap_or(false);
        let labels = self.labels.as_ref().is_none_or(|selector| selector.matches(object));
        let named = self.object_name.as_ref().is_none_or(|pattern| wildcard(pattern, name));
        if !(kinds && scope && namespaces && !excluded && labels && named) {
            return Ok(false);
        }
        let (Some(selector), Some(inside)) = (&self.namespace_labels, inside) else { return Ok(true) };
        if is_namespace {
            return Ok(selector.matches(object));
        }
        let pointer = "/spec/match/namespaceSelector";
        let problem = || wrong(pointer, format!("cannot be decided: the inventory has no namespace `{inside}`"));
        inventory.namespace(inside).map(|namespace| selector.matches(namespace)).ok_or_else(problem)
    }
}
