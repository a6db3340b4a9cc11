//! What both are asked, and what Cedar says.

use std::path::Path;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Schema,
};
use ordain_data::{Format, Node};
use serde_json::Value;

/// Policies and entities as Cedar has them.
pub(crate) struct Cedar {
    policies: PolicySet,
    entities: Entities,
}

/// Who asks for what on what, by type and id.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) principal: (&'a str, &'a str),
    pub(crate) action: &'a str,
    pub(crate) resource: (&'a str, &'a str),
    pub(crate) context: Value,
}

impl Cedar {
    pub(crate) fn new(policies: &Path, schema: &Path, entities: Value) -> Self {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        let policies = PolicySet::from_str(&read(policies)).unwrap();
        let schema = match schema.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Schema::from_json_str(&read(schema)).unwrap(),
            _ => Schema::from_cedarschema_str(&read(schema)).unwrap().0,
        };
        let entities = Entities::from_json_value(entities, Some(&schema)).unwrap();
        Self { policies, entities }
    }

    /// Whether the request may be, and whether each policy could be decided.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> (bool, bool) {
        let action = uid(("Action", asked.action));
        let context = match &asked.context {
            Value::Null => Context::empty(),
            context => Context::from_json_value(context.clone(), None).unwrap(),
        };
        let request = Request::new(uid(asked.principal), action, uid(asked.resource), context, None).unwrap();
        let response = Authorizer::new().is_authorized(&request, &self.policies, &self.entities);
        (response.decision() == Decision::Allow, response.diagnostics().errors().next().is_none())
    }
}

fn uid((ty, id): (&str, &str)) -> EntityUid {
    EntityUid::from_type_name_and_id(EntityTypeName::from_str(ty).unwrap(), EntityId::new(id))
}

/// A document as Ordain reads it.
pub(crate) fn parsed(json: &Value) -> Node {
    ordain_data::parse(Format::Json, &json.to_string()).unwrap()
}

impl Asked<'_> {
    /// The request as a document, with `prefix` before the names of types.
    pub(crate) fn document(&self, prefix: &str) -> Node {
        let entity = |(ty, id): (&str, &str)| serde_json::json!({ "type": format!("{prefix}{ty}"), "id": id });
        let mut document = serde_json::json!({
            "principal": entity(self.principal),
            "action": self.action,
            "resource": entity(self.resource),
        });
        if !self.context.is_null() {
            document["context"] = self.context.clone();
        }
        parsed(&document)
    }
}
