//! What is served.

use super::usage;
use crate::config::{Config, Place, SiteSection};
use crate::failure::{Failure, Kind, reason};
use crate::options::ServeOptions;
use periplus_serve::FolderOptions;
use periplus_serve::site::SiteOptions;
use std::io;

/// A site, and where its folder was named.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// None, where it was on the command line.
    pub(crate) place: Option<Place>,
    pub(crate) options: SiteOptions,
}

impl Site {
    /// That its folder cannot be served, or a rule not be kept.
    pub(crate) fn refuse(&self, error: &io::Error) -> Failure {
        let folder = self.options.root.display();
        let place = self.place.as_ref().map(|place| format!("{place}: "));
        let place = place.unwrap_or_default();
        if self.options.root.is_file() {
            let what = format!("{place}cannot serve {folder}: it is a file");
            return usage(what, "Name the folder it lies in.");
        }
        let what = format!("{place}cannot serve {folder}: {}", reason(error));
        if error.kind() == io::ErrorKind::InvalidInput {
            return Failure::new(Kind::Usage, what);
        }
        match error.kind() {
            io::ErrorKind::PermissionDenied => Failure::new(Kind::Refused, what).fix(format!(
                "Let this user read it, as by `chmod -R o+rX {folder}`, or name another."
            )),
            _ => usage(
                what,
                match self.place {
                    Some(_) => "Name a folder that exists, seen from where the file lies.",
                    None => "Name a folder that exists, as in `periplus serve .`",
                },
            ),
        }
    }
}

/// The sites of the file, or the folder of the command line.
pub(super) fn of(options: &ServeOptions, config: &Config) -> Result<Vec<Site>, Failure> {
    if let Some(fault) = names_in_common(&config.sites).into_iter().next() {
        return Err(fault);
    }
    let Some(first) = config.sites.first() else {
        return of_flags(options).map(|site| vec![site]);
    };
    let flags = [
        ("DIR", options.folder.is_some()),
        ("--listing", options.listing),
        ("--fallback", options.fallback.is_some()),
    ];
    if let Some((flag, _)) = flags.into_iter().find(|&(_, given)| given) {
        return Err(usage(
            format!("`{flag}` says what is served, and so does {}", first.place),
            format!("Leave `{flag}` out, or take every [[site]] out of the file."),
        ));
    }
    let sites = config.sites.iter().map(|section| Site {
        place: Some(section.place.clone()),
        options: section.options.clone(),
    });
    Ok(sites.collect())
}

fn of_flags(options: &ServeOptions) -> Result<Site, Failure> {
    let Some(folder) = &options.folder else {
        return Err(usage(
            "which folder is to be served?",
            "Name it, as in `periplus serve .`, or give a [[site]] in periplus.toml.",
        ));
    };
    Ok(Site {
        place: None,
        options: SiteOptions {
            root: folder.clone(),
            folder: FolderOptions {
                listing: options.listing,
                ..FolderOptions::default()
            },
            fallback: options.fallback.clone(),
            ..SiteOptions::default()
        },
    })
}

/// What is wrong with the sites of a file.
pub(super) fn faults(sections: &[SiteSection]) -> Vec<Failure> {
    let mut faults = names_in_common(sections);
    faults.extend(sections.iter().filter_map(|section| {
        let site = Site {
            place: Some(section.place.clone()),
            options: section.options.clone(),
        };
        let opened = std::fs::read_dir(&section.options.root);
        opened.err().map(|error| site.refuse(&error))
    }));
    faults
}

/// Two sites that would answer to one name.
fn names_in_common(sections: &[SiteSection]) -> Vec<Failure> {
    let mut faults = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        for other in &sections[..index] {
            let (hosts, others) = (&section.options.hosts, &other.options.hosts);
            let common = match hosts.iter().find(|host| others.contains(host)) {
                Some(host) => host.as_str(),
                None if hosts.is_empty() && others.is_empty() => "every name that is no other's",
                None => continue,
            };
            faults.push(usage(
                format!(
                    "{}: the site of {} answers to {common} already",
                    section.place, other.place
                ),
                "Give one of the two other `hosts`.",
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_may_not_be_read_is_not_said_to_be_missing() {
        let site = Site {
            place: None,
            options: SiteOptions {
                root: "a".into(),
                ..SiteOptions::default()
            },
        };
        let said = |kind: io::ErrorKind| site.refuse(&kind.into()).to_string();
        assert!(said(io::ErrorKind::PermissionDenied).contains("chmod -R o+rX a"));
        assert!(said(io::ErrorKind::NotFound).contains("that exists"));
    }
}
