//! The interface by which the stack is reached, and its addresses there.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// The longest name that Linux gives an interface (`IFNAMSIZ` less the end of the string).
const LONGEST_NAME: usize = 15;

/// `--nic`: by which way clients come in, where that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By this host's own sockets, and its own TCP.
    Host,
    /// By an interface of the stack's own.
    Interface(Nic),
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "host" => Ok(Self::Host),
            _ => text.parse().map(Self::Interface),
        }
    }
}

/// The interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nic {
    /// A TAP, made for this run; without a name the kernel chooses one.
    Tap { name: Option<String> },
    /// An interface that is there, by AF_PACKET.
    Packet { interface: String },
}

impl Nic {
    /// The interface's name, as far as it is known beforehand.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Tap { name } => name.as_deref(),
            Self::Packet { interface } => Some(interface),
        }
    }
}

impl FromStr for Nic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) = match text.split_once(':') {
            Some((kind, name)) => (kind, Some(interface_name(name)?)),
            None => (text, None),
        };
        match (kind, name) {
            ("tap", name) => Ok(Self::Tap { name }),
            ("packet", Some(interface)) => Ok(Self::Packet { interface }),
            ("packet", None) => Err("which interface? As in `--nic packet:eth1`".into()),
            _ => Err("expected `host`, `tap`, `tap:NAME` or `packet:INTERFACE`".into()),
        }
    }
}

impl fmt::Display for Nic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tap { name: None } => f.write_str("tap"),
            Self::Tap { name: Some(name) } => write!(f, "tap:{name}"),
            Self::Packet { interface } => write!(f, "packet:{interface}"),
        }
    }
}

/// A name that the kernel would take for an interface (`dev_valid_name`).
fn interface_name(name: &str) -> Result<String, String> {
    let strange =
        |character: char| character == '/' || character == ':' || character.is_whitespace();
    if name.is_empty() || name.contains(strange) || name == "." || name == ".." {
        return Err(format!("`{name}` cannot be the name of an interface"));
    }
    if name.len() > LONGEST_NAME {
        return Err(format!(
            "the name of an interface has {LONGEST_NAME} characters at most, and `{name}` has {}",
            name.len()
        ));
    }
    Ok(name.to_string())
}

/// `--address`: the stack's address, and how many bits of it are the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: u8,
}

impl Network {
    /// What the stack has unless it is told otherwise.
    pub(crate) const USUAL: Self = Self {
        address: Ipv4Addr::new(10, 77, 0, 2),
        prefix: 24,
    };

    /// The first other host of the network: the host's side of a link with nobody else on it.
    pub(crate) fn other_side(&self) -> Ipv4Addr {
        let first = match self.prefix {
            // Both addresses of such a link are hosts' (RFC 3021).
            31 => self.first(),
            _ => self.first() + 1,
        };
        let other = if first == self.address.to_bits() {
            first + 1
        } else {
            first
        };
        Ipv4Addr::from_bits(other)
    }

