//! Everything behind the adapter's lock: the link, the clock, the descriptors.

use crate::accounting::Outbound;
use crate::descriptors::Descriptors;
use crate::errno::Errno;
use crate::flags::Flags;
use crate::link::Link;
use crate::sysctl_file::SysctlFile;
use crate::waiting::Waiting;
use periplus_journey::Instant;
use periplus_stack::Shard;
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{TcpFlags, TcpHeader};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Where the clock begins.
const START: Instant = Instant::from_millis(1_000);

/// How long a connection may take to end that nobody holds and whose peer says nothing. Linux's longest wait, for the
/// acknowledgment of what an orphan sent, is shorter by far.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What one adapter has.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) flags: Flags,
    pub(crate) now: Instant,
    /// Made when its address is known.
    link: Option<Link>,
    pub(crate) sysctls: SysctlFile,
    pub(crate) descriptors: Descriptors,
    pub(crate) outbound: Outbound,
    pub(crate) waiting: Waiting,
}

impl World {
    pub(crate) fn new(flags: Flags, sysctls: SysctlFile) -> Self {
        Self {
            flags,
            now: START,
            link: None,
            sysctls,
            descriptors: Descriptors::default(),
            outbound: Outbound::default(),
            waiting: Waiting::default(),
        }
    }

    /// The descriptors and the shard, which is made now if it is not there yet, with the address `local` or that of the
    /// flags.
    pub(crate) fn parts(&mut self, local: Option<Ipv4Addr>) -> (&mut Descriptors, &mut Shard) {
        let local = local.filter(|local| !local.is_unspecified());
        let link = self.link.get_or_insert_with(|| {
            let local = local.unwrap_or(self.flags.local);
            Link::new(local, self.flags.mtu, self.sysctls.tcp())
        });
        (&mut self.descriptors, &mut link.shard)
    }

    /// What `sysctl` has written since the last call takes effect.
    pub(crate) fn read_sysctls(&mut self) {
        if self.sysctls.reread()
            && let Some(link) = &mut self.link
        {
            link.shard.set_sysctls(self.sysctls.tcp());
        }
    }

    /// An IP packet arrives.
    pub(crate) fn deliver(&mut self, packet: &[u8]) -> Result<(), Errno> {
        let Ok((header, segment)) = Ipv4Header::parse(packet) else {
            return Err(Errno(libc::EINVAL));
        };
        let is_reset = header.protocol() == ipv4::TCP
            && TcpHeader::parse(segment).is_ok_and(|(tcp, ..)| tcp.flags().contains(TcpFlags::RST));
        if is_reset {
            self.outbound.reset_arrives();
        } else {
            self.outbound.script_goes_on();
        }
        self.parts(Some(header.destination()));
        let now = self.now;
        if let Some(link) = &mut self.link {
            link.deliver(now, packet);
        }
        self.run();
        Ok(())
    }

    /// Does what can be done now, and notes what became ready by it.
    pub(crate) fn run(&mut self) {
        if let Some(link) = &mut self.link {
            link.run(self.now, &mut self.outbound);
            self.descriptors.note_events(self.now, &link.shard);
        }
    }

    /// Lets time pass until no timer is left that could end a connection. Returns how many connections, half-open ones and
    /// TIME-WAIT records there are then.
    pub(crate) fn outlive(&mut self) -> (usize, usize, usize) {
        self.run();
        let Some(link) = &mut self.link else {
            return (0, 0, 0);
        };
        let end = self.now + LIFETIME;
        while link.shard.connection_counts() != (0, 0, 0)
            && let Some(next) = link.next_timeout().filter(|&next| next <= end)
        {
            self.now = self.now.max(next);
            link.run(self.now, &mut Vec::new());
        }
        link.shard.connection_counts()
    }

    /// When something happens of its own accord: a timer of the stack, or the end of somebody's patience.
    pub(crate) fn next_event(&self) -> Option<Instant> {
        let timer = self.link.as_ref().and_then(Link::next_timeout);
        Instant::earliest([timer, self.waiting.next_deadline()])
    }
}
