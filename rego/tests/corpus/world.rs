//! Gates over packages in memory.

use std::sync::{Arc, LazyLock};

use ordain_compiler::{
    Content, DataFile, Database, GateRun, Kind, Package, SourceFile, check_package, data_references, package_items,
    run_gate,
};
use ordain_rego::RegoRules;
use salsa::Setter as _;

/// What was parsed once serves all cases.
static RULES: LazyLock<Arc<RegoRules>> = LazyLock::new(Arc::default);

/// What the one gate of a source finds, with data files beside it.
pub fn gate(source: &str, data: &[(&str, &str)]) -> GateRun {
    let mut db = Database::running(RULES.clone());
    let text = |text: &str| Content::Text(text.into());
    let manifest = text("[package]\nname = \"test\"\nversion = \"0.1.0\"\n");
    let none = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
    let package = Package::new(&db, "ordain.toml".into(), manifest, none.0, none.1, none.2, none.3);
    let file = SourceFile::new(&db, "main.ord".into(), "main".into(), package, text(source));
    package.set_files(&mut db).to(Arc::new([("main".into(), file)].into()));
    let named = data_references(&db, package);
    let files = data.iter().filter(|(path, _)| named.contains(*path)).map(|(path, content)| {
        ((*path).into(), DataFile::new(&db, (*path).into(), format!("test:{path}").into(), text(content)))
    });
    let files = Arc::new(files.collect());
    package.set_data(&mut db).to(files);
    let found = check_package(&db, package);
    assert!(found.is_empty(), "{found:#?}");
    let gate = package_items(&db, package).find(|item| item.kind(&db) == Kind::Gate).expect("there is a gate");
    run_gate(&db, gate, None, None)
}
