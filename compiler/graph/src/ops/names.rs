//! The stable names of operations, as they stand in plans, and how they are written in the language.

use smol_str::SmolStr;

use crate::value::{Function, Op};

macro_rules! operations {
    ($($variant:ident = $name:literal, $symbol:literal;)*) => {
        impl Op {
            /// Its stable name, as it stands in plans; functions are `call:len`.
            pub fn name(self) -> SmolStr {
                SmolStr::new_static(match self {
                    $(Self::$variant => $name,)*
                    Self::Call(function) => return format!("call:{}", function.name()).into(),
                })
            }

            /// How it is written in the language, such as `+`; functions by their name.
            pub fn symbol(self) -> SmolStr {
                SmolStr::new_static(match self {
                    $(Self::$variant => $symbol,)*
                    Self::Call(function) => function.name(),
                })
            }

            /// The operation of that stable name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => {
                        let function = name.strip_prefix("call:")?;
                        Function::ALL.iter().find(|known| known.name() == function).map(|known| Self::Call(*known))
                    }
                }
            }
        }
    };
}

operations! {
    Not = "not", "!";
    Neg = "neg", "-";
    And = "and", "&&";
    Or = "or", "||";
    Coalesce = "coalesce", "??";
    Eq = "eq", "==";
    Ne = "ne", "!=";
    Lt = "lt", "<";
    Le = "le", "<=";
    Gt = "gt", ">";
    Ge = "ge", ">=";
    In = "in", "in";
    Add = "add", "+";
    Sub = "sub", "-";
    Mul = "mul", "*";
    Div = "div", "/";
    Rem = "rem", "%";
    Range = "range", "..";
    RangeInclusive = "range_inclusive", "..=";
    Field = "field", ".";
    OptionalField = "optional_field", "?.";
    Index = "index", "[]";
    OptionalIndex = "optional_index", "[]";
    Interpolate = "interpolate", "\"{}\"";
    If = "if", "if";
}
