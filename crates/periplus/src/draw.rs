//! `periplus draw`: one journey as a picture.

use crate::failure::{Failure, Kind, reason};
use crate::options::DrawOptions;
use crate::talk;
use periplus_journey::Kind as RecordKind;
use periplus_logbook::{Logged, draw, json};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// Where recordings come from.
const MAKES_ONE: &str = "`periplus serve DIR --journeys FILE` makes a recording.";

/// Draws what the options ask for.
pub(crate) fn run(options: &DrawOptions) -> Result<(), Failure> {
    let logged = choose(options)?;
    let picture = draw::svg(&logged, options.picture).map_err(|nothing| {
        Failure::new(Kind::Running, nothing.to_string())
            .fix("Choose another journey with `--id N`.")
    })?;
    match &options.output {
        Some(path) if path != Path::new("-") => {
            fs::write(path, picture).map_err(|error| cannot_write(&path.display(), &error))?;
            talk::say(&format!(
                "Journey {} is drawn in {}",
                logged.id,
                path.display()
            ));
            Ok(())
        }
        _ => {
            let mut out = io::stdout().lock();
            let written = out.write_all(picture.as_bytes()).and_then(|()| out.flush());
            written.map_err(|error| cannot_write(&"the picture to standard output", &error))
        }
    }
}

fn cannot_write(what: &dyn std::fmt::Display, error: &io::Error) -> Failure {
    Failure::new(
        Kind::Running,
        format!("cannot write {what}: {}", reason(error)),
    )
}

/// Reads the recording as far as the journey that is wanted.
fn choose(options: &DrawOptions) -> Result<Logged, Failure> {
    let (path, id, picture) = (options.recording.as_path(), options.id, options.picture);
    let name = path.display().to_string();
    if path.is_dir() {
        let what = format!("cannot read {name}: it is a folder");
        return Err(Failure::new(Kind::Usage, what).fix(MAKES_ONE));
    }
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|error| {
            let what = format!("cannot read {name}: {}", reason(&error));
            Failure::new(Kind::Usage, what).fix(MAKES_ONE)
        })?))
    };
    let wanted = |logged: &Logged| match id {
        Some(id) => logged.id == id,
        None => logged.kind == RecordKind::Request && picture.shows(logged),
    };
    let mut journeys = 0u64;
    for record in json::read(&name, reader) {
        let logged = record.map_err(|error| {
            Failure::new(Kind::Running, format!("cannot read {error}")).fix(MAKES_ONE)
        })?;
        if wanted(&logged) {
            return Ok(logged);
        }
        journeys += 1;
    }
    let what = match id {
        Some(id) => format!("no journey {id} in {name}, which holds {journeys}"),
        None => format!(
            "no request in {name} that a picture `{}` shows, among {journeys} journeys",
            picture.name()
        ),
    };
    Err(Failure::new(Kind::Running, what)
        .fix("The id of a journey stands in its title on the terminal, and in its line as \"id\"."))
}
