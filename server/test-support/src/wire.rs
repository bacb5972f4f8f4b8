//! The base protocol: JSON in frames with a `Content-Length` header.

use std::io::{self, BufRead, Write};

use serde_json::Value;

/// The largest frame read, 64 MiB: a server that announces more is broken.
const FRAME_LIMIT_BYTES: usize = 64 << 20;

/// Writes one message and flushes.
pub(crate) fn write_message(to: &mut impl Write, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    write!(to, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    to.flush()
}

/// Reads one message; `None` at the end of the stream between two messages.
///
/// # Errors
/// `InvalidData` for anything that is not a frame with JSON in it: a server may print nothing else to its output.
pub(crate) fn read_message(from: &mut impl BufRead) -> io::Result<Option<Value>> {
    let Some(body) = read_frame(from)? else { return Ok(None) };
    serde_json::from_slice(&body).map(Some).map_err(|error| invalid(format!("not JSON: {error}")))
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads what one frame holds; `None` at the end of the stream between two frames.
///
/// # Errors
/// `InvalidData` for anything that is not a frame.
pub fn read_frame(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    let mut first = true;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return if first { Ok(None) } else { Err(invalid("ended inside a header".into())) };
        }
        first = false;
        let Some(line) = line.strip_suffix("\r\n") else {
            return Err(invalid(format!("not a header: {line:?}")));
        };
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(": ") else {
            return Err(invalid(format!("not a header: {line:?}")));
        };
        if name.eq_ignore_ascii_case("Content-Length") {
            length = value.parse::<usize>().ok();
        }
    }
    let length = length
        .filter(|length| *length <= FRAME_LIMIT_BYTES)
        .ok_or_else(|| invalid("no usable Content-Length".into()))?;
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_come_back() {
        let mut bytes = Vec::new();
        for message in [json!({"a": "ü"}), json!({"b": 2})] {
            write_message(&mut bytes, &message).unwrap();
        }
        let mut from = bytes.as_slice();
        assert_eq!(read_message(&mut from).unwrap(), Some(json!({"a": "ü"})));
        assert_eq!(read_message(&mut from).unwrap(), Some(json!({"b": 2})));
        assert_eq!(read_message(&mut from).unwrap(), None);
    }

    #[test]
    fn anything_else_on_the_stream_is_an_error() {
        for bad in [
            "hello\n",
            "hello\r\n",
            "Content-Length: x\r\n\r\n{}",
            "Content-Length: 3\r\n\r\n{x}",
            "Content-Length: 2\r\n",
        ] {
            assert!(read_message(&mut bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
