//! What the numbers in tokens stand for.

use tower_lsp::ls_types::{SemanticTokenModifier, SemanticTokenType, SemanticTokensLegend};

/// Declares the legend: its types or modifiers, in the order of their numbers.
macro_rules! legend {
    ($name:ident of $class:ident: $($variant:ident $text:literal)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name { $($variant),* }

        impl $name {
            pub(super) const ALL: &[$class] = &[$($class::new($text)),*];
        }
    };
}

legend! { Sort of SemanticTokenType:
    Namespace "namespace"
    Type "type"
    Enum "enum"
    Variant "enumMember"
    Function "function"
    Parameter "parameter"
    Variable "variable"
    Property "property"
    Keyword "keyword"
    Decorator "decorator"
    String "string"
    Regexp "regexp"
    Number "number"
    Comment "comment"
    Operator "operator"
    Capability "capability"
    Adapter "adapter"
    Environment "environment"
    Entity "entity"
    Policy "policy"
    Gate "gate"
    Plan "plan"
    Step "step"
    Stage "stage"
    Group "group"
}

legend! { Modifier of SemanticTokenModifier:
    Declaration "declaration"
    Readonly "readonly"
    DefaultLibrary "defaultLibrary"
    Documentation "documentation"
    Secret "secret"
    Destructive "destructive"
}

/// A type and its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(pub(super) Sort, pub(super) u32);

impl Class {
    pub(super) fn with(self, modifier: Modifier) -> Self {
        Self(self.0, self.1 | 1 << modifier as u32)
    }

    pub(super) fn with_if(self, modifier: Modifier, such: bool) -> Self {
        if such { self.with(modifier) } else { self }
    }
}

impl From<Sort> for Class {
    fn from(ty: Sort) -> Self {
        Self(ty, 0)
    }
}

/// What the numbers in tokens stand for.
pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend { token_types: Sort::ALL.to_vec(), token_modifiers: Modifier::ALL.to_vec() }
}
