//! What a plan of Terraform would do, as lists that conditions over outputs can look at.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a plan would do to managed resources, by their addresses, and to outputs, by their names. Each in order, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    pub(super) created: BTreeSet<String>,
    pub(super) updated: BTreeSet<String>,
    pub(super) replaced: BTreeSet<String>,
    pub(super) deleted: BTreeSet<String>,
    pub(super) forgotten: BTreeSet<String>,
    pub(super) imported: BTreeSet<String>,
    /// Whatever a later version of Terraform may do besides.
    pub(super) others: BTreeSet<String>,
    pub(super) outputs: BTreeSet<String>,
    /// The types of all these resources.
    pub(super) types: BTreeSet<String>,
}

impl Changes {
    /// Those of a plan as `terraform show -json` prints it.
    pub(super) fn of(document: &Json) -> Self {
        let mut changes = Self::default();
        for resource in elements(&document["resource_changes"]) {
            changes.add(resource);
        }
        for deferred in elements(&document["deferred_changes"]) {
            let address = text(&deferred["resource_change"]["address"]);
            changes.others.insert(format!("{} (deferred)", address.unwrap_or_default()));
        }
        for action in elements(&document["action_invocations"]) {
            changes.others.insert(text(&action["address"]).unwrap_or_default());
        }
        for (name, output) in document["output_changes"].as_object().into_iter().flatten() {
            if actions(output) != ["no-op"] {
                changes.outputs.insert(name.clone());
            }
        }
        changes
    }

    fn add(&mut self, resource: &Json) {
        let change = &resource["change"];
        let imported = !change["importing"].is_null();
        let kind = match actions(change).as_slice() {
            ["no-op"] if imported => None,
            ["no-op"] | ["read"] => return,
            ["create"] => Some(&mut self.created),
            ["update"] => Some(&mut self.updated),
            ["delete"] => Some(&mut self.deleted),
            ["delete", "create"] | ["create", "delete"] => Some(&mut self.replaced),
            ["forget"] => Some(&mut self.forgotten),
            _ => Some(&mut self.others),
        };
        let address = text(&resource["address"]).unwrap_or_default();
        if let Some(kind) = kind {
            kind.insert(address.clone());
        }
        if imported {
            self.imported.insert(address);
        }
        self.types.extend(text(&resource["type"]));
    }

    /// What is done to resources and outputs, a line each; empty where nothing is.
    pub(super) fn lines(&self) -> Vec<String> {
        let kinds = [
            ("create", &self.created),
            ("update", &self.updated),
            ("replace", &self.replaced),
            ("delete", &self.deleted),
            ("forget", &self.forgotten),
            ("import", &self.imported),
            ("other", &self.others),
            ("output", &self.outputs),
        ];
        kinds.into_iter().flat_map(|(what, of)| of.iter().map(move |each| format!("{what} {each}"))).collect()
    }

    /// The resources that are lost, be it for new ones.
    pub(super) fn losses(&self) -> impl Iterator<Item = &String> {
        self.replaced.iter().chain(&self.deleted).chain(&self.forgotten)
    }
}

/// The addresses of all managed resources of a state, as `terraform show -json` prints it.
pub(super) fn resources(values: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![&values["root_module"]];
    while let Some(module) = open.pop() {
        open.extend(elements(&module["child_modules"]));
        let managed = elements(&module["resources"]).filter(|resource| resource["mode"] == "managed");
        found.extend(managed.filter_map(|resource| text(&resource["address"])));
    }
    found
}

fn actions(change: &Json) -> Vec<&str> {
    elements(&change["actions"]).map(|action| action.as_str().unwrap_or_default()).collect()
}

fn elements(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_change_is_told() {
        let one = |address: &str, actions: Json| json!({ "address": address, "type": "t", "mode": "managed", "change": { "actions": actions } });
        let document = json!({
            "resource_changes": [
                one("a", json!(["create"])),
                one("b", json!(["update"])),
                one("c", json!(["delete"])),
                one("d", json!(["delete", "create"])),
                one("e", json!(["create", "delete"])),
                one("f", json!(["forget"])),
                one("g", json!(["no-op"])),
                one("h", json!(["read"])),
                one("i", json!(["some-day"])),
                { "address": "j", "type": "u", "change": { "actions": ["no-op"], "importing": { "id": "1" } } },
                { "address": "k", "type": "v" },
            ],
            "output_changes": { "x": { "actions": ["update"] }, "y": { "actions": ["no-op"] } },
        });
        let changes = Changes::of(&document);
        let lines = [
            "create a",
            "update b",
            "replace d",
            "replace e",
            "delete c",
            "forget f",
            "import j",
            "other i",
            "other k",
            "output x",
        ];
        assert_eq!(changes.lines(), lines);
        assert_eq!(changes.losses().collect::<Vec<_>>(), ["d", "e", "c", "f"]);
        assert_eq!(changes.types.iter().collect::<Vec<_>>(), ["t", "u", "v"]);
        assert_eq!(Changes::of(&json!("nonsense")), Changes::default());
    }
}
