//! Keeps what Terraform calls sensitive out of its documents.
//!
//! Terraform marks places, not values: a value that is marked in one place may stand in another without a mark, as in the
//! `output` of a `terraform_data` whose `input` is sensitive. So what stands at a mark is taken out wherever else it is a
//! value, too. What policies go by, such as addresses and actions, is never touched.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

/// What stands in the place of a sensitive value, as in what Terraform prints.
const HIDDEN: &str = "(sensitive)";

/// From this length on, in bytes, a sensitive text is taken out of longer texts; shorter ones would garble everything.
const LEAST: usize = 6;

/// What to do with a value, given what is sensitive of it: `true`, or the same shape with `true` in some places.
type Visit<'v> = dyn FnMut(&mut Json, &Json) + 'v;

/// Takes out all sensitive values of a plan as `terraform show -json` prints it.
pub(super) fn redact(document: &mut Json) {
    let mut found = BTreeSet::new();
    visit(document, &mut |value, marks| hide(value, marks, &mut found));
    found.remove("");
    found.remove(HIDDEN);
    if !found.is_empty() {
        visit(document, &mut |value, _| blot(value, &found));
    }
}

/// Takes out all sensitive values of a state as `terraform show -json` prints it.
pub(super) fn redact_state(state: &mut Json) {
    let mut document = Json::Object(Map::from_iter([("prior_state".to_owned(), state.take())]));
    redact(&mut document);
    *state = document["prior_state"].take();
}

/// Visits whatever is a value of a resource, a variable or an output.
fn visit(document: &mut Json, visit: &mut Visit<'_>) {
    let sensitive = sensitive_variables(document);
    let Json::Object(members) = document else { return };
    for (name, member) in members {
        match name.as_str() {
            "variables" => each(member, |name, variable| {
                visit_member(variable, "value", &Json::Bool(sensitive.contains(name)), visit);
            }),
            "resource_changes" | "resource_drift" => each(member, |_, resource| {
                if let Some(inner) = resource.get_mut("change") {
                    change(inner, visit);
                }
            }),
            "deferred_changes" => each(member, |_, deferred| {
                if let Some(inner) = deferred.get_mut("resource_change").and_then(|one| one.get_mut("change")) {
                    change(inner, visit);
                }
            }),
            "output_changes" => each(member, |_, output| change(output, visit)),
            "planned_values" => values(member, visit),
            "prior_state" => {
                if let Some(inner) = member.get_mut("values") {
                    values(inner, visit);
                }
            }
            "configuration" => configuration(member, visit),
            "checks" | "action_invocations" => visit(member, &Json::Null),
            _ => {}
        }
    }
}

/// The variables of the root module that are sensitive.
fn sensitive_variables(document: &Json) -> BTreeSet<String> {
    let variables = document["configuration"]["root_module"]["variables"].as_object();
    let sensitive = variables.into_iter().flatten().filter(|(_, variable)| variable["sensitive"] == true);
    sensitive.map(|(name, _)| name.clone()).collect()
}

fn change(change: &mut Json, visit: &mut Visit<'_>) {
    for (member, marks) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
        let marks = change[marks].clone();
        visit_member(change, member, &marks, visit);
    }
    for member in ["importing", "generated_config", "before_identity", "after_identity"] {
        visit_member(change, member, &Json::Null, visit);
    }
}

fn values(values: &mut Json, visit: &mut Visit<'_>) {
    if let Some(outputs) = values.get_mut("outputs") {
        each(outputs, |_, output| {
            let marks = output["sensitive"].clone();
            visit_member(output, "value", &marks, visit);
        });
    }
    if let Some(module) = values.get_mut("root_module") {
        // Deep modules need no deep stack.
        let mut open = vec![module];
        while let Some(Json::Object(module)) = open.pop() {
            for (name, member) in module {
                match (name.as_str(), member) {
                    ("resources", Json::Array(resources)) => {
                        for resource in resources {
                            let marks = resource["sensitive_values"].clone();
                            visit_member(resource, "values", &marks, visit);
                        }
                    }
                    ("child_modules", Json::Array(modules)) => open.extend(modules),
                    _ => {}
                }
            }
        }
    }
}

