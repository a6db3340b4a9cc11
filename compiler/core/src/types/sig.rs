//! What other items may know of an item: its declared types.
#![expect(missing_docs, reason = "the fields of a variant are named after the clauses they come from")]

use std::sync::Arc;

use ordain_graph::{Effect, Risk};
use smol_str::SmolStr;

use super::lower::TypeLowering;
use super::{Finding, Ty};
use crate::db::Db;
use crate::hir::{ExprId, Param, Signature};
use crate::items::Item;
use crate::resolve::ImportPlace;

/// The types of an item's signature.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct SignatureTypes<'db> {
    /// What the item is.
    pub sig: Sig<'db>,
    /// What is wrong with the signature's types; shown with the item's other findings.
    pub findings: Box<[Finding<'db>]>,
    /// The imports its types came through.
    pub imports: Box<[ImportPlace]>,
}

/// What an item is, with its types.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Sig<'db> {
    /// `type`: what it stands for.
    Type(Ty<'db>),
    /// `enum`: the variants in order.
    Enum(Box<[SmolStr]>),
    /// `fn`
    Fn { params: Box<[ParamTy<'db>]>, result: Ty<'db> },
    /// `const`: its declared type.
    Const(Option<Ty<'db>>),
    /// `capability`
    Capability(Arc<CapabilityTy<'db>>),
    /// `adapter`
    Adapter,
    /// `environment`
    Environment(Ty<'db>),
    /// `entity`
    Entity(Ty<'db>),
    /// `policy`
    Policy,
    /// `gate`
    Gate,
    /// `test`
    Test,
    /// `plan`: without a declared result it returns nothing.
    Plan { params: Box<[ParamTy<'db>]>, result: Option<Ty<'db>> },
}

/// A parameter's type.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct ParamTy<'db> {
    /// Its name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Ty<'db>,
    /// Its default, in the signature tree.
    pub default: Option<ExprId>,
}

/// A capability's contract.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct CapabilityTy<'db> {
    /// Its version, as written.
    pub version: SmolStr,
    /// Its inputs: a record type.
    pub input: Ty<'db>,
    /// Its outputs: a record type.
    pub output: Ty<'db>,
    /// What it does to the world.
    pub effect: Effect,
    /// How much can go wrong.
    pub risk: Risk,
}

/// The declared types of an item.
#[salsa::tracked]
pub fn signature<'db>(db: &'db dyn Db, item: Item<'db>) -> SignatureTypes<'db> {
    let part = item.signature(db);
    let mut lowering = TypeLowering::signature(db, item);
    let sig = match &part.signature {
        Signature::Type(ty) => Sig::Type(lowering.ty(*ty)),
        Signature::Enum(variants) => {
            lowering.distinct(variants.iter(), "variant");
            Sig::Enum(variants.iter().map(|variant| variant.text.clone()).collect())
        }
        Signature::Fn { params, result } => {
            Sig::Fn { params: parameters(&mut lowering, params), result: lowering.ty(*result) }
        }
        Signature::Const { ty } => Sig::Const(ty.map(|ty| lowering.ty(ty))),
        Signature::Capability(capability) => {
            let version = capability.version.as_ref().map(|version| version.text.clone());
            Sig::Capability(Arc::new(CapabilityTy {
                version: version.unwrap_or_else(|| "0.0.0".into()),
                input: lowering.ty(capability.input),
                output: lowering.ty(capability.output),
                // What is missing or misspelt is reported; until then nothing is made to look harmless.
                effect: capability.effect.as_ref().and_then(|name| effect(&name.text)).unwrap_or(Effect::Destroy),
                risk: capability.risk.as_ref().and_then(|name| risk(&name.text)).unwrap_or(Risk::Critical),
            }))
        }
        Signature::Adapter(_) => Sig::Adapter,
        Signature::Environment { ty, .. } => Sig::Environment(lowering.ty(*ty)),
        Signature::Entity { ty } => Sig::Entity(lowering.ty(*ty)),
        Signature::Policy { .. } => Sig::Policy,
        Signature::Gate => Sig::Gate,
        Signature::Test => Sig::Test,
        Signature::Plan { params, result } => {
            Sig::Plan { params: parameters(&mut lowering, params), result: result.map(|ty| lowering.ty(ty)) }
        }
    };
    let (findings, imports) = lowering.finish();
    SignatureTypes { sig, findings, imports }
}

fn parameters<'db>(lowering: &mut TypeLowering<'db>, params: &[Param]) -> Box<[ParamTy<'db>]> {
    lowering.distinct(params.iter().map(|param| &param.name), "parameter");
    params
        .iter()
        .map(|param| ParamTy { name: param.name.text.clone(), ty: lowering.ty(param.ty), default: param.default })
        .collect()
}

/// What a declared type stands for; [`Ty::Error`] where it stands for itself.
#[salsa::tracked(returns(clone), cycle_result = endless)]
pub fn alias_target<'db>(db: &'db dyn Db, item: Item<'db>) -> Ty<'db> {
    match &signature(db, item).sig {
        Sig::Type(Ty::Alias(next)) => alias_target(db, *next),
        // What peels a type goes through these, so a circle of them has to be found here.
        Sig::Type(ty) => match ty.bare() {
            Ty::Alias(next) if alias_target(db, *next) == Ty::Error => Ty::Error,
            _ => ty.clone(),
        },
        _ => Ty::Error,
    }
}

fn endless<'db>(_db: &'db dyn Db, _id: salsa::Id, _item: Item<'db>) -> Ty<'db> {
    Ty::Error
}

/// The effect of that name.
pub(crate) fn effect(name: &str) -> Option<Effect> {
    Some(match name {
        "read" => Effect::Read,
        "write" => Effect::Write,
        "destroy" => Effect::Destroy,
        _ => return None,
    })
}

/// The risk of that name.
pub(crate) fn risk(name: &str) -> Option<Risk> {
    Some(match name {
        "low" => Risk::Low,
        "medium" => Risk::Medium,
        "high" => Risk::High,
        "critical" => Risk::Critical,
        _ => return None,
    })
}
