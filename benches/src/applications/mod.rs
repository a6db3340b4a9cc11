//! Three applications with entities and requests, as the evaluation of Cedar's OOPSLA paper has them: documents, repositories
//! and lists of tasks. Both engines are given the same entities, and asked the same.

mod drive;
mod repositories;
mod todo;

use serde_json::{Value, json};

use crate::random::Random;

/// The type and the id of an entity.
pub type Name = (&'static str, String);

/// An entity with what is known of it.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its type and id.
    pub name: Name,
    /// Its attributes; references among them are `{ "type", "id" }`.
    pub attributes: Value,
    /// What it belongs to.
    pub parents: Vec<Name>,
}

/// Who asks to do what to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Name,
    /// What for.
    pub action: &'static str,
    /// On what.
    pub resource: Name,
}

/// An application at some size, with the requests that are asked of it.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its name, which is that of the module of its policies.
    pub name: &'static str,
    /// Its entities.
    pub entities: Vec<Entity>,
    /// What is asked.
    pub requests: Vec<Request>,
}

impl Application {
    /// The three of them, each with about so many entities of each kind and so many requests.
    pub fn all(size: usize, requests: usize, seed: u64) -> [Self; 3] {
        [drive::make(size, requests, seed), repositories::make(size, requests, seed), todo::make(size, requests, seed)]
    }

    /// The entities as a document, with `prefix` before the names of types.
    pub fn entities_json(&self, prefix: &str) -> Value {
        let entity = |entity: &Entity| {
            json!({
                "uid": reference(&entity.name, prefix),
                "attrs": prefixed(&entity.attributes, prefix),
                "parents": entity.parents.iter().map(|parent| reference(parent, prefix)).collect::<Vec<_>>(),
            })
        };
        self.entities.iter().map(entity).collect()
    }
}

fn reference((ty, id): &Name, prefix: &str) -> Value {
    json!({ "type": format!("{prefix}{ty}"), "id": id })
}

/// The same value with `prefix` before the types of references.
fn prefixed(value: &Value, prefix: &str) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| match member {
                Value::String(ty) if name == "type" => (name.clone(), format!("{prefix}{ty}").into()),
                member => (name.clone(), prefixed(member, prefix)),
            })
            .collect(),
        Value::Array(elements) => elements.iter().map(|each| prefixed(each, prefix)).collect(),
        other => other.clone(),
    }
}

fn named(ty: &'static str, count: usize) -> Vec<Name> {
    (0..count.max(1)).map(|at| (ty, format!("{}{at}", ty.to_lowercase()))).collect()
}

/// A few of several, each at most once.
fn some(random: &mut Random, of: &[Name], most: usize) -> Vec<Name> {
    let count = random.below(most + 1);
    let mut chosen: Vec<Name> = (0..count).map(|_| random.pick(of).clone()).collect();
    chosen.sort();
    chosen.dedup();
    chosen
}

/// Some of those that stand before the one at a place, so that nobody belongs to themselves.
fn earlier(random: &mut Random, of: &[Name], at: usize, most: usize) -> Vec<Name> {
    some(random, &of[..at.max(1)], most).into_iter().filter(|name| *name != of[at]).collect()
}

fn references(names: &[Name]) -> Value {
    names.iter().map(|name| reference(name, "")).collect()
}

/// Requests among what there is; one of fifty names an entity that is not there.
fn requests(random: &mut Random, count: usize, principals: &[Name], asked: &[(&'static str, &[Name])]) -> Vec<Request> {
    let one = |random: &mut Random| {
        let (action, resources) = random.pick(asked);
        let mut principal = random.pick(principals).clone();
        let mut resource = random.pick(resources).clone();
        match random.below(100) {
            0 => principal.1.push_str("-gone"),
            1 => resource.1.push_str("-gone"),
            _ => {}
        }
        Request { principal, action, resource }
    };
    (0..count).map(|_| one(random)).collect()
}