fn configuration(configuration: &mut Json, visit: &mut Visit<'_>) {
    if let Some(providers) = configuration.get_mut("provider_config") {
        each(providers, |_, provider| visit_member(provider, "expressions", &Json::Null, visit));
    }
    let mut open: Vec<&mut Json> = configuration.get_mut("root_module").into_iter().collect();
    while let Some(Json::Object(module)) = open.pop() {
        for (name, member) in module {
            match name.as_str() {
                "variables" => each(member, |_, variable| {
                    let marks = variable["sensitive"].clone();
                    visit_member(variable, "default", &marks, visit);
                }),
                "outputs" => each(member, |_, output| visit_member(output, "expression", &Json::Null, visit)),
                "resources" => each(member, |_, resource| {
                    visit_member(resource, "expressions", &Json::Null, visit);
                    visit_member(resource, "provisioners", &Json::Null, visit);
                }),
                "module_calls" => {
                    for call in member.as_object_mut().into_iter().flat_map(|calls| calls.values_mut()) {
                        visit_member(call, "expressions", &Json::Null, visit);
                        open.extend(call.get_mut("module"));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Each member of an object, or element of a list, that is an object itself.
fn each(json: &mut Json, mut with: impl FnMut(&str, &mut Json)) {
    match json {
        Json::Object(members) => {
            members.iter_mut().filter(|(_, member)| member.is_object()).for_each(|(name, member)| with(name, member));
        }
        Json::Array(elements) => elements.iter_mut().filter(|each| each.is_object()).for_each(|each| with("", each)),
        _ => {}
    }
}

fn visit_member(object: &mut Json, name: &str, marks: &Json, visit: &mut Visit<'_>) {
    if let Some(member) = object.get_mut(name) {
        visit(member, marks);
    }
}

/// Takes out what is marked, and collects its texts.
fn hide(value: &mut Json, marks: &Json, found: &mut BTreeSet<String>) {
    match (marks, &mut *value) {
        (Json::Bool(true), Json::Null) => {}
        (Json::Bool(true), value) => {
            texts(value, found);
            *value = HIDDEN.into();
        }
        (Json::Object(marks), Json::Object(members)) => {
            for (name, marks) in marks {
                if let Some(member) = members.get_mut(name) {
                    hide(member, marks, found);
                }
            }
        }
        (Json::Array(marks), Json::Array(elements)) => {
            marks.iter().zip(elements).for_each(|(marks, element)| hide(element, marks, found));
        }
        _ => {}
    }
}

fn texts(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            found.insert(text.clone());
        }
        Json::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Json::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

/// Takes texts out of a value, wherever they are, or are a part of one.
fn blot(value: &mut Json, found: &BTreeSet<String>) {
    match value {
        Json::String(text) if found.contains(text) => HIDDEN.clone_into(text),
        Json::String(text) => {
            for secret in found.iter().filter(|secret| secret.len() >= LEAST) {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), HIDDEN);
                }
            }
        }
        Json::Array(elements) => elements.iter_mut().for_each(|element| blot(element, found)),
        Json::Object(members) => members.values_mut().for_each(|member| blot(member, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sensitive_value_is_nowhere_and_what_policies_go_by_stays() {
        let attributes = || json!({ "input": { "pw": "hunter2", "region": "eu" }, "output": { "pw": "hunter2" } });
        let marks = json!({ "input": { "pw": true }, "output": {} });
        let mut document = json!({
            "variables": { "pw": { "value": "hunter2" }, "region": { "value": "eu" } },
            "resource_changes": [{
                "address": "hunter2.web",
                "change": {
                    "actions": ["delete"],
                    "before": attributes(), "before_sensitive": marks,
                    "after": null, "after_sensitive": true,
                },
            }],
            "output_changes": { "pw": { "actions": ["create"], "after": "hunter2", "after_sensitive": true } },
            "planned_values": {
                "outputs": { "pw": { "sensitive": true, "value": ["hunter2", "deep-secret"] }, "eu": { "value": "eu" } },
                "root_module": { "child_modules": [
                    { "resources": [{ "values": attributes(), "sensitive_values": marks }] },
                ] },
            },
            "prior_state": { "values": { "outputs": { "url": { "value": "https://u:deep-secret@host/" } } } },
            "configuration": {
                "root_module": {
                    "variables": { "pw": { "sensitive": true, "default": "hunter2" } },
                    "resources": [{ "expressions": { "x": { "constant_value": "my hunter2" } } }],
                    "module_calls": { "m": { "module": { "variables": { "q": { "sensitive": true, "default": 7 } } } } },
                },
            },
        });
        redact(&mut document);
        let text = document.to_string();
        // The address is Terraform's own, and what policies and people go by.
        assert_eq!(text.matches("hunter2").count(), 1, "{text}");
        assert!(!text.contains("deep-secret"), "{text}");
        assert_eq!(document["resource_changes"][0]["address"], "hunter2.web");
        assert_eq!(document["resource_changes"][0]["change"]["after"], Json::Null);
        assert_eq!(document["variables"]["region"]["value"], "eu");
        assert_eq!(document["planned_values"]["outputs"]["eu"]["value"], "eu");
        assert_eq!(document["prior_state"]["values"]["outputs"]["url"]["value"], "https://u:(sensitive)@host/");
        let inner = &document["configuration"]["root_module"]["module_calls"]["m"]["module"];
        assert_eq!(inner["variables"]["q"]["default"], HIDDEN);
    }

    proptest::proptest! {
        #[test]
        fn any_document_is_taken(text in "[\\[\\]{}\",:a-d0-9]{0,60}") {
            let members = ["variables", "resource_changes", "output_changes", "planned_values", "configuration", "checks"];
            let value: Json = serde_json::from_str(&text).unwrap_or(Json::String(text));
            for member in members {
                for shape in [json!({ member: value }), json!({ member: [value] }), json!({ member: { "a": value } })] {
                    redact(&mut shape.clone());
                }
            }
        }
    }
}
