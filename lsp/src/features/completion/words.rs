//! The words of the language, where each may stand.

use ordain_compiler::Kind;
use tower_lsp::ls_types::CompletionItemKind;

use super::context::{Context, Place};
use super::list::{Rank, Suggestions};

type Head = (&'static str, &'static str, &'static str);

const DECLARATIONS: &[Head] = &[
    ("type", "type ${1:Name} = {\n  $0\n}", "a name for a type"),
    ("enum", "enum ${1:Name} { ${2:first}, $0 }", "named values in order"),
    ("fn", "fn ${1:name}(${2:x}: ${3:Int}) -> ${4:Int} = $0", "a total function"),
    ("const", "const ${1:name} = $0", "a value"),
    (
        "capability",
        "capability ${1:area.verb} {\n  version \"1.0.0\"\n  input { $2 }\n  output { $3 }\n  effect ${4|read,write,destroy|}\n  risk ${5|low,medium,high,critical|}\n}$0",
        "a contract for an operation",
    ),
    (
        "adapter",
        "adapter ${1:name} {\n  version \"0.1.0\"\n  provides ${2:area.verb} ^1.0\n  run process [\"$3\"]\n}$0",
        "what carries operations out",
    ),
    ("environment", "environment ${1:name}: ${2:Type} {\n  $0\n}", "where plans run, and with which adapters"),
    ("entity", "entity ${1:name}: ${2:Type} {\n  $0\n}", "a thing that policies know"),
    (
        "policy",
        "policy ${1:name} {\n  code \"${2:ABC-001}\" severity ${3|low,medium,high,critical|}\n  on ${4|plan,step,entity,change,request|}\n  when ${5:true}\n  deny \"${6:why}\"\n}$0",
        "a rule about plans, things or documents",
    ),
    (
        "gate",
        "gate ${1:name} {\n  on change [\"${2:**/*}\"]\n  check ${3:policies.*}\n}$0",
        "policies that changes must pass",
    ),
    ("test", "test \"${1:what holds}\" {\n  expect $0\n}", "what must hold"),
    ("plan", "plan ${1:name}(${2:env}: ${3:Env}) {\n  $0\n}", "steps, and what orders them"),
    ("use", "use ${1:std}.$0", "names of another module"),
];

const CAPABILITY: &[Head] = &[
    ("version", "version \"${1:1.0.0}\"", "its version (SemVer)"),
    ("input", "input { $0 }", "what it takes"),
    ("output", "output { $0 }", "what it gives"),
    ("effect", "effect ${1|read,write,destroy|}", "what it does to the world"),
    ("risk", "risk ${1|low,medium,high,critical|}", "how much can go wrong"),
    ("key", "key $0", "what identifies the thing it governs"),
    ("undo", "undo ${1:area.verb} { $0 }", "how it is taken back"),
    ("retry", "retry ${1:3} times backoff ${2:1s}..${3:30s}", "how often it is tried again"),
    ("timeout", "timeout ${1:5m}", "how long one try may take"),
];

const ADAPTER: &[Head] = &[
    ("version", "version \"${1:0.1.0}\"", "its version (SemVer)"),
    ("provides", "provides ${1:area.verb} ^${2:1.0}", "a capability it carries out"),
    ("run", "run ${1|process,http,builtin|} $0", "what it is"),
];

const POLICY: &[Head] = &[
    ("code", "code \"${1:ABC-001}\"", "its code, for ever"),
    ("severity", "severity ${1|low,medium,high,critical|}", "how grave it is"),
    ("from", "from ${1|rego,gatekeeper|} \"${2:rules.rego}\"", "rules of another language"),
    ("on", "on ${1|plan,step,entity,change,request,input|}", "what it is about"),
    ("for", "for ${1:each} in $0", "for each of several"),
    ("let", "let ${1:name} = $0", "a name for a value"),
    ("when", "when $0", "where it says something"),
    ("unless", "unless $0", "where it does not"),
    ("deny", "deny \"${1:why}\"", "it must not be"),
    ("warn", "warn \"${1:why}\"", "somebody should look"),
    ("permit", "permit", "the request may be"),
    ("forbid", "forbid \"${1:why}\"", "the request must not be"),
    ("require", "require ${1|approval from,gate|} $0", "what must be there first"),
    ("escalate", "escalate to $0", "who agrees instead"),
    ("because", "because \"${1:why}\"", "the reason, for people"),
    ("with", "with $0", "parameters of foreign rules"),
    ("exempt", "exempt ${1:condition} until ${2:2027-01-01} see ${3:decision}", "what it leaves alone, and until when"),
];

const ENVIRONMENT: &[Head] = &[
    ("bind", "bind ${1:area.verb} to ${2:adapter}", "who carries a capability out here"),
    ("group", "group ${1:name} = [\"$2\"]", "people who can agree"),
];

const GATE: &[Head] = &[
    ("on", "on change [\"${1:**/*}\"]", "which changes"),
    ("input", "input ${1:name}: ${2:Json} = $0", "a document"),
    ("check", "check ${1:policies.*}", "the policies"),
];

const PLAN: &[Head] = &[
    ("let", "let ${1:name} = $0", "a name for a step or value"),
    ("stage", "stage ${1:name} {\n  $0\n}", "steps under one name"),
    ("for", "for ${1:each} in ${2:list} {\n  $0\n}", "steps for each of several"),
    ("if", "if ${1:condition} {\n  $0\n}", "steps under a condition"),
    ("gate", "gate ${1:name} = ${2:area.verb} { $3 } expect $0", "a step that must find what is expected"),
    ("plan", "plan ${1:name}($0)", "the steps of another plan"),
    ("on failure", "on failure ${1|undo,stop,continue|}", "what happens when a step fails"),
    ("limit", "limit ${1|effect,risk|} $0", "the most it may do"),
    ("return", "return $0", "what the plan gives"),
];

const TEST: &[Head] = &[
    ("let", "let ${1:name} = $0", "a name for a value or plan"),
    ("expect", "expect $0", "what must hold"),
    ("for", "for ${1:each} in ${2:list} {\n  $0\n}", "for each of several"),
    ("for any", "for any ${1:x}: ${2:Int} {\n  $0\n}", "for values that are made up"),
];

/// The words that begin something.
pub(super) fn heads(found: &mut Suggestions<'_>, context: &Context) {
    let heads = match context.place {
        Place::Top => DECLARATIONS,
        Place::Clause(Kind::Capability) => CAPABILITY,
        Place::Clause(Kind::Adapter) => ADAPTER,
        Place::Clause(Kind::Policy) => POLICY,
        Place::Clause(Kind::Environment) => ENVIRONMENT,
        Place::Clause(Kind::Gate) => GATE,
        Place::Statement(Kind::Plan) => PLAN,
        Place::Statement(Kind::Test) => TEST,
        _ => return,
    };
    for (word, snippet, detail) in heads {
        found.word(word, CompletionItemKind::KEYWORD, Some(detail), Some((*snippet).to_owned()), Rank::Head);
    }
}

/// The words that may follow others.
pub(super) fn after(found: &mut Suggestions<'_>, context: &Context) {
    const EFFECTS: &[&str] = &["read", "write", "destroy"];
    const LEVELS: &[&str] = &["low", "medium", "high", "critical"];
    let words: &[&str] = match (context.word_before(), context.word()) {
        ("limit", "effect") => EFFECTS,
        ("limit", "risk") => LEVELS,
        (_, "limit") => &["effect", "risk"],
        ("on", "failure") => &["undo", "stop", "continue"],
        (_, "on") if matches!(context.place, Place::Inside(Some(Kind::Plan))) => &["failure"],
        (_, "on") if matches!(context.place, Place::Inside(Some(Kind::Gate))) => &["change"],
        (_, "on") if matches!(context.place, Place::Inside(Some(Kind::Policy))) => {
            &["plan", "step", "entity", "change", "request", "input"]
        }
        (_, "require") => &["approval from", "gate"],
        (_, "approval") => &["from"],
        (_, "escalate") => &["to"],
        (_, "from") if matches!(context.place, Place::Inside(Some(Kind::Policy))) => &["rego", "gatekeeper"],
        (_, "run") if matches!(context.place, Place::Inside(Some(Kind::Adapter))) => &["process", "http", "builtin"],
        (_, "severity") => LEVELS,
        (_, "effect") if matches!(context.place, Place::Inside(Some(Kind::Capability))) => EFFECTS,
        (_, "risk") if matches!(context.place, Place::Inside(Some(Kind::Capability))) => LEVELS,
        (_, "expect") if matches!(context.place, Place::Inside(Some(Kind::Test))) => {
            &["deny", "warn", "require", "allow", "permit", "forbid"]
        }
        (_, "}") if matches!(context.place, Place::Inside(Some(Kind::Plan))) => {
            &["after", "timeout", "retry", "on failure", "expect"]
        }
        _ => return,
    };
    for word in words {
        found.word(word, CompletionItemKind::KEYWORD, None, None, Rank::Expected);
    }
}
