//! The words of the language, where each may stand.

use ordain_compiler::Kind;
use ordain_syntax::TokenKind;
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
        "gate ${1:name} {\n  on change [\"${2:**/*}\"]\n  check [${3:policies.*}]\n}$0",
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
    ("check", "check [${1:policies.*}]", "the policies"),
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

const ABOUT_PLANS: &[Head] = &[
    ("requires", "requires \"${1:ABC-001}\"", "a policy asks for something first"),
    ("denies", "denies \"${1:ABC-001}\"", "a policy denies it"),
    ("warns", "warns \"${1:ABC-001}\"", "a policy warns of it"),
    ("allows", "allows", "no policy denies it"),
];

const BOUNDS: &[Head] = &[("where", "where ${1:it}$0", "what its values have to be")];
const NUMBERS: &[Head] = &[("where", "where ${1:1..=9}$0", "what its values have to be")];
const LENGTHS: &[Head] = &[
    ("where len", "where len ${1:1..=9}$0", "how long it may be"),
    ("where", "where ${1:it}$0", "what its values have to be"),
];
const TEXTS: &[Head] = &[
    ("matching", "matching \"${1:[a-z]+}\"$0", "the regular expression that it matches as a whole"),
    ("where len", "where len ${1:1..=63}$0", "how many characters it may have"),
    ("where", "where ${1:it}$0", "what its values have to be"),
];

/// The words that may follow a type, where one stands before the place.
fn after_type(context: &Context) -> Option<&'static [Head]> {
    let typed = match context.place {
        Place::Inside(Some(Kind::Type)) => &[TokenKind::Colon, TokenKind::Eq][..],
        Place::Inside(Some(Kind::Capability | Kind::Fn | Kind::Plan | Kind::Const | Kind::Test)) => &[TokenKind::Colon],
        _ => return None,
    };
    let mut before = context.before.iter().peekable();
    let mut depth = 0;
    // What stands in brackets behind the name.
    while let Some((kind, _)) = before.peek() {
        match kind {
            TokenKind::Gt | TokenKind::RBracket => depth += 1,
            TokenKind::Lt | TokenKind::LBracket => depth -= 1,
            TokenKind::Question => {}
            _ if depth > 0 => {}
            _ => break,
        }
        before.next();
    }
    let (_, name) = before.next_if(|(kind, _)| kind.is_word())?;
    while before.next_if(|(kind, _)| *kind == TokenKind::Dot).is_some() {
        before.next_if(|(kind, _)| kind.is_word())?;
    }
    let begins = before.next().is_some_and(|(kind, _)| typed.contains(kind));
    if !begins || !name.starts_with(char::is_uppercase) {
        return None;
    }
    Some(match name.as_str() {
        "Int" | "Decimal" => NUMBERS,
        "String" => TEXTS,
        "List" | "Set" | "Map" => LENGTHS,
        _ => BOUNDS,
    })
}

/// Whether a capability stands before the place, which an environment is to bind.
fn is_bound(context: &Context) -> bool {
    let named = context.before.first().is_some_and(|(kind, _)| kind.is_word());
    let (prefix, lead) = context.dotted();
    let bind = if prefix.is_empty() { context.word_before() } else { lead.word() };
    matches!(context.place, Place::Inside(Some(Kind::Environment))) && named && bind == "bind"
}

/// Whether a plan stands before the place, of which a test expects something.
fn is_expected_plan(context: &Context) -> bool {
    let begins = context.before.last().is_some_and(|(kind, _)| *kind == TokenKind::Expect);
    let [(last, word), .., _] = &context.before[..] else { return false };
    let ended = last.is_name() || matches!(last, TokenKind::RParen | TokenKind::RBracket);
    let is_verdict =
        context.before.len() == 2 && ["deny", "warn", "require", "allow", "permit", "forbid"].contains(&word.as_str());
    let said = ABOUT_PLANS.iter().any(|(about, ..)| about == word);
    matches!(context.place, Place::Inside(Some(Kind::Test))) && begins && ended && !is_verdict && !said
}

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

/// The words that may follow others. Gives whether nothing else can.
pub(super) fn after(found: &mut Suggestions<'_>, context: &Context) -> bool {
    const EFFECTS: &[&str] = &["read", "write", "destroy"];
    const LEVELS: &[&str] = &["low", "medium", "high", "critical"];
    const VERDICTS: &[&str] = &["deny", "warn", "require", "allow", "permit", "forbid"];
    if is_bound(context) {
        found.word("to", CompletionItemKind::KEYWORD, None, None, Rank::Expected);
        return true;
    }
    let in_head = context.before.last().is_some_and(|(kind, _)| *kind == TokenKind::Policy);
    if let Some(words) = after_type(context) {
        for (word, snippet, detail) in words {
            let snippet = Some((*snippet).to_owned());
            found.word(word, CompletionItemKind::KEYWORD, Some(detail), snippet, Rank::Expected);
        }
        return true;
    }
    if is_expected_plan(context) {
        for (word, snippet, detail) in ABOUT_PLANS {
            let snippet = Some((*snippet).to_owned());
            found.word(word, CompletionItemKind::KEYWORD, Some(detail), snippet, Rank::Expected);
        }
        return true;
    }
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
        ("policy", _) => &["from"],
        (_, "from") if in_head => &["rego", "gatekeeper"],
        (_, "run") if matches!(context.place, Place::Inside(Some(Kind::Adapter))) => &["process", "http", "builtin"],
        (_, "severity") => LEVELS,
        (_, "effect") if matches!(context.place, Place::Inside(Some(Kind::Capability))) => EFFECTS,
        (_, "risk") if matches!(context.place, Place::Inside(Some(Kind::Capability))) => LEVELS,
        (_, "expect") if matches!(context.place, Place::Inside(Some(Kind::Test))) => VERDICTS,
        ("expect", word) if matches!(context.place, Place::Inside(Some(Kind::Test))) && VERDICTS.contains(&word) => {
            &["from"]
        }
        (_, "}") if matches!(context.place, Place::Inside(Some(Kind::Plan))) => {
            &["after", "timeout", "retry", "on failure", "expect"]
        }
        _ => return false,
    };
    for word in words {
        found.word(word, CompletionItemKind::KEYWORD, None, None, Rank::Expected);
    }
    false
}
