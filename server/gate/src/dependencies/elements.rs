//! A small XML document as a tree. Entities that it declares are never expanded.

use super::document::Unreadable;
use crate::report::ReportError;
use crate::report::xml::{Piece, pieces};

/// An element with what is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// Its name without a prefix.
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Its own text, without the space around it.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name, if there is any.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The value of an attribute, be it written in whatever case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    /// Calls `take` for every element below, in order, with the names of those around it, the outermost first.
    pub(crate) fn each<'e>(&'e self, take: &mut impl FnMut(&[&'e str], &'e Element)) {
        fn below<'e>(
            element: &'e Element,
            path: &mut Vec<&'e str>,
            take: &mut impl FnMut(&[&'e str], &'e Element),
        ) {
            path.push(&element.name);
            for child in &element.children {
                take(path, child);
                below(child, path, take);
            }
            path.pop();
        }
        below(self, &mut Vec::new(), take);
    }
}

/// The outermost element of a document.
pub(crate) fn read(content: &str) -> Result<Element, Unreadable> {
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let read = pieces("XML", content, |piece| {
        match piece {
            Piece::Open(element) => {
                let attributes = element.attributes().to_vec();
                open.push(Element { name: element.name, attributes, ..Element::default() });
            }
            Piece::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Piece::Close(_) => {
                let Some(mut done) = open.pop() else { return Ok(()) };
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(around) => around.children.push(done),
                    None => root = root.take().or(Some(done)),
                }
            }
        }
        Ok(())
    });
    let line = match read {
        Ok(()) => None,
        Err(ReportError::Malformed { line, .. }) => {
            Some(u32::try_from(line).unwrap_or(u32::MAX).saturating_sub(1))
        }
        Err(_) => Some(0),
    };
    match line {
        None => root.ok_or_else(|| Unreadable::new("it is no XML", 0)),
        Some(line) => Err(Unreadable::new("it is no XML", line)),
    }
}
