//! Frames on the wire: bytes in, JSON-RPC messages out, and back. Knows no method, no session and not tower-lsp.
//!
//! Whatever comes, the next message is read as if nothing had been: what is no message is told of, and what is no frame is
//! passed over up to the next header. In JSON a line break is never inside a text, so a line that has a header is one.

use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// The largest message that is read, in bytes; one that announces more is passed over.
const MESSAGE_BYTES_MAX: u64 = 256 << 20;
/// How much of a line outside of messages is looked at: its end.
const LINE_BYTES_MAX: usize = 8 << 10;

/// What names a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Id {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Incoming {
    /// A request; without an id, a notification.
    Call { id: Option<Id>, method: String, params: Option<Value> },
    /// The answer to a request of ours: its result, or its error as it came. Without an id it tells that the client could
    /// not read something.
    Answer { id: Option<Id>, outcome: Result<Value, Value> },
    /// No message, though it is JSON: which request it may have been, and what is wrong.
    Misshapen { id: Option<Id>, why: &'static str },
    /// No frame, or no JSON in it: what is wrong.
    Illegible(String),
}

/// The messages of a stream.
pub(crate) struct Frames<I> {
    from: BufReader<I>,
    /// The header of the next message, if it was read already.
    header: Option<Header>,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    length: u64,
    utf8: bool,
}

/// A line outside of messages.
enum Line {
    Length { bytes: u64, alone: bool },
    Type { utf8: bool },
    OtherHeader,
    Wrong(&'static str),
}

impl<I: AsyncRead + Unpin> Frames<I> {
    /// The messages of `stream`.
    pub(crate) fn new(stream: I) -> Self {
        Self { from: BufReader::with_capacity(64 << 10, stream), header: None }
    }

    /// The next message; `None` at the end of the stream, even if that is in the middle of one.
    pub(crate) async fn next(&mut self) -> Option<Incoming> {
        let header = match self.header.take() {
            Some(header) => header,
            None => match self.read_header().await? {
                Ok(header) => header,
                Err(why) => return Some(Incoming::Illegible(why.to_owned())),
            },
        };
        let mut body = Vec::new();
        let read = (&mut self.from).take(header.length).read_to_end(&mut body).await;
        if !read.is_ok_and(|read| u64::try_from(read) == Ok(header.length)) {
            tracing::warn!("the client left in the middle of a message");
            return None;
        }
        if !header.utf8 {
            return Some(Incoming::Illegible("the only encoding is utf-8".to_owned()));
        }
        Some(match serde_json::from_slice(&body) {
            Ok(value) => message(value),
            Err(error) => Incoming::Illegible(error.to_string()),
        })
    }

    /// Reads past the next header. `Err`: there was something else, and why it is no header; one that came right
    /// after it is kept.
    async fn read_header(&mut self) -> Option<Result<Header, &'static str>> {
        let (mut length, mut utf8, mut wrong, mut any) = (None, true, None, false);
        loop {
            let line = self.line().await?;
            let line = line.trim_ascii();
            if line.is_empty() && any {
                let header = length.map(|length| Header { length, utf8 });
                return Some(match (header, wrong) {
                    (Some(header), None) => Ok(header),
                    (header, wrong) => {
                        self.header = header;
                        Err(wrong.unwrap_or("a header without Content-Length"))
                    }
                });
            }
            any |= !line.is_empty();
            match read_line(line) {
                Line::Length { bytes, alone } => {
                    length = Some(bytes);
                    if !alone {
                        wrong = Some("text before a header");
                    }
                }
                Line::Type { utf8: is } => utf8 = is,
                Line::OtherHeader => {}
                Line::Wrong(why) => wrong = Some(why),
            }
        }
    }

    /// One line, or the end of a long one; `None` where the stream ends.
    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let chunk = self.from.fill_buf().await.ok()?;
            if chunk.is_empty() {
                if !line.is_empty() {
                    tracing::warn!("the client left in the middle of a header");
                }
                return None;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(chunk.len(), |end| end + 1);
            line.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            self.from.consume(taken);
            line.drain(..line.len().saturating_sub(LINE_BYTES_MAX));
            if end.is_some() {
                return Some(line);
            }
        }
    }
}

