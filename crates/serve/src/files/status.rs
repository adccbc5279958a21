//! What a file was when it was looked at.

use rustix::fs::{FileType, Stat};
use std::time::Duration;

/// What tells one state of a file from another. Two that are equal are of the same bytes, as far as a file system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Status {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) length: u64,
    /// When its bytes were last written: what anybody may set.
    pub(super) modified: Time,
    /// When its bytes, or what is known of it, last changed: what only the kernel sets.
    pub(super) changed: Time,
    pub(super) attributes: Attributes,
}

/// What else is known of a file, whose change is noted as that of its bytes is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Attributes {
    /// The names that it has.
    pub(super) links: u64,
    /// Who may do what with it.
    mode: u32,
    owner: u32,
    group: u32,
}

/// Seconds and nanoseconds since 1970; before that, negative seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

impl Status {
    /// Of a regular file: there is none of anything else.
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "the fields differ in their types from one architecture to another"
    )]
    pub(super) fn of_file(stat: &Stat) -> Option<Self> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return None;
        }
        Some(Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            length: u64::try_from(stat.st_size).ok()?,
            modified: Time {
                seconds: stat.st_mtime as i64,
                nanoseconds: stat.st_mtime_nsec as u32,
            },
            changed: Time {
                seconds: stat.st_ctime as i64,
                nanoseconds: stat.st_ctime_nsec as u32,
            },
            attributes: Attributes {
                links: stat.st_nlink as u64,
                mode: stat.st_mode as u32,
                owner: stat.st_uid,
                group: stat.st_gid,
            },
        })
    }

    /// Whether whoever changes the file from `now` on, since 1970, changes its times as well: a file system's clock may stand
    /// still for a while, and what is told of a file is told to the second.
    pub(super) fn is_settled(&self, now: Duration) -> bool {
        const TICK: Duration = Duration::from_millis(100);
        let since_1970 = |time: Time| {
            let seconds = u64::try_from(time.seconds).unwrap_or(0);
            Duration::new(seconds, time.nanoseconds.min(999_999_999))
        };
        let second = u64::try_from(self.modified.seconds).unwrap_or(0);
        let second = Duration::from_secs(second.saturating_add(1));
        now >= since_1970(self.changed).saturating_add(TICK) && now >= second
    }

    /// Whether `later`, seen of the same open file, is of the bytes that this one was of. A file that gets or loses a name, as
    /// one that another is renamed over, keeps its bytes for whoever has it open, and so does one that is given to somebody
    /// else; but its change is noted. A change that nothing of this explains may be one of its bytes.
    pub(super) fn has_bytes_of(&self, later: &Status) -> bool {
        let same_bytes = self.length == later.length && self.modified == later.modified;
        same_bytes && (self.changed == later.changed || self.attributes != later.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fstat;
    use std::fs;
    use std::fs::Permissions;
    use std::os::unix::fs::{FileExt, PermissionsExt};

    fn status(file: &fs::File) -> Status {
        Status::of_file(&fstat(file).expect("it is open")).expect("it is a file")
    }

    #[test]
    fn a_file_that_another_is_renamed_over_keeps_its_bytes() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "old").expect("it is new");
        fs::write(&new, "new").expect("it is new");
        let file = fs::File::open(&old).expect("it is there");
        let before = status(&file);
        fs::rename(&new, &old).expect("it is ours");
        assert!(before.has_bytes_of(&status(&file)));
        let other = fs::File::open(&old).expect("it is there");
        assert_ne!(status(&other), before);
    }

    #[test]
    fn a_file_that_gets_another_name_or_other_rights_keeps_its_bytes() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        fs::write(&path, "content").expect("it is new");
        let file = fs::File::open(&path).expect("it is there");
        let set_mode = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        };
        set_mode(0o644);
        let first = status(&file);
        fs::hard_link(&path, folder.path().join("other")).expect("it is new");
        let linked = status(&file);
        set_mode(0o640);
        let restricted = status(&file);
        assert!(first.has_bytes_of(&linked) && linked.has_bytes_of(&restricted));
    }

    #[test]
    fn a_file_that_is_written_in_place_does_not_whatever_its_time_is_set_to() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        fs::write(&path, "old").expect("it is new");
        let file = fs::File::options().read(true).write(true).open(&path);
        let file = file.expect("it is there");
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        let before = status(&file);
        // Until the clock of the file system has moved on.
        loop {
            file.write_all_at(b"new", 0).expect("it is ours");
            file.set_modified(modified.as_ref().copied().expect("it has one"))
                .expect("it is ours");
            if status(&file).changed != before.changed {
                break;
            }
        }
        assert_eq!(status(&file).modified, before.modified);
        assert!(!before.has_bytes_of(&status(&file)));
    }

    #[test]
    fn a_folder_has_none() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let opened = fs::File::open(folder.path()).expect("it is there");
        let stat = fstat(&opened).expect("it is open");
        assert_eq!(Status::of_file(&stat), None);
    }
}
