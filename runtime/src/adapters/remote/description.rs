//! What an adapter says about itself.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::protocol::PROTOCOLS;
use crate::adapters::{Description, StepError};
use crate::reason::Reason;

/// How many calls at a time are more than any adapter needs.
const MOST_CALLS: usize = 1024;

/// What an adapter says about itself.
pub(crate) struct Described {
    pub(crate) description: Description,
    /// How many calls it takes at a time.
    pub(crate) concurrency: usize,
}

/// Looks whether an adapter has chosen a version of the protocol that was offered.
pub(crate) fn agreed(introduced: &Json) -> Result<(), StepError> {
    match introduced.get("protocol").and_then(Json::as_u64) {
        Some(protocol) if PROTOCOLS.contains(&protocol) => Ok(()),
        Some(protocol) => {
            let message = format!("the adapter speaks version {protocol} of the protocol, which was not offered");
            Err(StepError::new(Reason::AdapterVersion, message))
        }
        None => Err(violated("it names no version of the protocol")),
    }
}

/// Reads the answer to `describe`.
pub(crate) fn read(described: &Json) -> Result<Described, StepError> {
    #[derive(Deserialize)]
    struct Whole {
        version: SmolStr,
        capabilities: BTreeMap<SmolStr, Provided>,
        #[serde(default = "one")]
        concurrency: usize,
    }
    #[derive(Deserialize)]
    struct Provided {
        version: SmolStr,
    }
    fn one() -> usize {
        1
    }
    let whole = Whole::deserialize(described).map_err(|error| violated(&error.to_string()))?;
    if !(1..=MOST_CALLS).contains(&whole.concurrency) {
        return Err(violated(&format!("a concurrency of {} is out of 1..={MOST_CALLS}", whole.concurrency)));
    }
    let version = |text: &SmolStr| {
        Version::parse(text).map_err(|error| violated(&format!("`{text}` is no version as in SemVer 2.0.0: {error}")))
    };
    let provides = whole.capabilities.iter().map(|(name, provided)| Ok((name.clone(), version(&provided.version)?)));
    let provides = provides.collect::<Result<_, StepError>>()?;
    let description = Description { version: version(&whole.version)?, provides };
    Ok(Described { description, concurrency: whole.concurrency })
}

fn violated(why: &str) -> StepError {
    let message = format!("what the adapter says about itself is not as it should be: {why}");
    StepError::new(Reason::ProtocolViolated, message)
}