/// Reads a line outside of messages. Names of headers are compared as everywhere, without case; after a message that was
/// longer than announced, one may stand behind the rest of it.
fn read_line(line: &[u8]) -> Line {
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    if let Some((before, length)) = line.rsplit_once("content-length:") {
        return match length.trim().parse() {
            Ok(bytes) if bytes <= MESSAGE_BYTES_MAX => {
                Line::Length { bytes, alone: before.is_empty() }
            }
            Ok(_) => Line::Wrong("a message of more than 256 MiB"),
            Err(_) => Line::Wrong("a Content-Length that is no number"),
        };
    }
    if let Some(kind) = line.strip_prefix("content-type:") {
        let charset = kind.split("charset=").nth(1).map(|name| name.trim().trim_matches('"'));
        return Line::Type { utf8: charset.is_none_or(|name| name == "utf-8" || name == "utf8") };
    }
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match line.split_once(':') {
        Some((name, _)) if is_name(name) => Line::OtherHeader,
        _ if line.is_empty() => Line::OtherHeader,
        _ => Line::Wrong("text where a header belongs"),
    }
}

/// What a JSON value says as a message.
fn message(value: Value) -> Incoming {
    let Value::Object(mut fields) = value else {
        return Incoming::Misshapen { id: None, why: "a message is one object" };
    };
    let id = match fields.remove("id") {
        None => Ok(None),
        Some(Value::String(id)) => Ok(Some(Id::Text(id))),
        Some(id) => id.as_i64().map(|id| Some(Id::Number(id))).ok_or(()),
    };
    let method = fields.remove("method");
    let (result, error) = (fields.remove("result"), fields.remove("error"));
    if method.is_none() && (result.is_some() || error.is_some()) {
        let error = error.filter(|error| !error.is_null());
        let outcome = error.map_or_else(|| Ok(result.unwrap_or_default()), Err);
        // An answer is never answered, however wrong it is: that would go round in circles.
        return Incoming::Answer { id: id.unwrap_or_default(), outcome };
    }
    let Ok(id) = id else {
        return Incoming::Misshapen { id: None, why: "an id is a whole number or a text" };
    };
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Incoming::Misshapen { id, why: "`jsonrpc` is \"2.0\"" };
    }
    match method {
        Some(Value::String(method)) => {
            Incoming::Call { id, method, params: fields.remove("params") }
        }
        Some(_) => Incoming::Misshapen { id, why: "`method` is a text" },
        None => Incoming::Misshapen { id, why: "neither `method` nor `result` nor `error`" },
    }
}

