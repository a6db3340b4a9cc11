//! The declarations a file is made of.

mod templates;

use crate::module::{Module, Text};
use crate::random::Random;
use templates::{CAPABILITY, ENTITY, ENUM, FUNCTION, GATE, HEAD, PLAN, POLICY, RECORD, TABLE, USES};

const NOUNS: [&str; 12] = [
    "order", "account", "region", "tenant", "batch", "window", "channel", "shard", "snapshot", "replica", "listing",
    "payout",
];

const REGIONS: [&str; 6] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1"];

const KINDS: [&str; 10] = [ENUM, RECORD, FUNCTION, FUNCTION, TABLE, ENTITY, POLICY, PLAN, GATE, CAPABILITY];

/// What every module has.
pub(crate) fn head(out: &mut Text, module: Module, imports: &[Module]) {
    let (number, snake, camel) = (module.number().to_string(), module.snake(), module.camel());
    let values = [
        ("@subject", module.subject()),
        ("@area", module.area()),
        ("@number", &number),
        ("@m", &snake),
        ("@M", &camel),
    ];
    out.template(HEAD, &values);
    out.blank();
    for import in imports {
        let (other_snake, other_camel) = (import.snake(), import.camel());
        let further = [("@other", import.subject()), ("@o", &other_snake), ("@O", &other_camel)];
        let all: Vec<(&str, &str)> = further.into_iter().chain(values).collect();
        out.template(USES, &all);
        out.blank();
    }
}

/// The next block of a module, of any kind.
pub(crate) fn any(out: &mut Text, module: Module, count: usize, random: &mut Random) {
    let noun = *random.pick(&NOUNS);
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let (number, snake, camel, k) =
        (module.number().to_string(), module.snake(), module.camel(), (count + 1).to_string());
    let (size, id) = ((64 + random.below(4000)).to_string(), (1 + random.below(90)).to_string());
    let region = random.pick(&REGIONS);
    let template = random.pick(&KINDS);
    out.template(
        template,
        &[
            ("@subject", module.subject()),
            ("@size", &size),
            ("@area@", &format!("{}@", module.area())),
            ("@area", module.area()),
            ("@number", &number),
            ("@noun", noun),
            ("@region", region),
            ("@id", &id),
            ("@k", &k),
            ("@a ", &format!("{article} ")),
            ("@m", &snake),
            ("@M", &camel),
        ],
    );
    out.blank();
}
