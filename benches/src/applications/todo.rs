//! Lists of tasks.

use serde_json::json;

use super::{Application, Entity, earlier, named, reference, requests, some};
use crate::random::Random;

pub(super) fn make(size: usize, count: usize, seed: u64) -> Application {
    let random = &mut Random::new(seed);
    let (users, teams, lists) = (named("User", size), named("Team", size / 2), named("List", size));
    let application = vec![("Application", "TinyTodo".to_owned())];
    let mut entities = vec![Entity { name: application[0].clone(), attributes: json!({}), parents: Vec::new() }];
    for user in &users {
        let mut parents = some(random, &teams, 3);
        parents.push(application[0].clone());
        entities.push(Entity { name: user.clone(), attributes: json!({}), parents });
    }
    for (at, team) in teams.iter().enumerate() {
        let mut parents = earlier(random, &teams, at, 1);
        parents.push(application[0].clone());
        entities.push(Entity { name: team.clone(), attributes: json!({}), parents });
    }
    for list in &lists {
        entities.push(Entity {
            name: list.clone(),
            attributes: json!({
                "owner": reference(random.pick(&users), ""),
                "name": list.1,
                "readers": reference(random.pick(&teams), ""),
                "editors": reference(random.pick(&teams), ""),
                "tasks": [],
            }),
            parents: application.clone(),
        });
    }
    let mut asked: Vec<(&'static str, &[_])> =
        vec![("CreateList", application.as_slice()), ("GetLists", application.as_slice())];
    let of_lists = ["GetList", "UpdateList", "DeleteList", "CreateTask", "UpdateTask", "DeleteTask", "EditShares"];
    asked.extend(of_lists.map(|action| (action, lists.as_slice())));
    let requests = requests(random, count, &users, &asked);
    Application { name: "todo", entities, requests }
}
