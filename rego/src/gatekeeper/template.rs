//! Templates: a kind of constraint, and the Rego that decides.

use serde_json::{Value as Json, json};

use super::{Constraint, GatekeeperError, Inventory, Review, text, texts, wrong};
use crate::bundle::{Bundle, Dialect};
use crate::error::RegoError;
use crate::evaluate::value_of;
use crate::finding::RegoFinding;
use crate::limits::Limits;
use crate::rule::{RegoRule, RuleKind};

const TARGET: &str = "admission.k8s.gatekeeper.sh";

/// A `ConstraintTemplate`, with its Rego parsed.
#[derive(Debug)]
pub struct ConstraintTemplate {
    name: String,
    kind: String,
    has_parameters: bool,
    rule: RegoRule,
    bundle: Bundle,
}

impl ConstraintTemplate {
    /// Reads a `ConstraintTemplate`. The paths of places in its Rego are pointers into the document (RFC 6901), such
    /// as `/spec/targets/0/rego`.
    ///
    /// Rego stands in `spec.targets[0].rego` and `libs`, or in the entry of `code` whose engine is `Rego`. Other
    /// engines are passed over.
    ///
    /// # Errors
    /// A document of another form, a template without Rego, Rego that does not parse, or no rule `violation`.
    pub fn parse(document: &Json) -> Result<Self, GatekeeperError> {
        if text(document, "/kind") != Some("ConstraintTemplate") {
            return Err(wrong("/kind", "is not `ConstraintTemplate`"));
        }
        let name = text(document, "/metadata/name").unwrap_or("template").to_owned();
        let kind = "/spec/crd/spec/names/kind";
        let kind = text(document, kind).ok_or_else(|| wrong(kind, "is missing"))?.to_owned();
        let target = document.pointer("/spec/targets/0").ok_or_else(|| wrong("/spec/targets/0", "is missing"))?;
        if text(target, "/target") != Some(TARGET) {
            return Err(wrong("/spec/targets/0/target", format!("is not `{TARGET}`")));
        }
        let (source, at) = source(target)?;
        let rego = text(source, "/rego").ok_or_else(|| wrong("/spec/targets/0", "has no Rego"))?;
        let dialect = match text(source, "/version") {
            None | Some("v0") => Dialect::V0,
            Some("v1") => Dialect::V1,
            Some(_) => return Err(wrong("/spec/targets/0", "names a version of Rego that is not `v0` or `v1`")),
        };
        let libs = texts(source, "/libs")?;
        let paths: Vec<String> = (0..libs.len()).map(|index| format!("{at}/libs/{index}")).collect();
        let main = format!("{at}/rego");
        let mut files = vec![(main.as_str(), rego)];
        files.extend(paths.iter().zip(&libs).map(|(path, lib)| (path.as_str(), lib.as_str())));
        let bundle = Bundle::parse(&files, dialect)?;
        let rule = bundle
            .rules()
            .iter()
            .find(|rule| rule.name == "violation" && rule.kind == RuleKind::Violation && rule.place.path == main)
            .cloned()
            .ok_or_else(|| wrong("/spec/targets/0", "has no rule `violation` in its Rego"))?;
        let parameters = document.pointer("/spec/crd/spec/validation/openAPIV3Schema/properties");
        let has_parameters = parameters.and_then(Json::as_object).is_some_and(|parameters| !parameters.is_empty());
        Ok(Self { name, kind, has_parameters, rule, bundle })
    }

    /// The name of the template.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of the constraints that apply it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether the schema of the template has parameters.
    pub(crate) fn has_parameters(&self) -> bool {
        self.has_parameters
    }

    /// Reviews something under a constraint. Where the constraint does not match, nothing is found.
    ///
    /// The message of a finding is the violation's `msg`, its details the violation's `details`, and its severity that
    /// of the constraint.
    ///
    /// # Errors
    /// A constraint of another kind, a selector that cannot be decided, or Rego that gives no answer.
    pub fn review(
        &self,
        constraint: &Constraint,
        review: &Review,
        inventory: &Inventory,
        limits: Limits,
    ) -> Result<Vec<RegoFinding>, GatekeeperError> {
        self.accepts(constraint)?;
        let matches = constraint.matches(review, inventory)?;
        let pairs = matches.then_some((constraint, review));
        let found = self.review_pairs(pairs.as_slice(), inventory, limits)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Whether a constraint is of the kind that the template names.
    pub(crate) fn accepts(&self, constraint: &Constraint) -> Result<(), GatekeeperError> {
        if constraint.kind() == self.kind {
            return Ok(());
        }
        Err(wrong("/kind", format!("is not `{}`, the kind of the template", self.kind)))
    }

    /// What the template says about each of some constraints and reviews that they match.
    pub(crate) fn review_pairs(
        &self,
        pairs: &[(&Constraint, &Review)],
        inventory: &Inventory,
        limits: Limits,
    ) -> Result<Vec<Vec<RegoFinding>>, RegoError> {
        let input = |(constraint, review): &(&Constraint, &Review)| {
            value_of(&json!({ "review": review.document(), "parameters": constraint.parameters() }))
        };
        let inputs = pairs.iter().map(input).collect();
        let data = json!({ "inventory": inventory.document() });
        let mut found = self.bundle.evaluate_rules(vec![self.rule.clone()], Vec::new(), inputs, &data, limits)?;
        for (findings, (constraint, _)) in found.iter_mut().zip(pairs) {
            for finding in findings {
                finding.severity = constraint.severity();
                finding.details = match finding.details.take() {
                    Some(Json::Object(mut members)) => members.remove("details"),
                    Some(_) | None => None,
                };
            }
        }
        Ok(found)
    }
}

/// The member that holds `rego` and `libs`, and where it is in the template.
fn source(target: &Json) -> Result<(&Json, String), GatekeeperError> {
    let here = || "/spec/targets/0".to_owned();
    let Some(engines) = target.get("code").and_then(Json::as_array).filter(|engines| !engines.is_empty()) else {
        return Ok((target, here()));
    };
    let rego = engines.iter().enumerate().find(|(_, engine)| text(engine, "/engine") == Some("Rego"));
    match rego.and_then(|(at, engine)| Some((at, engine.get("source")?))) {
        Some((at, source)) => Ok((source, format!("/spec/targets/0/code/{at}/source"))),
        None if text(target, "/rego").is_some() => Ok((target, here())),
        None => Err(wrong("/spec/targets/0/code", "has no source for the engine `Rego`")),
    }
}
