//! Capabilities and adapters as they stand in a plan graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_graph::{Adapter, Contract, Shape, Transport, Value};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::db::{Db, Package};
use crate::eval::{Context, Evaluator};
use crate::hir::Signature;
use crate::items::{Item, file_items};
use crate::types::{MAX_PARTS, Sig, Ty, alias_target, signature};

/// The contract of a capability; `None` for anything else.
#[salsa::tracked(returns(clone))]
pub(crate) fn contract<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Arc<Contract>> {
    let Sig::Capability(declared) = &signature(db, item).sig else { return None };
    Some(Arc::new(Contract {
        capability: item.name(db).clone(),
        version: declared.version.clone(),
        input: shape(db, &declared.input),
        output: shape(db, &declared.output),
        effect: declared.effect,
        risk: declared.risk,
    }))
}

/// A type as it stands at a contract's boundary.
pub(super) fn shape<'db>(db: &'db dyn Db, ty: &Ty<'db>) -> Shape {
    shape_within(db, ty, &mut Vec::new(), &mut MAX_PARTS.clone())
}

fn shape_within<'db>(db: &'db dyn Db, ty: &Ty<'db>, open: &mut Vec<Item<'db>>, left: &mut usize) -> Shape {
    // More than that is a finding of the capability, and no reason to fill the memory.
    if *left == 0 {
        return Shape::Json;
    }
    *left -= 1;
    let mut inner = |ty: &Ty<'db>| Arc::new(shape_within(db, ty, open, left));
    match ty {
        Ty::Bool => Shape::Bool,
        Ty::Int => Shape::Int,
        Ty::Decimal => Shape::Decimal,
        Ty::String => Shape::String,
        Ty::Bytes => Shape::Bytes,
        Ty::Duration => Shape::Duration,
        Ty::SemVer => Shape::SemVer,
        Ty::Url => Shape::Url,
        Ty::Digest => Shape::Digest,
        Ty::Date => Shape::Date,
        Ty::List(element) => Shape::List(inner(element)),
        Ty::Set(element) => Shape::Set(inner(element)),
        Ty::Map(entry) => {
            let key = inner(&entry.0);
            Shape::Map(key, inner(&entry.1))
        }
        Ty::Optional(some) => Shape::Optional(inner(some)),
        Ty::Secret(content) => Shape::Secret(inner(content)),
        Ty::Refined(base, demand) => Shape::Refined(inner(base), demand.clone()),
        Ty::Ref(_) => Shape::Record(Arc::new(["id", "type"].map(|part| (part.into(), Shape::String)).into())),
        Ty::Record(record) => {
            let fields: BTreeMap<SmolStr, Shape> = record
                .fields
                .iter()
                .map(|field| {
                    let shape = shape_within(db, &field.ty, open, left);
                    (field.name.clone(), shape)
                })
                .collect();
            Shape::Record(Arc::new(fields))
        }
        Ty::Enum(_) => match ty.variants(db) {
            Some((_, variants)) => Shape::Enum(Arc::new(variants.to_vec())),
            None => Shape::Json,
        },
        // A type that is open already contains itself: below that, any data is taken.
        Ty::Alias(item) if open.contains(item) => Shape::Json,
        Ty::Alias(item) => {
            open.push(*item);
            let shape = shape_within(db, &alias_target(db, *item), open, left);
            open.pop();
            shape
        }
        Ty::None | Ty::Json | Ty::Error | Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_) => Shape::Json,
    }
}

/// An adapter as it stands in a plan graph; `None` for anything else.
#[salsa::tracked(returns(clone))]
pub(crate) fn adapter<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Arc<Adapter>> {
    let Signature::Adapter(declared) = &item.signature(db).signature else { return None };
    let (transport, target) = declared.run.as_ref()?;
    let value = Evaluator::new(db).eval(&mut Context::signature(db, item), *target).ok()?;
    let text = |value: &Value| match value {
        Value::String(text) | Value::Url(text) => Some(text.clone()),
        _ => None,
    };
    let transport = match (transport.text.as_str(), &value) {
        ("process", Value::List(parts)) => Transport::Process(parts.iter().filter_map(text).collect()),
        ("http", target) => Transport::Http(text(target)?),
        ("builtin", target) => Transport::Builtin(text(target)?),
        _ => return None,
    };
    let version = declared.version.as_ref().map_or_else(|| "0.0.0".into(), |version| version.text.clone());
    // What the adapter is: its name, version, what it provides and how it runs, in a form without ambiguity.
    let mut provides: Vec<String> = declared
        .provides
        .iter()
        .map(|provides| {
            let requirement = provides.requirement.as_ref().map_or("*", |requirement| &requirement.text);
            format!("{} {requirement}", provides.path.text())
        })
        .collect();
    provides.sort();
    let mut body = vec![
        serde_json::json!(item.name(db).as_str()),
        version.as_str().into(),
        provides.into(),
        format!("{transport:?}").into(),
    ];
    let known = item.file(db).package(db).programs(db);
    let files: BTreeMap<SmolStr, SmolStr> =
        named_files(&transport).filter_map(|path| Some((path.clone(), known.get(path)?.clone()))).collect();
    if !files.is_empty() {
        let files = files.iter().map(|(path, digest)| (path.to_string(), digest.as_str().into()));
        body.push(serde_json::Value::Object(files.collect()));
    }
    let digest = Sha256::digest(serde_json::Value::Array(body).to_string().as_bytes());
    let digest = format!("sha256:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Some(Arc::new(Adapter { version, transport, digest: digest.into(), files }))
}

/// What may be a file of the package among a program and its arguments: a program without a `/` is looked up elsewhere.
fn named_files(transport: &Transport) -> impl Iterator<Item = &SmolStr> {
    let argv = match transport {
        Transport::Process(argv) => argv.as_slice(),
        _ => &[],
    };
    let inside = |path: &str| !path.is_empty() && !path.starts_with('/') && path.split('/').all(|part| part != "..");
    let named = argv.iter().enumerate().filter(move |(at, part)| inside(part) && (*at > 0 || part.contains('/')));
    named.map(|(_, part)| part)
}

/// What adapters of a package name as programs and arguments and may be files of it, whether they exist or not; for its
/// loader.
pub fn program_references(db: &dyn Db, package: Package) -> BTreeSet<SmolStr> {
    let files = package.files(db).values();
    let items = files.flat_map(|&file| file_items(db, file).items(db).iter());
    let adapters = items.filter_map(|&item| adapter(db, item));
    adapters.flat_map(|adapter| named_files(&adapter.transport).cloned().collect::<Vec<_>>()).collect()
}
