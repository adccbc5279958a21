//! A fault, as its file says it.

use serde::Deserialize;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A fault of which it is known what it is and who should notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name: its file's.
    #[serde(skip)]
    pub name: String,
    /// What it is, in a sentence.
    pub what: String,
    /// Which invariant, or which rule of the oracle's, should notice.
    pub notices: String,
    /// What is changed in the sources.
    pub change: Vec<Change>,
}

/// A piece of a source file and what stands there instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which file, from the workspace's root.
    pub file: PathBuf,
    /// What stands there, once.
    pub text: String,
    /// What is to stand there.
    pub instead: String,
}

/// Why a fault cannot be built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// There is none of that name, but these.
    Unknown(String, Vec<String>),
    /// Its file cannot be read, or says something else than a fault.
    Unreadable(PathBuf, String),
    /// The text that it changes does not stand in the file once, but so often.
    NotOnce(String, PathBuf, usize),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name, names) => write!(
                f,
                "there is no fault {name}: choose `all`, or one of {}",
                names.join(", ")
            ),
            Self::Unreadable(path, why) => write!(f, "{}: {why}", path.display()),
            Self::NotOnce(name, file, times) => write!(
                f,
                "the text that {name} changes stands {times} times in {}: say in sim/broken/{name}.toml what stands there now",
                file.display()
            ),
        }
    }
}

impl std::error::Error for FaultError {}

impl Fault {
    /// All of them, by name.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn all(root: &Path) -> Result<Vec<Self>, FaultError> {
        let folder = root.join("sim/broken");
        let unreadable =
            |error: std::io::Error| FaultError::Unreadable(folder.clone(), error.to_string());
        let entries = fs::read_dir(&folder).map_err(unreadable)?;
        let paths = entries.map(|entry| Ok(entry.map_err(unreadable)?.path()));
        let mut paths: Vec<_> = paths.collect::<Result<_, _>>()?;
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The one of that name, or all of them.
    ///
    /// # Errors
    /// That there is none, or that its file cannot be read.
    pub fn named(root: &Path, name: &str) -> Result<Vec<Self>, FaultError> {
        let all = Self::all(root)?;
        if name == "all" {
            return Ok(all);
        }
        let names = all.iter().map(|fault| fault.name.clone()).collect();
        let found: Vec<_> = all.into_iter().filter(|fault| fault.name == name).collect();
        match found.is_empty() {
            true => Err(FaultError::Unknown(name.to_owned(), names)),
            false => Ok(found),
        }
    }

    fn read(path: &Path) -> Result<Self, FaultError> {
        let unreadable = |why: String| FaultError::Unreadable(path.to_owned(), why);
        let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let mut fault: Self =
            toml::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        fault.name = path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(fault)
    }

    /// The files that it changes, with what is in them afterwards.
    ///
    /// # Errors
    /// A text that does not stand in its file once.
    pub fn changed(&self, root: &Path) -> Result<Vec<(PathBuf, String)>, FaultError> {
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for change in &self.change {
            let path = root.join(&change.file);
            let place = files.iter().position(|(file, _)| *file == change.file);
            let text = match place {
                Some(place) => files.swap_remove(place).1,
                None => fs::read_to_string(&path)
                    .map_err(|error| FaultError::Unreadable(path, error.to_string()))?,
            };
            let times = text.matches(&change.text).count();
            if times != 1 {
                let (name, file) = (self.name.clone(), change.file.clone());
                return Err(FaultError::NotOnce(name, file, times));
            }
            let text = text.replacen(&change.text, &change.instead, 1);
            files.push((change.file.clone(), text));
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        Fault {
            name: "nobody".into(),
            what: String::new(),
            notices: String::new(),
            change: vec![Change {
                file: "file".into(),
                text: text.into(),
                instead: "X".into(),
            }],
        }
    }

    #[test]
    fn a_text_is_replaced_if_it_stands_there_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "one two two").unwrap();
        let file = PathBuf::from("file");
        let changed = fault("one").changed(folder.path()).unwrap();
        assert_eq!(changed, [(file.clone(), "X two two".to_owned())]);
        for (text, times) in [("two", 2), ("three", 0)] {
            let error = fault(text).changed(folder.path()).unwrap_err();
            assert_eq!(
                error,
                FaultError::NotOnce("nobody".into(), file.clone(), times)
            );
        }
    }
}
