//! Every request has its journey, and every journey's stations sum to its length.

use super::{Broken, Invariant};
use crate::world::{End, Flow, User, World};
use periplus_journey::{Kind, Outcome, Record};
use std::time::Duration;

/// Of each record that a host gave out: the spine has no gap and no overlap, comes in order, and is as long as the journey.
///
/// # Errors
/// The record that does not sum.
pub fn spines_sum(world: &World) -> Result<(), Broken> {
    let records = world.hosts.iter().flat_map(|host| &host.records);
    for record in records {
        if let Some(what) = fault(record) {
            let what = format!("{what}: {record:?}");
            return Err(Invariant::Spine.broken(world.now, what));
        }
    }
    Ok(())
}

/// Whoever answered all requests of a flow, and was heard to the end, has a record of each, with all its bytes.
///
/// # Errors
/// The flow of which one is missing.
pub fn requests_are_recorded(world: &World) -> Result<(), Broken> {
    for flow in &world.flows {
        let host = world.hosts.get(flow.plan.to);
        let Some(host) = host.filter(|host| host.shard.options().recording) else {
            continue;
        };
        let Some(answers) = flow.plan.acceptor.answers.filter(|_| is_complete(flow)) else {
            continue;
        };
        let whole = |record: &&Record| {
            Some(record.peer) == flow.local
                && record.kind == Kind::Request
                && record.outcome == Outcome::Answered
                && (record.bytes_in, record.bytes_out, record.acked)
                    == (answers.request, answers.answer, answers.answer)
        };
        let recorded = host.records.iter().filter(whole).count() as u64;
        let asked = flow.plan.opener.sends / answers.request;
        if recorded != asked {
            let what = format!(
                "flow {}: {asked} requests were answered, and {recorded} are recorded as such",
                flow.number
            );
            return Err(Invariant::Spine.broken(world.now, what));
        }
    }
    Ok(())
}

fn is_complete(flow: &Flow) -> bool {
    let is_orderly = |user: &User| matches!(user.end, Some((_, End::Orderly)));
    is_orderly(&flow.opener) && is_orderly(&flow.acceptor) && flow.is_complete()
}

fn fault(record: &Record) -> Option<&'static str> {
    let spine = record.spine();
    let intervals = spine.intervals();
    let sum: Duration = intervals.iter().map(|interval| interval.duration()).sum();
    let (first, last) = (intervals.first(), intervals.last());
    let whole = match (first, last) {
        (Some(_), Some(last)) => last.end.since(record.at()),
        _ => Duration::ZERO,
    };
    let overlays = record.overlays.entries();
    let checks = [
        (sum == whole, "its stations do not sum to its length"),
        (sum == record.total(), "its total is not the sum"),
        (
            first.is_none_or(|first| first.start == record.at()),
            "its first station does not begin with it",
        ),
        (
            intervals
                .windows(2)
                .all(|pair| pair[0].end == pair[1].start),
            "there is a gap",
        ),
        (
            intervals
                .windows(2)
                .all(|pair| pair[0].station < pair[1].station),
            "its stations are out of order",
        ),
        (
            intervals
                .iter()
                .all(|interval| interval.start <= interval.end),
            "a station ends before it begins",
        ),
        (
            record
                .server()
                .is_none_or(|server| server <= record.total()),
            "the server's part is longer than the whole",
        ),
        (
            overlays
                .iter()
                .all(|wait| wait.start <= wait.end && wait.max <= wait.busy),
            "a wait beside the spine is impossible",
        ),
    ];
    let mut faults = checks.into_iter().filter(|(holds, _)| !holds);
    faults.next().map(|(_, name)| name)
}
