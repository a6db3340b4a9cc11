//! Repositories of organizations.

use serde_json::json;

use super::{Application, Entity, Name, earlier, named, reference, requests, some};
use crate::random::Random;

const LEVELS: [&str; 5] = ["readers", "triagers", "writers", "maintainers", "admins"];

pub(super) fn make(size: usize, count: usize, seed: u64) -> Application {
    let random = &mut Random::new(seed);
    let (users, teams) = (named("User", size), named("Team", size / 2));
    let (organizations, repositories) = (named("Organization", size / 10), named("Repository", size));
    let permissions = |ty: &'static str, of: &[Name], levels: &[&str]| -> Vec<Name> {
        of.iter().flat_map(|(_, id)| levels.iter().map(move |level| (ty, format!("{id}-{level}")))).collect()
    };
    let of_organizations = permissions("OrgPermission", &organizations, &["readers", "writers", "admins"]);
    let of_repositories = permissions("RepoPermission", &repositories, &LEVELS);
    let mut entities = Vec::new();
    for user in &users {
        let mut parents = some(random, &organizations, 1);
        parents.extend(some(random, &teams, 2));
        parents.extend(some(random, &of_organizations, 1));
        parents.extend(some(random, &of_repositories, 6));
        entities.push(Entity { name: user.clone(), attributes: json!({}), parents });
    }
    for (at, team) in teams.iter().enumerate() {
        let mut parents = earlier(random, &teams, at, 1);
        parents.extend(some(random, &of_repositories, 6));
        entities.push(Entity { name: team.clone(), attributes: json!({}), parents });
    }
    for organization in &organizations {
        let level = |level: &str| reference(&("OrgPermission", format!("{}-{level}", organization.1)), "");
        entities.push(Entity {
            name: organization.clone(),
            attributes: json!({ "readers": level("readers"), "writers": level("writers"), "admins": level("admins") }),
            parents: some(random, &of_organizations, 1),
        });
    }
    for repository in &repositories {
        let level = |level: &str| reference(&("RepoPermission", format!("{}-{level}", repository.1)), "");
        let mut attributes = json!({ "owner": reference(random.pick(&organizations), "") });
        for each in LEVELS {
            attributes[each] = level(each);
        }
        entities.push(Entity { name: repository.clone(), attributes, parents: Vec::new() });
    }
    let plain = |name: &Name| Entity { name: name.clone(), attributes: json!({}), parents: Vec::new() };
    entities.extend(of_organizations.iter().chain(&of_repositories).map(plain));
    let asked: Vec<(&'static str, &[_])> =
        ["read", "triage", "write", "maintain", "admin"].map(|action| (action, repositories.as_slice())).into();
    let requests = requests(random, count, &users, &asked);
    Application { name: "repositories", entities, requests }
}