    /// Whether `address` is one of the network's hosts.
    pub(crate) fn contains(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.address.to_bits()) & self.mask() == 0 && self.is_host(address)
    }

    /// The same place in the network whose first two bytes are these.
    pub(crate) fn moved(&self, first: u8, second: u8) -> Self {
        let [_, _, third, fourth] = self.address.octets();
        Self {
            address: Ipv4Addr::new(first, second, third, fourth),
            ..*self
        }
    }

    fn mask(&self) -> u32 {
        u32::MAX << (32 - self.prefix)
    }

    fn first(&self) -> u32 {
        self.address.to_bits() & self.mask()
    }

    /// Not the network itself, nor its broadcast address.
    fn is_host(&self, address: Ipv4Addr) -> bool {
        let host_bits = address.to_bits() & !self.mask();
        self.prefix == 31 || (host_bits != 0 && host_bits != !self.mask())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((address, prefix)) = text.split_once('/') else {
            let address = text.parse().unwrap_or(Self::USUAL.address);
            return Err(format!(
                "expected an IPv4 address and its prefix, as in `--address {address}/24`"
            ));
        };
        let address: Ipv4Addr = address.parse().map_err(|_| {
            format!(
                "expected an IPv4 address and its prefix, as in `--address {}`",
                Self::USUAL
            )
        })?;
        let prefix = prefix
            .parse()
            .ok()
            .filter(|prefix| (8..=31).contains(prefix));
        let prefix = prefix
            .ok_or("the prefix has from 8 to 31 bits: there must be room for another host")?;
        let network = Self { address, prefix };
        if address.is_loopback()
            || address.is_multicast()
            || address.octets()[0] == 0
            || address.octets()[0] >= 240
        {
            return Err(format!(
                "{address} cannot be the address of a host on a link"
            ));
        }
        if !network.is_host(address) {
            return Err(format!(
                "{address} is the network itself or everybody in it; try `--address {}/{prefix}`",
                network.other_side()
            ));
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn an_interface_is_a_tap_or_one_that_is_there() {
        assert_eq!("tap".parse(), Ok(Nic::Tap { name: None }));
        for text in ["tap", "tap:tap0", "packet:eth1"] {
            assert_eq!(text.parse::<Nic>().unwrap().to_string(), text);
        }
        assert_eq!("packet:eth1".parse::<Nic>().unwrap().name(), Some("eth1"));
    }

    #[test]
    fn what_cannot_be_an_interface_is_told_why() {
        let hint = |text: &str| text.parse::<Nic>().unwrap_err();
        assert_eq!(
            hint("eth0"),
            "expected `host`, `tap`, `tap:NAME` or `packet:INTERFACE`"
        );
        assert_eq!(hint("packet"), "which interface? As in `--nic packet:eth1`");
        for name in ["", "a/b", "a b", "..", "a:b"] {
            assert!(hint(&format!("tap:{name}")).contains("cannot be the name"));
        }
        assert_eq!(
            hint("tap:sixteen-letters-"),
            "the name of an interface has 15 characters at most, and `sixteen-letters-` has 16"
        );
    }

    #[test]
    fn the_other_side_is_the_first_other_host() {
        let other_side = |text| network(text).other_side().to_string();
        assert_eq!(other_side("10.77.0.2/24"), "10.77.0.1");
        assert_eq!(other_side("10.77.0.1/24"), "10.77.0.2");
        assert_eq!(other_side("10.77.3.9/8"), "10.0.0.1");
        assert_eq!(other_side("10.77.0.2/31"), "10.77.0.3");
        assert_eq!(other_side("10.77.0.3/31"), "10.77.0.2");
    }

    #[test]
    fn a_network_holds_its_hosts() {
        let holds = |text: &str| network("10.77.0.2/24").contains(text.parse().unwrap());
        assert!(holds("10.77.0.1") && holds("10.77.0.254"));
        assert!(!holds("10.77.0.0") && !holds("10.77.0.255") && !holds("10.77.1.1"));
    }

    #[test]
    fn an_address_that_no_host_has_is_told_why() {
        let hint = |text: &str| text.parse::<Network>().unwrap_err();
        assert_eq!(
            hint("10.78.0.2"),
            "expected an IPv4 address and its prefix, as in `--address 10.78.0.2/24`"
        );
        assert_eq!(
            hint("fd00::2/64"),
            "expected an IPv4 address and its prefix, as in `--address 10.77.0.2/24`"
        );
        assert_eq!(
            hint("10.77.0.0/24"),
            "10.77.0.0 is the network itself or everybody in it; try `--address 10.77.0.1/24`"
        );
        assert!(hint("127.0.0.1/8").contains("cannot be the address of a host"));
        assert!(hint("10.77.0.2/32").contains("from 8 to 31 bits"));
    }
}
