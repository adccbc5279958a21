//! A client of the key-value protocol, on std alone.
//!
//! ```text
//! cargo run --example kv_client -- 127.0.0.1:7379 set greeting good morning
//! cargo run --example kv_client -- 127.0.0.1:7379 get greeting
//! cargo run --example kv_client -- 127.0.0.1:7379 < requests.txt
//! ```
//!
//! It prints the answer, or one a line of standard input, and fails where that is `missing` or an error.

use std::env;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Write};
use std::net::TcpStream;
use std::process::ExitCode;

/// A connection to the server.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to `address`, as `127.0.0.1:7379`.
    pub(crate) fn connect(address: &str) -> io::Result<Self> {
        let stream = BufReader::new(TcpStream::connect(address)?);
        Ok(Self { stream })
    }

    /// Sends a request, which is a line without its end, and gives the answer, one as well.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<String> {
        // In one piece: the end of the line alone would be a segment of its own.
        self.stream
            .get_mut()
            .write_all(format!("{request}\n").as_bytes())?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer)?;
        match answer.strip_suffix('\n') {
            Some(answer) => Ok(answer.into()),
            None => Err(Error::new(
                ErrorKind::UnexpectedEof,
                "the server closed the connection without an answer",
            )),
        }
    }
}

fn run(address: &str, words: &[String]) -> io::Result<bool> {
    let mut client = Client::connect(address)?;
    let mut ask = |request: &str| {
        let answer = client.ask(request)?;
        println!("{answer}");
        Ok(answer != "missing" && !answer.starts_with("error "))
    };
    if !words.is_empty() {
        return ask(&words.join(" "));
    }
    let mut all = true;
    for line in io::stdin().lines() {
        all &= ask(&line?)?;
    }
    Ok(all)
}

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let Some(address) = words.next() else {
        eprintln!("usage: kv_client ADDRESS:PORT [get KEY | set KEY VALUE | del KEY | ping]");
        return ExitCode::from(2);
    };
    match run(&address, &words.collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kv_client: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}
