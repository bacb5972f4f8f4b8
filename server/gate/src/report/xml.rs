//! XML as a stream of elements and texts. Entities that a document declares are never expanded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{ReportError, malformed};

/// Elements nested deeper than this are refused.
const DEPTH_MAX: usize = 200;

/// What a document holds, in order.
pub(crate) enum Piece {
    /// An element begins.
    Open(Element),
    /// The innermost open element ends.
    Close(String),
    /// Text of the innermost open element; one text may come in several pieces.
    Text(String),
}

/// The start of an element.
pub(crate) struct Element {
    /// Its name without a prefix.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// Names, without a prefix or with one, and values.
    pub(crate) fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Hands every piece of a document to `take`.
pub(crate) fn pieces(
    format: &'static str,
    text: &str,
    mut take: impl FnMut(Piece) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut seen = false;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let before = text.get(..at.min(text.len())).unwrap_or_default();
        let fail = |reason: String| malformed(format, before.matches('\n').count() + 1, reason);
        match reader.read_event().map_err(|error| fail(error.to_string()))? {
            Event::Start(start) => {
                let element = element(&start).map_err(fail)?;
                if open.len() >= DEPTH_MAX {
                    return Err(fail(format!("elements are nested deeper than {DEPTH_MAX}")));
                }
                open.push(element.name.clone());
                seen = true;
                take(Piece::Open(element))?;
            }
            Event::Empty(start) => {
                let element = element(&start).map_err(fail)?;
                let name = element.name.clone();
                seen = true;
                take(Piece::Open(element))?;
                take(Piece::Close(name))?;
            }
            Event::End(_) => {
                if let Some(name) = open.pop() {
                    take(Piece::Close(name))?;
                }
            }
            Event::Text(piece) => take(Piece::Text(piece.xml10_content().into_owned()))?,
            Event::CData(piece) => take(Piece::Text(piece.xml10_content().into_owned()))?,
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => named_entity(&entity.xml10_content()).to_owned(),
                };
                take(Piece::Text(resolved))?;
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    match open.last() {
        Some(name) => Err(ReportError::Truncated { reason: format!("`<{name}>` is not closed") }),
        None if !seen => Err(ReportError::Empty { format }),
        None => Ok(()),
    }
}

fn named_entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.as_ref().to_owned();
        // An entity that is not predefined stays as it is written.
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_or_else(|_| attribute.value.clone().into_owned(), |v| v.into_owned());
        attributes.push((name, value));
    }
    Ok(Element { name: start.local_name().as_ref().to_owned(), attributes })
}
