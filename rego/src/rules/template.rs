//! A file with a template of Gatekeeper in it, perhaps with constraints beside it.

use ordain_compiler::{RuleError, RuleErrorPlace, RuleFinding, RulePart, RuleRequest, RuleText, document_json};
use ordain_data::{Format, Node, NodeKind, Pointer, TextRange, parse};
use serde_json::{Value as Json, json};

use crate::error::RegoError;
use crate::finding::{RegoFinding, Severity};
use crate::gatekeeper::{Constraint, ConstraintTemplate, GatekeeperError, Inventory, Review};
use crate::limits::Limits;
use crate::place::{named, range_in_yaml};

/// A file that was read.
#[derive(Debug)]
pub(super) struct TemplateFile {
    template: ConstraintTemplate,
    /// The document that the template is, for places.
    root: Node,
    /// The constraints in the same file.
    constraints: Vec<Constraint>,
}

impl TemplateFile {
    /// Reads the one source there is.
    pub(super) fn parse(sources: &[RuleText]) -> Result<Self, RuleError> {
        let [source] = sources else {
            let message = format!("a template is one file, and there are {}", sources.len());
            return Err(RuleError { message, place: RuleErrorPlace::Unknown });
        };
        let documents = parse(Format::YamlDocuments, &source.text)
            .map_err(|error| RuleError { message: error.message, place: RuleErrorPlace::Source(0, error.range) })?;
        // INVARIANT: this format gives a list.
        let NodeKind::List(roots) = documents.kind else { return Err(no_template()) };
        let (templates, others): (Vec<_>, Vec<_>) = roots
            .into_iter()
            .map(|root| (document_json(&root), root))
            .filter(|(document, _)| !document.is_null())
            .partition(|(document, _)| document["kind"] == "ConstraintTemplate");
        let mut templates = templates.into_iter();
        let (document, root) = match (templates.next(), templates.next()) {
            (Some(template), None) => template,
            (None, _) => return Err(no_template()),
            (Some(_), Some((_, second))) => {
                let message = "the file has two templates".to_owned();
                return Err(RuleError { message, place: RuleErrorPlace::Source(0, second.range) });
            }
        };
        let template = ConstraintTemplate::parse(&document).map_err(|error| in_file(&error, &source.text, &root))?;
        let constraint = |(document, root): (Json, Node)| {
            let read = Constraint::parse(&document).and_then(|constraint| {
                template.accepts(&constraint)?;
                Ok(constraint)
            });
            read.map_err(|error| in_file(&error, &source.text, &root))
        };
        let constraints = others.into_iter().map(constraint).collect::<Result<_, _>>()?;
        Ok(Self { template, root, constraints })
    }

    /// What the template says about each part under all constraints.
    pub(super) fn judge(&self, request: &RuleRequest<'_>) -> Result<Vec<Vec<RuleFinding>>, RuleError> {
        let given = request.data.map(|data| self.given(data)).transpose()?.unwrap_or_default();
        let mut constraints: Vec<&Constraint> = self.constraints.iter().chain(&given).collect();
        let everything;
        if constraints.is_empty() {
            if self.template.has_parameters() && !request.parts.is_empty() {
                let message = format!("`{}` has parameters, and no constraint gives them", self.template.kind());
                return Err(RuleError { message, place: RuleErrorPlace::Source(0, self.at("/metadata/name").range) });
            }
            everything = self.parametrized(json!({}))?;
            constraints.push(&everything);
        }
        let inventory = inventory(request.document);
        let mut pairs = Vec::new();
        let mut reviews = Vec::with_capacity(request.parts.len());
        for (at, part) in request.parts.iter().enumerate() {
            let object = match part {
                RulePart::Place(part) => request.document.pointer(part.as_str()).unwrap_or(&Json::Null),
                RulePart::Made { value, .. } => value,
            };
            reviews.push(Review::parse(object).map_err(|error| about_part(&error, at))?);
        }
        for (at, review) in reviews.iter().enumerate() {
            for constraint in &constraints {
                if constraint.matches(review, &inventory).map_err(|error| about_part(&error, at))? {
                    pairs.push((at, (*constraint, review)));
                }
            }
        }
        let (places, pairs): (Vec<usize>, Vec<(&Constraint, &Review)>) = pairs.into_iter().unzip();
        let source = &request.sources[0];
        let found = self
            .template
            .review_pairs(&pairs, &inventory, Limits::for_document(request.document))
            .map_err(|error| in_rego(&error, &source.text, &self.root))?;
        let mut findings = vec![Vec::new(); reviews.len()];
        for (at, found) in places.into_iter().zip(found) {
            findings[at].extend(found.into_iter().map(|found| self.finding(found, &source.text)));
        }
        Ok(findings)
    }

