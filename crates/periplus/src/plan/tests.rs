use super::*;
use crate::config::Environment;
use crate::options::Options;
use clap::Parser;
use std::net::Ipv4Addr;

/// The plan of these flags and this file, or what is said.
pub(crate) fn plan(flags: &str, file: &str) -> Result<Plan, String> {
    let flags = ["periplus", "serve", "."]
        .into_iter()
        .chain(flags.split_whitespace());
    let crate::options::Command::Serve(options) = Options::parse_from(flags).command else {
        unreachable!("it is what is asked for")
    };
    let config =
        Config::parse("a.toml", file, &Environment::default()).expect("a file that can be read");
    Plan::of(&options, &config).map_err(|failure| failure.to_string())
}

fn refusal(flags: &str, file: &str) -> String {
    let refusal = plan(flags, file).map(|plan| format!("{plan:?}"));
    let refusal = refusal.expect_err(flags);
    refusal
        .strip_prefix("periplus: ")
        .expect("a failure")
        .to_string()
}

fn addresses(plan: &Plan) -> Vec<String> {
    let listeners = plan.listeners.iter();
    listeners
        .map(|listener| listener.address.to_string())
        .collect()
}

const LISTENER: &str = "[[listener]]\nprotocol = \"http\"\nport = 81\n";

#[test]
fn without_flags_a_socket_of_this_host_listens() {
    let plan = plan("", "").unwrap();
    assert!(plan.interface.is_none());
    assert_eq!(addresses(&plan), ["127.0.0.1:8080"]);
}

#[test]
fn on_an_interface_the_stack_has_an_address_and_the_port_of_the_web() {
    let plan = plan("--nic tap", "").unwrap();
    let interface = plan.interface.as_ref().unwrap();
    assert_eq!(interface.network.to_string(), "10.77.0.2/24");
    assert_eq!(interface.gateway, Some(Ipv4Addr::new(10, 77, 0, 1)));
    assert_eq!(addresses(&plan), ["0.0.0.0:80"]);
}

#[test]
fn on_an_interface_that_is_there_nobody_is_known_to_be_a_gateway() {
    let of = |flags| plan(flags, "").unwrap().interface.unwrap().gateway;
    assert_eq!(of("--nic packet:eth1"), None);
    let gateway = of("--nic packet:eth1 --address 192.168.1.7/24 --gateway 192.168.1.1");
    assert_eq!(gateway, Some(Ipv4Addr::new(192, 168, 1, 1)));
}

#[test]
fn the_listeners_of_the_file_take_the_place_of_the_flags_one() {
    assert_eq!(addresses(&plan("", LISTENER).unwrap()), ["127.0.0.1:81"]);
    assert_eq!(
        addresses(&plan("--nic tap", LISTENER).unwrap()),
        ["0.0.0.0:81"]
    );
    for flag in ["--listen 127.0.0.1:0", "--nic tap --port 82"] {
        let refusal = refusal(flag, LISTENER);
        assert!(
            refusal.contains("says where to listen, and so does a.toml:1:1"),
            "{refusal}"
        );
    }
}

#[test]
fn flags_that_contradict_are_told_with_those_that_do_not() {
    assert_eq!(
        refusal("--nic tap --listen 127.0.0.1:8081", ""),
        "`--listen` opens a socket of this host, and with `--nic tap` clients come by that interface\n  \
         Leave `--listen` out; `--address 10.77.0.2/24 --port 8081` says where the stack is reached."
    );
    assert_eq!(
        refusal("--port 81", ""),
        "`--port` is the stack's own on an interface, and this run has none\n  \
         `--listen 127.0.0.1:81` opens a socket of this host; `--nic tap --port 81` makes an interface."
    );
    assert_eq!(
        refusal("--address 10.78.0.2/24", ""),
        "`--address` is the stack's own on an interface, and this run has none\n  \
         Leave it out, or make an interface with `--nic tap --address 10.78.0.2/24`."
    );
    assert_eq!(
        refusal("--nic tap --gateway 10.78.0.1", ""),
        "the gateway 10.78.0.1 is no neighbour of the stack, which is 10.77.0.2/24\n  \
         Name another host of that network, as in `--gateway 10.77.0.1`."
    );
}

#[test]
fn a_listener_may_name_the_interface_of_the_run_and_no_other() {
    let file = format!("{LISTENER}interface = \"tap0\"\n");
    assert_eq!(
        addresses(&plan("--nic tap:tap0", &file).unwrap()),
        ["0.0.0.0:81"]
    );
    assert_eq!(
        refusal("", &file),
        "a.toml:4:13: this run has no interface tap0\n  \
         Leave `interface` out, or make it with `--nic tap:tap0`."
    );
    assert_eq!(
        refusal("--nic packet:eth1", &file),
        "a.toml:4:13: this run has no interface tap0\n  \
         Leave `interface` out, or name eth1, which `--nic packet:eth1` gives it."
    );
    assert_eq!(
        refusal("--nic tap", &file),
        "a.toml:4:13: this run has no interface tap0: the kernel chooses the name of `--nic tap`\n  \
         Choose it yourself with `--nic tap:tap0`."
    );
}

#[test]
fn a_listener_on_the_interface_has_the_stacks_address_or_any() {
    let listener = |address| format!("{LISTENER}address = \"{address}\"\n");
    for address in ["10.77.0.2", "0.0.0.0"] {
        let plan = plan("--nic tap", &listener(address)).unwrap();
        assert_eq!(addresses(&plan), [format!("{address}:81")]);
    }
    assert_eq!(
        refusal("--nic tap", &listener("10.77.0.3")),
        "a.toml:4:11: the stack of this run is 10.77.0.2, not 10.77.0.3\n  \
         Leave `address` out, or make it the stack's with `--address 10.77.0.3/24`."
    );
}

#[test]
fn two_listeners_that_would_take_the_same_connections_are_one_too_many() {
    let two = |other: &str| refusal("", &format!("{LISTENER}{LISTENER}address = \"{other}\"\n"));
    for other in ["127.0.0.1", "0.0.0.0"] {
        let refusal = two(other);
        assert!(
            refusal.starts_with("a.toml:4:1: port 81 is taken by the listener of a.toml:1:1\n"),
            "{refusal}"
        );
    }
    let file = format!("{LISTENER}{LISTENER}address = \"127.0.0.2\"\n");
    assert_eq!(plan("", &file).unwrap().listeners.len(), 2);
}
