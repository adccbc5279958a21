//! `getsockopt` and `setsockopt`.

use crate::adapter::Adapter;
use crate::errno::Errno;
use crate::socket::SocketState;
use crate::tcp_info::CTcpInfo;
use libc::{IPPROTO_TCP, SOL_SOCKET, c_int};

/// What a congestion control says of itself (`linux/tcp.h`).
const TCP_CC_INFO: c_int = 26;
/// The values of `SO_MEMINFO` (`SK_MEMINFO_VARS`).
const MEMINFO: usize = 9;

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
                    int(socket.take_error(Some(shard)).map_or(0, |errno| errno.0))
                }
                (SOL_SOCKET, libc::SO_ACCEPTCONN) => int(listens.into()),
                (SOL_SOCKET, libc::SO_MEMINFO) => {
                    let mut memory = [0u32; MEMINFO];
                    if let SocketState::Connection(id) = socket.state
                        && let Some(connection) = shard.connection(id)
                    {
                        let queues = connection.queue_lengths();
                        memory[0] = queues.receive_memory as u32;
                        memory[5] = (queues.send_queue + queues.retransmit_queue) as u32;
                    }
                    Ok(memory.map(u32::to_ne_bytes).concat())
                }
                (IPPROTO_TCP, libc::TCP_INFO) => {
                    let none = CTcpInfo::without_connection(listens);
                    Ok(info.map_or(none, |info| CTcpInfo::new(&info, mtu)).bytes())
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
                    socket.setting.get(&options, level, name)
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
                SocketState::Closed => Ok(()),
                SocketState::Listening(id) => {
                    let mut options = shard.listener_options(id).unwrap_or_default();
                    socket.setting.set(&mut options, level, name, value)?;
                    shard.set_listener_options(now, id, options);
                    Ok(())
                }
                SocketState::Connection(id) => {
                    let mut options = shard.socket_options(id).unwrap_or_default();
                    socket.setting.set(&mut options, level, name, value)?;
                    shard.set_socket_options(now, id, options);
                    Ok(())
                }
            }
        })
    }
}