    /// The constraints that a policy gives: one, several, or only parameters.
    fn given(&self, data: &Json) -> Result<Vec<Constraint>, RuleError> {
        let read = |document: &Json, at: &Pointer| {
            let constraint = Constraint::parse(document).and_then(|constraint| {
                self.template.accepts(&constraint)?;
                Ok(constraint)
            });
            constraint.map_err(|error| {
                let below = pointer(&error).and_then(|pointer| Pointer::parse(&pointer)).unwrap_or_default();
                RuleError { message: error.to_string(), place: RuleErrorPlace::Data(at.clone().join(&below)) }
            })
        };
        match data {
            Json::Array(documents) => {
                let each = documents.iter().enumerate().map(|(index, document)| {
                    let mut at = Pointer::root();
                    at.push_index(index);
                    read(document, &at)
                });
                each.collect()
            }
            Json::Object(members) if !members.contains_key("kind") && !members.contains_key("apiVersion") => {
                Ok(vec![self.parametrized(data.clone())?])
            }
            document => Ok(vec![read(document, &Pointer::root())?]),
        }
    }

    /// A constraint that matches everything, with parameters.
    fn parametrized(&self, parameters: Json) -> Result<Constraint, RuleError> {
        let document = json!({
            "apiVersion": "constraints.gatekeeper.sh/v1beta1",
            "kind": self.template.kind(),
            "metadata": { "name": self.template.name() },
            "spec": { "parameters": parameters },
        });
        Constraint::parse(&document)
            .map_err(|error| RuleError { message: error.to_string(), place: RuleErrorPlace::Unknown })
    }

    fn finding(&self, found: RegoFinding, text: &str) -> RuleFinding {
        let rule = range_in_yaml(text, self.at(&found.place.path), &found.place);
        RuleFinding {
            denies: found.severity == Severity::Deny,
            lifted: found.excepted,
            place: named(found.details.as_ref()),
            message: found.message,
            rule: Some((0, rule)),
        }
    }

    fn at(&self, pointer: &str) -> &Node {
        node(&self.root, pointer)
    }
}

fn no_template() -> RuleError {
    let message = "the file has no `ConstraintTemplate`".to_owned();
    RuleError { message, place: RuleErrorPlace::Source(0, TextRange::default()) }
}

/// The node that a pointer leads to, or the whole where it leads nowhere.
fn node<'a>(root: &'a Node, pointer: &str) -> &'a Node {
    Pointer::parse(pointer).and_then(|pointer| pointer.find(root)).unwrap_or(root)
}

/// What templates see of the whole document: it, or each object in it.
fn inventory(document: &Json) -> Inventory {
    let objects = match document {
        Json::Array(objects) => objects.as_slice(),
        one => match one.get("items") {
            Some(Json::Array(items)) => items.as_slice(),
            _ => std::slice::from_ref(one),
        },
    };
    let mut inventory = Inventory::new();
    for object in objects {
        // What has no name is no object that others could look for.
        let _ = inventory.add(object);
    }
    inventory
}

/// The place that an error names in its document.
fn pointer(error: &GatekeeperError) -> Option<String> {
    match error {
        GatekeeperError::Document { pointer, .. } => Some(pointer.clone()),
        GatekeeperError::Rego(_) => None,
    }
}

fn about_part(error: &GatekeeperError, at: usize) -> RuleError {
    RuleError { message: error.to_string(), place: RuleErrorPlace::Part(at) }
}

/// An error about a document of the file.
fn in_file(error: &GatekeeperError, text: &str, root: &Node) -> RuleError {
    match error {
        GatekeeperError::Rego(error) => in_rego(error, text, root),
        GatekeeperError::Document { pointer, .. } => {
            // What is missing has no place; what is around it has.
            let mut nearest = Pointer::parse(pointer).unwrap_or_default();
            while nearest.find(root).is_none() {
                nearest.pop();
            }
            let range = nearest.find(root).unwrap_or(root).range;
            RuleError { message: error.to_string(), place: RuleErrorPlace::Source(0, range) }
        }
    }
}

/// An error in the Rego of a template.
fn in_rego(error: &RegoError, text: &str, root: &Node) -> RuleError {
    let place = match &error.place {
        Some(place) => RuleErrorPlace::Source(0, range_in_yaml(text, node(root, &place.path), place)),
        None => RuleErrorPlace::Unknown,
    };
    RuleError { message: error.message.clone(), place }
}
