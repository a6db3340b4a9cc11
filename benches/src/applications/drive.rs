//! Documents and folders that people share.

use serde_json::json;

use super::{Application, Entity, earlier, named, reference, references, requests, some};
use crate::random::Random;

pub(super) fn make(size: usize, count: usize, seed: u64) -> Application {
    let random = &mut Random::new(seed);
    let (users, groups) = (named("User", size), named("Group", size / 2));
    let (documents, folders) = (named("Document", size), named("Folder", size / 2));
    // Everyone and every group has a view; a view of a group is seen through those of its members.
    let views = named("View", users.len() + groups.len());
    let mut entities = Vec::new();
    for (at, user) in users.iter().enumerate() {
        let memberships = some(random, &groups, 2);
        entities.push(Entity {
            name: user.clone(),
            attributes: json!({
                "documentsAndFoldersWithViewAccess": reference(&views[at], ""),
                "ownedDocuments": references(&some(random, &documents, 4)),
                "ownedFolders": references(&some(random, &folders, 2)),
            }),
            parents: memberships,
        });
    }
    entities.extend(groups.iter().map(|group| Entity {
        name: group.clone(),
        attributes: json!({}),
        parents: Vec::new(),
    }));
    for (at, view) in views.iter().enumerate() {
        // Views of groups come last, and belong to views of people.
        let parents = if at >= users.len() { some(random, &views[..users.len()], 5) } else { Vec::new() };
        entities.push(Entity { name: view.clone(), attributes: json!({}), parents });
    }
    for (at, folder) in folders.iter().enumerate() {
        let mut parents = earlier(random, &folders, at, 1);
        parents.extend(some(random, &views, 2));
        entities.push(Entity { name: folder.clone(), attributes: json!({}), parents });
    }
    for document in &documents {
        let mut parents = some(random, &folders, 1);
        parents.extend(some(random, &views, 3));
        let attributes = json!({ "isPublic": random.below(20) == 0 });
        entities.push(Entity { name: document.clone(), attributes, parents });
    }
    let asked: Vec<(&'static str, &[_])> = vec![
        ("read", &documents),
        ("write", &documents),
        ("share", &documents),
        ("changeOwner", &documents),
        ("createDocument", &folders),
    ];
    let requests = requests(random, count, &users, &asked);
    Application { name: "drive", entities, requests }
}
