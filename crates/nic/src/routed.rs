//! Whether the host already knows a way to a range of addresses.

use crate::netlink::{Netlink, Route};
use std::io;
use std::net::Ipv4Addr;

/// A route of the host to addresses within the network of `prefix` bits around `address`, or to one around it; the default route,
/// which leads everywhere, apart. Routes by the interface `except` do not count. Of several, one that leads to somewhere
/// else is preferred to the host's own addresses.
pub fn range_is_routed(
    address: Ipv4Addr,
    prefix: u8,
    except: Option<&str>,
) -> io::Result<Option<Route>> {
    let mut routes = Netlink::open()?.routes()?;
    routes.retain(|route| {
        (route.is_unicast() || route.is_local())
            && route.prefix > 0
            && route.overlaps(address.into(), prefix)
            && (except.is_none() || route.interface.as_deref() != except)
    });
    routes.sort_by_key(Route::is_local);
    Ok(routes.into_iter().next())
}
