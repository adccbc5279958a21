//! What `--so_flags` may say: `mtu=1500,local=192.168.0.1`, in any order.

use std::net::Ipv4Addr;

/// The flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Bytes of the longest IP packet (`mtu`), as packetdrill's own `--mtu`, of which the adapter is not told.
    pub(crate) mtu: usize,
    /// The stack's address (`local`), if neither a `bind` nor a packet tells it first.
    pub(crate) local: Ipv4Addr,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            mtu: 1500,
            local: Ipv4Addr::new(192, 168, 0, 1),
        }
    }
}

impl Flags {
    /// Reads the flags.
    ///
    /// # Errors
    /// What is not a flag.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for flag in text
            .split(',')
            .map(str::trim)
            .filter(|flag| !flag.is_empty())
        {
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            let known = match name {
                "mtu" => value.parse().map(|mtu| flags.mtu = mtu).is_ok(),
                "local" => value.parse().map(|local| flags.local = local).is_ok(),
                _ => false,
            };
            if !known || !(68..=65_535).contains(&flags.mtu) {
                return Err(format!(
                    "--so_flags: {flag:?} is neither mtu=68…65535 nor local=ADDRESS"
                ));
            }
        }
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_any_order_and_others_are_named() {
        let flags = Flags::parse("mtu=9000,local=10.0.0.1").unwrap();
        assert_eq!((flags.mtu, flags.local), (9000, Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(Flags::parse(""), Ok(Flags::default()));
        for wrong in ["mtu=67", "local=::1", "loud"] {
            assert!(Flags::parse(wrong).unwrap_err().contains(wrong));
        }
    }
}
