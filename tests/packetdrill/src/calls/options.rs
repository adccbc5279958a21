//! `getsockopt` and `setsockopt`.

use crate::adapter::Adapter;
use crate::errno::Errno;
use crate::socket::{Socket, SocketState};
use crate::tcp_info::CTcpInfo;
use libc::{IPPROTO_TCP, SOL_SOCKET, c_int};
use periplus_stack::Shard;

/// What a congestion control says of itself (`linux/tcp.h`).
const TCP_CC_INFO: c_int = 26;
/// How many values `SO_MEMINFO` gives, and where which are (`linux/sock_diag.h`).
const MEMINFO: usize = 9;
const SK_MEMINFO_RMEM_ALLOC: usize = 0;
const SK_MEMINFO_SNDBUF: usize = 3;
const SK_MEMINFO_WMEM_QUEUED: usize = 5;
/// `SOCK_MIN_SNDBUF`.
const MINIMUM_SEND_BUFFER: usize = 4608;

impl Adapter {
    /// The bytes of an option's value.
    pub(crate) fn get_option(
        &self,
        descriptor: c_int,
        level: c_int,
        name: c_int,
    ) -> Result<Vec<u8>, Errno> {
        self.call(|world| {
            let (now, mtu) = (world.now, world.flags.mtu);
            let (descriptors, shard) = world.parts(None);
            let socket = descriptors.socket(descriptor)?;
            let listens = matches!(socket.state, SocketState::Listening(_));
            let info = match socket.state {
                SocketState::Connection(id) => shard.tcp_info(now, id),
                _ => None,
            };
            let int = |value: i32| Ok(value.to_ne_bytes().to_vec());
            match (level, name) {
                (SOL_SOCKET, libc::SO_ERROR) => {
                    let error = socket.take_error(Some(shard)).or_else(|| {
                        let SocketState::Connection(id) = socket.state else {
                            return None;
                        };
                        shard.take_soft_error(id).map(Errno::from)
                    });
                    int(error.map_or(0, |errno| errno.0))
                }
                (SOL_SOCKET, libc::SO_ACCEPTCONN) => int(listens.into()),
                (SOL_SOCKET, libc::SO_SNDBUF) => int(socket.send_buffer(shard) as i32),
                (SOL_SOCKET, libc::SO_MEMINFO) => {
                    let memory = socket.memory(shard);
                    Ok(memory.map(u32::to_ne_bytes).concat())
                }
                (IPPROTO_TCP, libc::TCP_INFO) => {
                    let listener = match socket.state {
                        SocketState::Listening(id) => shard.listener(id),
                        _ => None,
                    };
                    let none = || CTcpInfo::without_connection(listener);
                    let active = socket.active;
                    Ok(info
                        .map_or_else(none, |info| CTcpInfo::new(&info, active, mtu))
                        .bytes())
                }
                (IPPROTO_TCP, libc::TCP_QUICKACK) => {
                    let threshold = shard.options().tcp.tcp_pingpong_thresh;
                    let connection = match socket.state {
                        SocketState::Connection(id) => shard.connection(id),
                        _ => None,
                    };
                    int(connection.is_none_or(|c| c.is_quick_ack(threshold)).into())
                }
                (IPPROTO_TCP, TCP_CC_INFO) => Ok(Vec::new()),
                (IPPROTO_TCP, libc::TCP_MAXSEG) if info.is_some() => {
                    int(info.map_or(0, |info| info.snd_mss as i32))
                }
                (libc::IPPROTO_IP, libc::IP_MTU) => match info {
                    Some(_) => int(mtu as i32),
                    None => Err(Errno(libc::ENOTCONN)),
                },
                _ => {
                    let options = match socket.state {
                        SocketState::Closed => None,
                        SocketState::Listening(id) => shard.listener_options(id),
                        SocketState::Connection(id) => shard.socket_options(id),
                    };
                    let options = options.unwrap_or(socket.options);
                    let sysctls = &shard.options().tcp;
                    socket.setting.get(&options, sysctls, level, name)
                }
            }
        })
    }

    pub(crate) fn set_option(
        &self,
        descriptor: c_int,
        level: c_int,
        name: c_int,
        value: &[u8],
    ) -> Result<(), Errno> {
        self.call(|world| {
            let now = world.now;
            let socket = world.descriptors.socket(descriptor)?;
            if socket.state == SocketState::Closed {
                return socket.setting.set(&mut socket.options, level, name, value);
            }
            let (descriptors, shard) = world.parts(None);
            let socket = descriptors.socket(descriptor)?;
            match socket.state {
                SocketState::Connection(id)
                    if (level, name) == (IPPROTO_TCP, libc::TCP_QUICKACK) =>
                {
                    let bytes = value.first_chunk().ok_or(Errno(libc::EINVAL))?;
                    shard.set_quick_ack(now, id, i32::from_ne_bytes(*bytes) != 0);
                    Ok(())
                }
                SocketState::Closed => Ok(()),
                SocketState::Listening(id) => {
                    let mut options = shard.listener_options(id).unwrap_or_default();
                    socket.setting.set(&mut options, level, name, value)?;
                    shard.set_listener_options(now, id, options);
                    Ok(())
                }
                SocketState::Connection(id) => {
                    let mut options = shard.socket_options(id).unwrap_or_default();
                    let no_delay = options.no_delay;
                    socket.setting.set(&mut options, level, name, value)?;
                    if no_delay && (level, name) == (IPPROTO_TCP, libc::TCP_NODELAY) {
                        // Set once more, it lets go what a cork holds: to the stack that is a change only if it was taken away.
                        let mut without = options;
                        without.no_delay = false;
                        shard.set_socket_options(now, id, without);
                    }
                    shard.set_socket_options(now, id, options);
                    Ok(())
                }
            }
        })
    }
}

impl Socket {
    /// `sk_sndbuf`.
    fn send_buffer(&self, shard: &Shard) -> usize {
        let sysctls = &shard.options().tcp;
        let options = match self.state {
            SocketState::Connection(id) => {
                let connection = shard.connection(id);
                return connection.map_or(0, |connection| connection.send_buffer(sysctls));
            }
            SocketState::Listening(id) => shard.listener_options(id).unwrap_or_default(),
            SocketState::Closed => self.options,
        };
        match options.send_buffer {
            Some(asked) => (2 * asked.min(sysctls.wmem_max)).max(MINIMUM_SEND_BUFFER),
            None => sysctls.tcp_wmem.usual,
        }
    }

    /// The values of `SO_MEMINFO`, in Linux's order; what means nothing here is 0.
    fn memory(&self, shard: &Shard) -> [u32; MEMINFO] {
        let mut memory = [0; MEMINFO];
        if let SocketState::Connection(id) = self.state
            && let Some(connection) = shard.connection(id)
        {
            let queues = connection.queue_lengths();
            memory[SK_MEMINFO_RMEM_ALLOC] = queues.receive_memory as u32;
            memory[SK_MEMINFO_WMEM_QUEUED] = (queues.send_queue + queues.retransmit_queue) as u32;
        }
        memory[SK_MEMINFO_SNDBUF] = self.send_buffer(shard) as u32;
        memory
    }
}
