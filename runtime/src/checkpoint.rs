//! Checkpoints: the end of a log as of a moment, signed. One that is kept elsewhere tells whether the log still begins with
//! what it held then.
//!
//! A checkpoint is a DSSE envelope (Dead Simple Signing Envelope 1.0.2) with one signature, whose `keyid` is the public key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::journal::{RowHash, Witness};
use crate::keys::{Key, PublicKey, Purpose, Signature, canonical};

/// The name and version of the payload.
const FORMAT: &str = "ordain.checkpoint/1";

/// No checkpoint is longer than this.
const MOST_BYTES: usize = 16 << 10;

/// The end of a log as of a moment, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The journal and its last row.
    pub end: Witness,
    /// When it was signed, by the clock of whoever did, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// Whose signature it has.
    pub key: PublicKey,
}

/// Why something is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// It does not have the form of one.
    #[error("it is not a checkpoint")]
    Form,
    /// It is one of another version.
    #[error("it is a checkpoint of another version than `{FORMAT}`")]
    Version,
    /// What it says was changed, or it was signed by somebody else than it says.
    #[error("its signature does not hold")]
    Signature,
}

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    format: String,
    journal: SmolStr,
    seq: i64,
    hash: String,
    time: String,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    keyid: PublicKey,
    sig: String,
}

impl Checkpoint {
    /// Signs the end of a log. Gives the envelope.
    pub(crate) fn sign(end: &Witness, at: i64, key: &Key) -> serde_json::Value {
        let time = Timestamp::from_millisecond(at).unwrap_or_default();
        let payload = Payload {
            format: FORMAT.into(),
            journal: end.journal.clone(),
            seq: end.seq,
            hash: end.hash.to_string(),
            time: format!("{time:.3}"),
        };
        // INVARIANT: texts and numbers have a canonical form.
        let body = canonical(&payload).unwrap_or_default();
        let signature = key.sign(Purpose::Checkpoint, &body);
        serde_json::json!({
            "payload": STANDARD.encode(&body),
            "payloadType": Purpose::Checkpoint.media_type(),
            "signatures": [{ "keyid": key.public(), "sig": STANDARD.encode(signature.to_bytes()) }],
        })
    }

    /// Reads a checkpoint, and checks that whoever it says signed it.
    ///
    /// # Errors
    /// It is none, or its signature does not hold.
    pub fn read(envelope: &[u8]) -> Result<Self, CheckpointError> {
        if envelope.len() > MOST_BYTES {
            return Err(CheckpointError::Form);
        }
        let Envelope { payload, payload_type, signatures } =
            serde_json::from_slice(envelope).map_err(|_| CheckpointError::Form)?;
        let [Signed { keyid, sig }] = &signatures[..] else { return Err(CheckpointError::Form) };
        if payload_type != Purpose::Checkpoint.media_type() {
            return Err(CheckpointError::Form);
        }
        let body = STANDARD.decode(payload).map_err(|_| CheckpointError::Form)?;
        let bytes = STANDARD.decode(sig).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let signature = Signature::from_bytes(&bytes.ok_or(CheckpointError::Form)?);
        if !keyid.verifies(Purpose::Checkpoint, &body, &signature) {
            return Err(CheckpointError::Signature);
        }
        // From here on it is what the holder of the key wrote.
        let Payload { format, journal, seq, hash, time } =
            serde_json::from_slice(&body).map_err(|_| CheckpointError::Form)?;
        if format != FORMAT {
            return Err(CheckpointError::Version);
        }
        let hash = RowHash::parse(&hash).ok_or(CheckpointError::Form)?;
        let at = time.parse::<Timestamp>().map_err(|_| CheckpointError::Form)?.as_millisecond();
        Ok(Self { end: Witness { journal, seq, hash }, at, key: *keyid })
    }
}
