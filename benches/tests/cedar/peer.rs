//! What both are asked, and what Cedar says.

use std::path::Path;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Schema,
};
use ordain_compiler::{Asking, Authorizer as Ordain, Decision as Decided, Prepared};
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
        let schema = match schema.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Schema::from_json_str(&read(schema)).unwrap(),
            _ => Schema::from_cedarschema_str(&read(schema)).unwrap().0,
        };
        Self::of(&read(policies), entities, Some(&schema))
    }

    /// Policies that are written, with a schema or without.
    pub(crate) fn of(policies: &str, entities: Value, schema: Option<&Schema>) -> Self {
        let policies = PolicySet::from_str(policies).unwrap();
        Self { policies, entities: Entities::from_json_value(entities, schema).unwrap() }
    }

    /// Whether the request may be, and whether each policy could be decided.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> (bool, bool) {
        self.answer(&self.request(asked))
    }

    /// A request as Cedar has it.
    pub(crate) fn request(&self, asked: &Asked<'_>) -> Request {
        let action = uid(("Action", asked.action));
        let context = match &asked.context {
            Value::Null => Context::empty(),
            context => Context::from_json_value(context.clone(), None).unwrap(),
        };
        Request::new(uid(asked.principal), action, uid(asked.resource), context, None).unwrap()
    }

    /// As [`Self::decide`].
    pub(crate) fn answer(&self, request: &Request) -> (bool, bool) {
        let response = Authorizer::new().is_authorized(request, &self.policies, &self.entities);
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

/// How many requests are also decided without the engine, and from a document.
const WALKED: usize = 500;

/// What Ordain decides, in whichever way it is asked.
pub(crate) fn decided(
    ordain: &Ordain<'_>,
    prepared: &Prepared<'_, '_>,
    asked: &Asked<'_>,
    prefix: &str,
    at: usize,
) -> Decided {
    let (principal, resource) = (format!("{prefix}{}", asked.principal.0), format!("{prefix}{}", asked.resource.0));
    let context = (!asked.context.is_null()).then(|| parsed(&asked.context));
    let asking = Asking {
        principal: (&principal, asked.principal.1),
        action: asked.action,
        resource: (&resource, asked.resource.1),
        context: context.as_ref(),
    };
    let mut decided = prepared.ask(&asking).unwrap();
    if at < WALKED {
        let (path, document) = ("request.json".into(), asked.document(prefix));
        let walked = ordain.decide(&path, &document).unwrap();
        assert_eq!(prepared.decide(&path, &document).unwrap(), walked, "{asked:?}");
        // Places of faults depend on the document.
        decided.faults.clone_from(&walked.faults);
        assert_eq!(decided, walked, "{asked:?}");
    }
    decided
}
