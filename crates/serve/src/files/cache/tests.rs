//! What is kept, and when it is not good any more.

use super::*;
use crate::files::beneath::open_root;
use crate::files::coding::Coding;
use crate::files::entity_tag::Fingerprint;
use crate::files::locate::{Found, locate};
use crate::files::media_type;
use crate::files::options::FolderOptions;
use crate::files::patience::Patience;
use crate::files::representation::Described;
use crate::files::target::Target;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::SystemTime;
use tempfile::TempDir;

/// A folder and what is kept of it.
struct Scene {
    folder: TempDir,
    root: OwnedFd,
    options: FolderOptions,
    cache: Cache,
    now: Duration,
}

/// How a request was answered.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// By what is kept, and without a look at the file.
    Hit,
    /// By what is kept, after a look.
    Again,
    /// By the file.
    Read,
}
use Way::{Again, Hit, Read};

impl Scene {
    fn new() -> Self {
        Self::with(1 << 20, 4)
    }

    fn with(bytes: usize, most_open: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = open_root(folder.path()).expect("it is a folder");
        let mut cache = Cache::new(Memory::new(bytes), most_open);
        let options = FolderOptions::default();
        assert_eq!(cache.add_root(&options.index), 0);
        Self {
            folder,
            root,
            options,
            cache,
            now: Duration::from_secs(1000),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        fs::write(path, content).expect("it is ours");
    }

    fn get(&mut self, target: &str) -> (Way, Vec<u8>) {
        self.get_in(target, Coding::Identity)
    }

    /// As a handler does.
    fn get_in(&mut self, target: &str, coding: Coding) -> (Way, Vec<u8>) {
        let mut headers = http::HeaderMap::new();
        let accept = http::HeaderValue::from_static(coding.name());
        headers.insert(http::header::ACCEPT_ENCODING, accept);
        let accepted = Accepted::of(&headers);
        let bytes = |representation: &Representation| match &representation.content {
            Content::Here(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let look = match self.cache.find(0, target, &accepted, false, self.now) {
            Ok(kept) => return (Hit, bytes(&kept)),
            Err(look) => look,
        };
        let parsed = Target::parse(target, false).expect("it is a path");
        let found = locate(&self.root, &parsed, &self.options, Patience::Any);
        let Found::File(located) = found.expect("it can be looked at") else {
            return (Read, b"nothing".to_vec());
        };
        let media_type = media_type::of(&located.path);
        let offer = Offer::of(&located, &media_type, &self.options);
        let choice = offer.choose(&accepted, false).expect("it can be had");
        if let Some(kept) = self.cache.find_again(0, target, &located, choice, look) {
            return (Again, bytes(&kept));
        }
        let described = Described {
            media_type,
            varies: offer.varies(),
            dated: true,
        };
        let opened = located.chosen(choice);
        let content = fs::read(format!("/proc/self/fd/{}", {
            use std::os::fd::AsRawFd;
            opened.file.as_raw_fd()
        }));
        let content = content.expect("it is open");
        let fingerprint = Fingerprint::of_status(&opened.status);
        let mut representation =
            Representation::new(&described, choice, opened, fingerprint, SystemTime::now());
        if content.len() < 10_000 {
            representation = representation.with_bytes(self.cache.kept.keep(content.clone()));
        }
        let representation = Arc::new(representation);
        let root = (0, &self.root);
        let made = (choice, &representation);
        self.cache
            .keep(root, target, &located, &offer, made, (look, true));
        (Read, content)
    }

    /// Asks until it is a hit: the first look after a folder is watched is one more.
    fn settle(&mut self, target: &str) {
        self.get(target);
        self.get(target);
        assert_eq!(self.get(target).0, Hit, "{target}");
    }
}

#[test]
fn what_was_asked_for_is_kept_and_looked_at_once_a_second() {
    let mut scene = Scene::new();
    scene.write("folder/a.txt", "a");
    assert_eq!(scene.get("/folder/a.txt"), (Read, b"a".to_vec()));
    // Its folder was not watched when it was looked at.
    assert_eq!(scene.get("/folder/a.txt"), (Again, b"a".to_vec()));
    for _ in 0..3 {
        assert_eq!(scene.get("/folder/a.txt"), (Hit, b"a".to_vec()));
    }
    scene.now += FRESH - Duration::from_millis(1);
    assert_eq!(scene.get("/folder/a.txt").0, Hit);
    scene.now += Duration::from_millis(1);
    assert_eq!(scene.get("/folder/a.txt").0, Again);
    assert_eq!(scene.get("/folder/a.txt").0, Hit);
}

/// What happens to a file.
type Change<'a> = &'a dyn Fn(&Scene);

#[test]
fn whatever_is_told_of_is_not_served_any_more() {
    let mut scene = Scene::new();
    scene.write("folder/deep/a.txt", "old");
    let changes: &[(&str, Change, &str)] = &[
        (
            "overwritten",
            &|scene| scene.write("folder/deep/a.txt", "two"),
            "two",
        ),
        (
            "replaced",
            &|scene| {
                scene.write("new", "three");
                fs::rename(scene.path("new"), scene.path("folder/deep/a.txt")).expect("ours");
            },
            "three",
        ),
        (
            "the folder above it is another",
            &|scene| {
                scene.write("other/deep/a.txt", "four");
                fs::rename(scene.path("folder"), scene.path("gone")).expect("ours");
                fs::rename(scene.path("other"), scene.path("folder")).expect("ours");
            },
            "four",
        ),
        (
            "the folder above it is a link",
            &|scene| {
                scene.write("linked/deep/a.txt", "five");
                fs::rename(scene.path("folder"), scene.path("gone-too")).expect("ours");
                symlink("linked", scene.path("folder")).expect("it is new");
            },
            "five",
        ),
    ];
    scene.settle("/folder/deep/a.txt");
    for (how, change, expected) in changes {
        change(&scene);
        let (way, bytes) = scene.get("/folder/deep/a.txt");
        assert_eq!((way, &*bytes), (Read, expected.as_bytes()), "{how}");
        scene.get("/folder/deep/a.txt");
    }
    // Behind a link nobody tells: it is looked at every time, and seen at once.
    for _ in 0..3 {
        assert_eq!(scene.get("/folder/deep/a.txt"), (Again, b"five".to_vec()));
    }
    scene.write("linked/deep/a.txt", "six");
    assert_eq!(scene.get("/folder/deep/a.txt"), (Read, b"six".to_vec()));
    fs::remove_file(scene.path("folder")).expect("it is ours");
    assert_eq!(scene.get("/folder/deep/a.txt"), (Read, b"nothing".to_vec()));
}

#[test]
fn what_changes_in_a_folder_that_took_the_place_of_another_is_seen_at_once() {
    let mut scene = Scene::new();
    for (round, file) in ["folder/a.txt", "folder/deep/a.txt"].iter().enumerate() {
        let target = format!("/{file}");
        scene.write(file, "old");
        scene.settle(&target);
        scene.write(&format!("other{round}/a.txt"), "new");
        scene.write(&format!("other{round}/deep/a.txt"), "new");
        fs::rename(scene.path("folder"), scene.path(&format!("gone{round}"))).expect("ours");
        fs::rename(scene.path(&format!("other{round}")), scene.path("folder")).expect("ours");
        scene.settle(&target);
        assert_eq!(scene.get(&target), (Hit, b"new".to_vec()));
        scene.write(file, "newer");
        assert_eq!(scene.get(&target), (Read, b"newer".to_vec()));
    }
}

#[test]
fn what_goes_is_gone_and_what_comes_beside_it_is_seen() {
    let mut scene = Scene::new();
    scene.write("a.txt", "a text");
    scene.write("index.html", "index");
    scene.settle("/a.txt");
    scene.settle("/");
    scene.write("a.txt.gz", "gz");
    assert_eq!(scene.get_in("/a.txt", Coding::Gzip), (Read, b"gz".to_vec()));
    scene.get_in("/a.txt", Coding::Gzip);
    assert_eq!(scene.get_in("/a.txt", Coding::Gzip), (Hit, b"gz".to_vec()));
    scene.settle("/a.txt");
    scene.write("unrelated", "");
    assert_eq!(scene.get("/a.txt").0, Hit);
    fs::remove_file(scene.path("a.txt.gz")).expect("it is ours");
    assert_ne!(scene.get_in("/a.txt", Coding::Gzip).1, b"gz");
    fs::remove_file(scene.path("a.txt")).expect("it is ours");
    assert_eq!(scene.get("/a.txt"), (Read, b"nothing".to_vec()));
    fs::remove_file(scene.path("index.html")).expect("it is ours");
    assert_eq!(scene.get("/"), (Read, b"nothing".to_vec()));
}

#[test]
fn a_file_of_two_names_is_looked_at_every_time() {
    let mut scene = Scene::new();
    scene.write("a/file", "old");
    fs::create_dir(scene.path("b")).expect("it is new");
    fs::hard_link(scene.path("a/file"), scene.path("b/file")).expect("it is new");
    for _ in 0..3 {
        scene.get("/a/file");
    }
    // By the other name, in a folder that nobody watches.
    fs::write(scene.path("b/file"), "other").expect("it is ours");
    assert_eq!(scene.get("/a/file"), (Read, b"other".to_vec()));
}

#[test]
fn no_more_is_kept_than_may_be_and_what_is_used_stays() {
    let mut scene = Scene::with(64 * 1024, 4);
    for number in 0..100 {
        scene.write(&format!("{number}"), vec![b'x'; 4000]);
    }
    scene.settle("/0");
    for number in 1..100 {
        scene.get(&format!("/{number}"));
        assert!(scene.cache.kept.held() <= 64 * 1024);
        assert_eq!(scene.get("/0").0, Hit, "after {number}");
    }
    let kept = scene.cache.entries.iter().flatten().count();
    assert!((8..=16).contains(&kept), "{kept}");
}

#[test]
fn no_more_files_are_open_than_may_be() {
    let mut scene = Scene::with(1 << 20, 4);
    for number in 0..20 {
        scene.write(&format!("{number}"), vec![b'x'; 20_000]);
        scene.get(&format!("/{number}"));
        assert!(scene.cache.open <= 4);
    }
    let open: usize = scene.cache.entries.iter().flatten().map(Entry::opens).sum();
    assert_eq!((open, scene.cache.open), (4, 4));
}

#[test]
fn with_a_root_all_that_is_kept_of_it_goes() {
    let mut scene = Scene::new();
    scene.write("folder/a", "a");
    scene.write("b", "b");
    scene.settle("/folder/a");
    scene.settle("/b");
    scene.cache.remove_root(0);
    assert_eq!(scene.cache.kept.held(), 0);
    assert!(scene.cache.by_path.is_empty());
    assert_eq!(scene.cache.add_root(&[]), 0);
    assert_eq!(scene.get("/b").0, Read);
}

#[test]
fn a_change_between_look_and_keeping_is_not_missed() {
    let mut scene = Scene::new();
    scene.write("a", "a");
    scene.write("b", "b");
    scene.settle("/a");
    // Looked at, then changed, and another request has heard of it before this one is kept.
    let accepted = Accepted::IDENTITY;
    let look = scene.cache.find(0, "/b", &accepted, false, scene.now);
    let look = look.expect_err("it is not kept");
    let target = Target::parse("/b", false).expect("it is a path");
    let found = locate(&scene.root, &target, &scene.options, Patience::Any);
    let Ok(Found::File(located)) = found else {
        panic!("it is there");
    };
    scene.write("b", "new");
    let _ = scene.cache.find(0, "/a", &accepted, false, scene.now);
    let media_type = media_type::of(&located.path);
    let offer = Offer::of(&located, &media_type, &scene.options);
    let described = Described {
        media_type,
        varies: false,
        dated: true,
    };
    let choice = Choice::There(Coding::Identity);
    let fingerprint = Fingerprint::of_status(&located.opened.status);
    let now = SystemTime::now();
    let old = Representation::new(&described, choice, &located.opened, fingerprint, now);
    let old = Arc::new(old.with_bytes(bytes::Bytes::from_static(b"b")));
    let root = (0, &scene.root);
    scene
        .cache
        .keep(root, "/b", &located, &offer, (choice, &old), (look, true));
    assert_eq!(scene.get("/b"), (Read, b"new".to_vec()));
}