/// Appends a message to what is to be written.
pub(crate) fn frame(message: &impl Serialize, to: &mut Vec<u8>) {
    match serde_json::to_vec(message) {
        Ok(body) => {
            to.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            to.extend_from_slice(&body);
        }
        Err(error) => tracing::error!(%error, "a message is not JSON: not sent"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// All that is read from these bytes.
    fn read(bytes: &[u8]) -> Vec<Incoming> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut frames, mut all) = (Frames::new(bytes), Vec::new());
            while let Some(incoming) = frames.next().await {
                all.push(incoming);
            }
            all
        })
    }

    fn framed(message: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame(message, &mut bytes);
        bytes
    }

    fn call(id: i64) -> (Vec<u8>, Incoming) {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "m", "params": [id] });
        let (id, params) = (Some(Id::Number(id)), Some(json!([id])));
        (framed(&message), Incoming::Call { id, method: "m".into(), params })
    }

    fn reads_on_after(noise: &[u8], illegible: usize) {
        let ((first, expected), (second, next)) = (call(1), call(2));
        let all = read(&[&first, noise, &second].concat());
        let shown = String::from_utf8_lossy(noise).into_owned();
        assert_eq!((all.first(), all.last()), (Some(&expected), Some(&next)), "{shown}");
        let wrong = all.iter().filter(|incoming| matches!(incoming, Incoming::Illegible(_)));
        assert_eq!((wrong.count(), all.len()), (illegible, illegible + 2), "{shown}: {all:?}");
    }

    #[test]
    fn the_next_message_is_read_whatever_stands_before_it() {
        for noise in [
            "hello\r\n\r\n",
            "hello",
            "hello\n",
            "Content-Length: 12\r\n\r\nnot JSON, 12",
            "Content-Length: x\r\n\r\n",
            "Content-Length: -1\r\n\r\n",
            "Content-Length: 99999999999999999999999\r\n\r\n",
            "Content-Length: 999999999999\r\n\r\n",
            "Content-Type: x\r\n\r\n",
            "Content-Length: 2\r\nContent-Type: a; charset=utf-16\r\n\r\n{}",
            "Content-Length: 0\r\n\r\n",
            "{\"jsonrpc\":\"2.0\"}",
        ] {
            reads_on_after(noise.as_bytes(), 1);
        }
        // The rest of what was announced wrongly is told of, too.
        reads_on_after(b"Content-Length: x\r\n\r\n{}", 2);
        reads_on_after(b"Content-Length: 5\r\n\r\n{\"a\": 1,\n\"b\": 2}", 2);
        reads_on_after(b"Content-Length: 2\r\n\r\n\xff\xfe", 1);
        reads_on_after(&[b'x'; 100_000], 1);
        reads_on_after(b"\r\n\r\n", 0);
    }

    #[test]
    fn headers_are_read_as_written_elsewhere() {
        for header in [
            "content-length: 18\r\n\r\n",
            "Content-Length:18\n\n",
            "X: 1\r\nY: 2\r\nZ: 3\r\nContent-Length: 18\r\n\r\n",
            "Content-Length: 18\r\nContent-Type: application/vscode-jsonrpc; charset=\"UTF-8\"\r\n\r\n",
        ] {
            let all = read(format!("{header}{{\"id\":1,\"error\":5}}").as_bytes());
            assert!(matches!(all.as_slice(), [Incoming::Answer { .. }]), "{header}: {all:?}");
        }
    }

    #[test]
    fn a_stream_may_end_anywhere() {
        let (bytes, expected) = call(1);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), [], "{end}");
        }
        assert_eq!(read(&bytes), [expected]);
    }

    #[test]
    fn what_is_no_message_is_named_with_its_request() {
        let misshapen = |value: Value| match read(&framed(&value)).as_slice() {
            [Incoming::Misshapen { id, .. }] => id.clone(),
            other => panic!("{value}: {other:?}"),
        };
        let seven = Some(Id::Number(7));
        assert_eq!(misshapen(json!([{ "jsonrpc": "2.0", "id": 7, "method": "m" }])), None);
        assert_eq!(misshapen(json!(7)), None);
        for id in [json!(null), json!(1.5), json!({}), json!(u64::MAX)] {
            assert_eq!(misshapen(json!({ "jsonrpc": "2.0", "id": id, "method": "m" })), None);
        }
        for wrong in [
            json!({ "id": 7, "method": "m" }),
            json!({ "jsonrpc": "1.0", "id": 7, "method": "m" }),
            json!({ "jsonrpc": 2.0, "id": 7, "method": "m" }),
            json!({ "jsonrpc": "2.0", "id": 7 }),
            json!({ "jsonrpc": "2.0", "id": 7, "method": 7 }),
        ] {
            assert_eq!(misshapen(wrong), seven);
        }
    }

    #[test]
    fn an_error_counts_before_a_result_and_null_is_no_error() {
        let outcome = |fields: Value| match read(&framed(&fields)).pop() {
            Some(Incoming::Answer { outcome, .. }) => outcome,
            other => panic!("{fields}: {other:?}"),
        };
        assert_eq!(outcome(json!({ "id": "a", "result": null })), Ok(Value::Null));
        assert_eq!(outcome(json!({ "id": 1, "result": 2, "error": null })), Ok(json!(2)));
        assert_eq!(outcome(json!({ "id": 1, "result": null, "error": 3 })), Err(json!(3)));
        assert_eq!(outcome(json!({ "id": null, "error": 3 })), Err(json!(3)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_end_and_what_follows_them_is_found(
            noise in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "(Content-Length: [0-9]{1,2}|\r\n|[a-z:]{0,5}|\\{\\})*".prop_map(String::into_bytes),
            ],
        ) {
            // What announces a message takes at most 99 bytes of what follows.
            let (filler, (bytes, expected)) = (call(1).0.repeat(10), call(2));
            let all = read(&[noise.as_slice(), b"\r\n\r\n", &filler, &bytes].concat());
            prop_assert_eq!(all.last(), Some(&expected));
        }
    }
}
