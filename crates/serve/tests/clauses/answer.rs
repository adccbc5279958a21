//! A client that reads answers by the letter of RFC 9112, and takes nothing that the letter does not allow.

use super::row::Answer;
use std::fmt;

/// An answer as it was read.
pub(crate) struct Read {
    pub(crate) status: u16,
    is_http_1_0: bool,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.content.escape_ascii().to_string();
        let content = content.get(..60).unwrap_or(&content);
        write!(f, "{} {:?} {content}", self.status, self.fields)
    }
}

impl Read {
    /// The value of the one header line with this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|field| field.0 == name);
        values.next().map(|field| &*field.1)
    }
}

/// Reads an answer off the front of `bytes`: `None` if it is not whole yet, or what is wrong with it. `ended` says that
/// no more bytes come.
pub(crate) fn read(
    bytes: &mut Vec<u8>,
    is_to_head: bool,
    ended: bool,
) -> Result<Option<Read>, String> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|error| error.to_string())?;
    let mut lines = head.split("\r\n");
    let (is_http_1_0, status) = status(lines.next().unwrap_or_default())?;
    let fields: Vec<_> = lines.map(field).collect::<Result<_, _>>()?;
    let mut read = Read {
        status,
        is_http_1_0,
        fields,
        content: Vec::new(),
    };
    let rest = &bytes[end + 4..];
    let taken = if is_to_head || matches!(status, 100..=199 | 204 | 304) {
        0
    } else if let Some(coding) = read.field("transfer-encoding") {
        if coding != "chunked" {
            return Err(format!("it is coded as {coding}"));
        }
        match chunks(rest)? {
            Some((content, taken)) => {
                read.content = content;
                taken
            }
            None => return Ok(None),
        }
    } else if let Some(length) = read.field("content-length") {
        let length: usize = length
            .parse()
            .map_err(|_| format!("a length of {length}"))?;
        if rest.len() < length {
            return Ok(None);
        }
        read.content = rest[..length].to_vec();
        length
    } else if ended {
        read.content = rest.to_vec();
        rest.len()
    } else {
        return Ok(None);
    };
    bytes.drain(..end + 4 + taken);
    Ok(Some(read))
}

/// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4): whether it is of HTTP/1.0, and the
/// status.
fn status(line: &str) -> Result<(bool, u16), String> {
    let parts = line.split_once(' ');
    let parts = parts.and_then(|(version, rest)| Some((version, rest.split_once(' ')?.0)));
    let malformed = || format!("no status-line: {line:?}");
    let (version, code) = parts.ok_or_else(malformed)?;
    let is_http_1_0 = match version {
        "HTTP/1.1" => false,
        "HTTP/1.0" => true,
        _ => return Err(malformed()),
    };
    match code.parse() {
        Ok(status) if code.len() == 3 => Ok((is_http_1_0, status)),
        _ => Err(malformed()),
    }
}

fn field(line: &str) -> Result<(String, String), String> {
    let malformed = || format!("no field line: {line:?}");
    let (name, value) = line.split_once(':').ok_or_else(malformed)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_text = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(is_text) {
        return Err(malformed());
    }
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// A chunked content and how many bytes it takes.
fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, String> {
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        let Some(end) = bytes[at..].windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&bytes[at..at + end]).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| format!("a chunk of {size:?}"))?;
        at += end + 2;
        if bytes.len() < at + size + 2 {
            return Ok(None);
        }
        content.extend_from_slice(&bytes[at..at + size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some((content, at)));
        }
    }
}

impl Answer {
    /// What is not as it must be of `read`.
    pub(crate) fn check(&self, read: &Read) -> Result<(), String> {
        let status = read.status;
        if !self.statuses.contains(&status) {
            return Err(format!("{status} is none of {:?}: {read:?}", self.statuses));
        }
        for (name, value) in &self.fields {
            match read.field(name) {
                Some(found) if value.is_empty() || found.eq_ignore_ascii_case(value) => {}
                found => return Err(format!("{name}: {found:?} is not {value:?}")),
            }
        }
        if let Some(name) = self.absent.iter().find(|name| read.field(name).is_some()) {
            return Err(format!("{name}: {:?}", read.field(name)));
        }
        if let Some(content) = self.content
            && read.content != content.as_bytes()
        {
            return Err(format!(
                "{:?} is not {content:?}",
                read.content.escape_ascii().to_string()
            ));
        }
        self.manners(read)
    }

    /// What holds for every answer, whatever was asked.
    fn manners(&self, read: &Read) -> Result<(), String> {
        let status = read.status;
        for name in [
            "date",
            "content-length",
            "transfer-encoding",
            "content-type",
            "location",
            "etag",
        ] {
            if read.fields.iter().filter(|field| field.0 == name).count() > 1 {
                return Err(format!("more than one {name}: {read:?}"));
            }
        }
        let length = read.field("content-length");
        let coding = read.field("transfer-encoding");
        // RFC 9110 section 6.6.1: whoever has a clock says when.
        let date = read.field("date").map(httpdate::parse_http_date);
        let broken = match status {
            100..=199 => length.is_some() || coding.is_some(),
            // RFC 9112 section 6.1, RFC 9110 section 8.6.
            204 => length.is_some() || coding.is_some(),
            304 => coding.is_some(),
            _ => length.is_some() == coding.is_some() && !self.is_to_http_1_0 && !self.is_to_head,
        };
        if broken {
            return Err(format!("its framing is not that of a {status}: {read:?}"));
        }
        if status >= 200 && !matches!(date, Some(Ok(_))) {
            return Err(format!("it has no date: {read:?}"));
        }
        // RFC 9110 section 6.2 would have 1.1 here too; hyper says what it was asked in.
        if read.is_http_1_0 && !self.is_to_http_1_0 {
            return Err(format!("HTTP/1.0 to HTTP/1.1: {read:?}"));
        }
        if self.is_to_http_1_0 && coding.is_some() {
            return Err(format!("a transfer coding to HTTP/1.0: {read:?}"));
        }
        let demanded = match status {
            405 => Some("allow"), // RFC 9110 section 15.5.6
            301 | 302 | 303 | 307 | 308 => Some("location"),
            416 => Some("content-range"), // section 15.5.17
            426 => Some("upgrade"),       // section 15.5.22
            _ => None,
        };
        match demanded.filter(|name| read.field(name).is_none()) {
            Some(name) => Err(format!("{status} without {name}: {read:?}")),
            None => Ok(()),
        }
    }
}
