//! A scenario in words.

use super::Scenario;
use crate::attack::Attack;
use crate::world::{FlowPlan, HostPlan, UserPlan, When};
use periplus_ring::fault::FaultOptions;
use periplus_stack::{SocketOptions, Sysctls};
use std::fmt;
use std::time::Duration;

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = &self.world.link;
        write!(f, "  link: MTU {}, rings of {}", link.mtu, link.ring_size)?;
        write!(f, ", {} frames of {} bytes", link.frames, link.frame_size)?;
        write!(f, "{}", if link.offloads { ", offloads" } else { "" })?;
        let full = if link.drop_when_full {
            ", drops when full"
        } else {
            ""
        };
        writeln!(f, "{full}; heals after {:?}", self.heals_after)?;
        if let Some(peer) = &self.world.peer {
            writeln!(f, "  {peer:?}")?;
        }
        for (number, host) in self.world.hosts.iter().enumerate() {
            writeln!(f, "  host {number}: {}", knobs(&host.sysctls))?;
            write_listeners(f, host)?;
            match &host.faults {
                Some(faults) => writeln!(f, "    way in: {}", way(faults))?,
                None => writeln!(f, "    way in: perfect")?,
            }
            if let Some(limit) = self.path_mtu[number] {
                let silent = if limit.is_black_hole {
                    ", silently"
                } else {
                    ""
                };
                writeln!(f, "    way out: at most {} bytes{silent}", limit.longest)?;
            }
        }
        for (number, flow) in self.world.flows.iter().enumerate() {
            write_flow(f, number, flow)?;
        }
        for Attack {
            after,
            host,
            flow,
            forgery,
        } in &self.attacks
        {
            writeln!(
                f,
                "  after {after:?} to host {host} in flow {flow}: {forgery:?}"
            )?;
        }
        Ok(())
    }
}

fn write_listeners(f: &mut fmt::Formatter<'_>, host: &HostPlan) -> fmt::Result {
    for listener in &host.listeners {
        write!(
            f,
            "    port {}: backlog {}",
            listener.port, listener.backlog
        )?;
        if !listener.accept_pause.is_zero() {
            write!(f, ", accepts every {:?}", listener.accept_pause)?;
        }
        writeln!(f, "{}", options(&listener.options))?;
    }
    Ok(())
}

fn write_flow(f: &mut fmt::Formatter<'_>, number: usize, flow: &FlowPlan) -> fmt::Result {
    let FlowPlan {
        from,
        to,
        port,
        starts,
        ..
    } = flow;
    writeln!(
        f,
        "  flow {number}: host {from} to {to}:{port} after {starts:?}"
    )?;
    writeln!(f, "    opener {}", user(&flow.opener))?;
    writeln!(f, "    acceptor {}", user(&flow.acceptor))
}

fn user(user: &UserPlan) -> String {
    let mut words = format!("sends {} bytes by {}", user.sends, user.write_size);
    let mut pause = |what: &str, time: Duration| {
        if !time.is_zero() {
            words += &format!(", {what} {time:?}");
        }
    };
    pause("every", user.write_pause);
    pause("reads after", user.reads_after);
    pause("reads every", user.read_pause);
    words += &format!(", reads by {}", user.read_size);
    if !user.half_closes {
        words += ", closes second";
    }
    if let Some(answers) = user.answers {
        words += &format!(", {answers:?}");
    }
    if let Some(gives_up) = user.gives_up {
        let how = if gives_up.aborts { "aborts" } else { "closes" };
        words += &match gives_up.when {
            When::Age(age) => format!(", {how} after {age:?}"),
            When::Bytes(bytes) => format!(", {how} after {bytes} bytes"),
        };
    }
    if let Some(set) = &user.options {
        words += &options(set);
    }
    for (after, set) in &user.changes {
        words += &format!(" [after {after:?}:{}]", options(set));
    }
    words
}

/// What differs from the default, by the names of the fields.
fn options(set: &SocketOptions) -> String {
    differences(
        &format!("{set:?}"),
        &format!("{:?}", SocketOptions::default()),
    )
}

fn knobs(set: &Sysctls) -> String {
    differences(&format!("{set:?}"), &format!("{:?}", Sysctls::default()))
}

fn way(faults: &FaultOptions) -> String {
    differences(
        &format!("{faults:?}"),
        &format!("{:?}", FaultOptions::default()),
    )
}

/// The fields of two debug representations of a struct that differ.
fn differences(one: &str, other: &str) -> String {
    let (one, other) = (fields(one), fields(other));
    let differ = one.iter().zip(&other).filter(|(one, other)| one != other);
    differ.map(|(one, _)| format!(" {one}")).collect()
}

/// The fields of a debug representation, cut at the commas that no bracket encloses.
fn fields(debug: &str) -> Vec<&str> {
    let start = debug.find('{').map_or(0, |brace| brace + 1);
    let inside = debug[start..].trim_end();
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let mut depth = 0;
    let is_cut = move |c: char| {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    inside.split(is_cut).map(str::trim).collect()
}
