use super::*;
use crate::logged::tests::first_request;
use serde_json::Value;

/// Where lines can be read, and made impossible to write.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<(Vec<u8>, bool)>>);

impl Paper {
    fn refuse(&self, refuse: bool) {
        self.0.lock().unwrap().1 = refuse;
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (text, refuse) = &mut *self.0.lock().unwrap();
        if *refuse {
            return Err(io::ErrorKind::StorageFull.into());
        }
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn said() -> (Arc<Mutex<Vec<String>>>, impl FnMut(&str) + Send + 'static) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let tell = said.clone();
    (said, move |what: &str| {
        tell.lock().unwrap().push(what.to_string())
    })
}

#[test]
fn a_line_says_who_asked_for_what_and_where_it_waited() {
    let paper = Paper::default();
    let mut log = AccessLog::new("the access log", paper.clone(), |_| {});
    let logged = Logged {
        request: Some("GET /a%20b?c=d HTTP/1.1".into()),
        target: Some("/a%20b?c=d".into()),
        host: Some("example.org".into()),
        user_agent: Some("say \"hi\" \\".into()),
        tls_version: Some("1.3".into()),
        server_name: Some("www.example.org".into()),
        ..first_request()
    };
    log.keep(&logged).unwrap();
    log.rest().unwrap();
    let line = &paper.lines()[0];
    assert_eq!(line["host"], "example.org");
    assert_eq!(
        (&line["method"], &line["path"]),
        (&"GET".into(), &"/a%20b".into())
    );
    assert_eq!(line["query"], "c=d");
    assert_eq!(line["user_agent"], "say \"hi\" \\");
    assert_eq!(line["referer"], Value::Null);
    assert_eq!(line["tls_version"], "1.3");
    assert_eq!(line["server_name"], "www.example.org");
    assert_eq!(line["total_ns"], logged.total_ns);
    let stations = line["stations"].as_object().unwrap();
    let sum: u64 = stations.values().map(|ns| ns.as_u64().unwrap()).sum();
    assert_eq!(sum, logged.total_ns);
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn another_file_takes_the_place_of_the_first_and_no_line_is_lost_between() {
    let (old, new) = (Paper::default(), Paper::default());
    let mut log = AccessLog::new("the access log", old.clone(), |_| {});
    log.keep(&first_request()).unwrap();
    log.handle().replace(new.clone());
    log.keep(&first_request()).unwrap();
    log.finish().unwrap();
    assert_eq!((old.lines().len(), new.lines().len()), (1, 1));
}

#[test]
fn what_cannot_be_written_is_counted_and_told_and_the_log_goes_on() {
    let paper = Paper::default();
    let (said, tell) = said();
    let mut log = AccessLog::new("the access log", paper.clone(), tell);
    paper.refuse(true);
    for _ in 0..3 {
        log.keep(&first_request()).unwrap();
        log.rest().unwrap();
    }
    assert_eq!(log.handle().lost(), 3);
    paper.refuse(false);
    log.keep(&first_request()).unwrap();
    log.finish().unwrap();
    assert_eq!(paper.lines().len(), 1);
    let said = said.lock().unwrap();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("cannot write the access log: "));
    assert_eq!(said[1], "the access log is written again; lines lost: 3");
}

#[test]
fn what_is_no_request_is_not_in_it() {
    let paper = Paper::default();
    let mut log = AccessLog::new("the access log", paper.clone(), |_| {});
    let connection = Logged {
        kind: Kind::Connection,
        ..first_request()
    };
    log.keep(&connection).unwrap();
    log.finish().unwrap();
    assert!(paper.lines().is_empty());
}
