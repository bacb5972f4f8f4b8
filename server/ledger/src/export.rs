//! The log as text: one event in JSON on each line, so that it can be kept, read and checked elsewhere.

use std::io::{self, BufRead, Read, Write};

use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::RawEvent;
use crate::database::{RAW_COLUMNS, raw_event, unreadable};
use crate::replay::{Flaw, Replay};
use crate::{EVENT_BYTES_MAX, Ledger, LedgerError, Verified};

/// The longest line that is read: an event, its actor and the rest.
const LINE_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX + 4096;

/// Why a log was not exported, or an export does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The text cannot be written or read.
    #[error("line {line}: {source}")]
    Io {
        /// Which line, from 1.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// A line is no event.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// Why not.
        reason: String,
    },
    /// An event does not hold.
    #[error("event {seq}: {flaw}")]
    Event {
        /// Its number, or the number it should have.
        seq: u64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A [`model::StoredEvent`] whose actor and event are kept as the text that was hashed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    seq: u64,
    at: Timestamp,
    #[serde(borrow)]
    actor: &'l RawValue,
    #[serde(borrow)]
    event: &'l RawValue,
    previous: Digest,
    hash: Digest,
}

impl Ledger {
    /// Writes every event as one line of JSON, a [`model::StoredEvent`] whose `actor` and `event` are the
    /// text that was hashed, and gives their number. Blobs are not in it.
    ///
    /// # Errors
    /// [`ExportError`] when an event is damaged or the text cannot be written; some lines may be.
    ///
    /// # Cost
    /// One pass over the log.
    pub fn export(&self, mut writer: impl Write) -> Result<u64, ExportError> {
        let path = self.path();
        let failed = |error| ExportError::from(unreadable(&path, error));
        let sql = format!("SELECT {RAW_COLUMNS} FROM events ORDER BY seq");
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut seq = 0;
        while let Some(row) = rows.next().map_err(failed)? {
            seq += 1;
            let raw = raw_event(row).map_err(failed)?;
            raw.check_hash().map_err(|flaw| ExportError::Event { seq, flaw })?;
            let mut text = line_of(&raw)
                .map_err(|error| ExportError::Line { line: seq, reason: error.to_string() })?;
            text.push('\n');
            writer
                .write_all(text.as_bytes())
                .map_err(|source| ExportError::Io { line: seq, source })?;
        }
        writer.flush().map_err(|source| ExportError::Io { line: seq, source })?;
        Ok(seq)
    }
}

/// Checks a log that [`Ledger::export`] wrote: every number, link and hash, and that every event follows
/// from those before it. The blobs are counted, not checked.
///
/// # Errors
/// [`ExportError`] with the first line or event that does not hold.
///
/// # Cost
/// One pass; holds the longest line and the state of every ChangeSet.
pub fn verify_export(mut reader: impl BufRead) -> Result<Verified, ExportError> {
    let mut replay = Replay::new();
    let mut text = String::new();
    for line in 1_u64.. {
        text.clear();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = reader.by_ref().take(limit).read_line(&mut text);
        match read.map_err(|source| ExportError::Io { line, source })? {
            0 => break,
            LINE_BYTES_MAX => {
                let reason = format!("it is longer than {LINE_BYTES_MAX} bytes");
                return Err(ExportError::Line { line, reason });
            }
            _ => {}
        }
        let raw = raw_of(text.trim_end_matches(['\n', '\r']))
            .map_err(|error| ExportError::Line { line, reason: error.to_string() })?;
        let seq = replay.next_seq();
        replay.take(&raw).map_err(|flaw| ExportError::Event { seq, flaw })?;
    }
    Ok(replay.verified())
}

fn line_of(raw: &RawEvent) -> serde_json::Result<String> {
    serde_json::to_string(&Line {
        seq: raw.seq,
        at: raw.at,
        actor: serde_json::from_str(&raw.actor)?,
        event: serde_json::from_str(&raw.event)?,
        previous: raw.previous,
        hash: raw.hash,
    })
}

fn raw_of(text: &str) -> serde_json::Result<RawEvent> {
    let Line { seq, at, actor, event, previous, hash } = serde_json::from_str(text)?;
    let (actor, event) = (actor.get().to_owned(), event.get().to_owned());
    Ok(RawEvent { seq, at, actor, event, previous, hash })
}
