use super::*;
use periplus_serve::ReadMode;
use std::net::Ipv4Addr;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse("a.toml", text, &Environment::default())
        .map_err(|faults| Failure::all(faults).to_string())
}

/// What is said of `text`.
fn refusal(text: &str) -> String {
    let refusal = parse(text).expect_err(text);
    refusal
        .strip_prefix("periplus: ")
        .expect("a failure")
        .to_string()
}

#[test]
fn listeners_keep_the_order_of_the_file() {
    let config = parse(
        "# comment\n[[listener]]\nprotocol = \"http\"\nport = 8080\n\n\
         [[listener]]\nprotocol = \"http\"\ninterface = \"tap0\"\naddress = \"10.77.0.2\"\nport = 0x51\n",
    )
    .unwrap();
    let [first, second] = config.listeners.as_slice() else {
        panic!("{config:?}")
    };
    assert_eq!((first.protocol, first.port), (Protocol::Http, 8080));
    assert_eq!(first.place.to_string(), "a.toml:2:1");
    assert!(first.interface.is_none() && first.address.is_none());
    assert_eq!(second.port, 81);
    let (interface, place) = second.interface.as_ref().unwrap();
    assert_eq!((&**interface, &*place.to_string()), ("tap0", "a.toml:8:13"));
    let (address, _) = second.address.as_ref().unwrap();
    assert_eq!(*address, Ipv4Addr::new(10, 77, 0, 2));
}

#[test]
fn an_empty_file_changes_nothing() {
    let config = parse("[files]\n").unwrap();
    assert!(config.listeners.is_empty());
    assert_eq!(config.files.read, ReadMode::Async);
}

#[test]
fn files_are_read_as_it_is_said() {
    let read =
        |mode| parse(&format!("[files]\nread = \"{mode}\"\n")).map(|config| config.files.read);
    assert_eq!(read("async"), Ok(ReadMode::Async));
    assert_eq!(read("blocking"), Ok(ReadMode::Blocking));
    assert_eq!(
        refusal("[files]\nread = \"bloking\"\n"),
        "a.toml:2:8: `read` cannot be \"bloking\"\n  \
         Did you mean \"blocking\"? It must be \"async\" or \"blocking\"."
    );
    assert_eq!(
        refusal("files = 3\n"),
        "a.toml:1:9: `files` is 3, and must be a section that begins with [files]"
    );
}

#[test]
fn memory_is_what_is_said_or_what_the_host_allows() {
    let usual = Memory::of_the_host();
    assert!(usual.tcp_mem <= 1 << 30 && usual.files <= 24 << 20);
    assert_eq!(parse("").unwrap().memory, usual);
    let memory = parse("[memory]\ntcp_mem = \"64 MiB\"\n").unwrap().memory;
    assert_eq!((memory.tcp_mem, memory.files), (64 << 20, usual.files));
    let memory = parse("[memory]\nfiles = \"512 KiB\"\n").unwrap().memory;
    assert_eq!((memory.tcp_mem, memory.files), (usual.tcp_mem, 512 << 10));
    for wrong in [
        "\"64\"",
        "\"64 MB\"",
        "\"-1 MiB\"",
        "64",
        "\"99999999999 GiB\"",
    ] {
        let refusal = refusal(&format!("[memory]\ntcp_mem = {wrong}\n"));
        let expected = format!(
            "`tcp_mem` is {wrong}, and must be a size in B, KiB, MiB or GiB, as \"64 MiB\""
        );
        assert!(refusal.ends_with(&expected), "{refusal}");
    }
}

#[test]
fn limits_are_what_is_said() {
    let usual = Limits::default();
    assert_eq!(parse("[files]\n").unwrap().limits, usual);
    let limits = parse("[limits]\nconnections = 500\nhalf_open_per_network = 9\n");
    let limits = limits.unwrap().limits;
    assert_eq!(
        (limits.connections, limits.half_open),
        (500, usual.half_open)
    );
    let (sources, half_open) = (limits.sources.connections, limits.sources.half_open);
    assert_eq!((sources, half_open), (None, Some(9)));
    assert_eq!(limits.resets_per_network, 200);
    let limits = parse("[limits]\nresets_per_network = 7\n").unwrap().limits;
    assert_eq!(limits.resets_per_network, 7);
    for wrong in ["0", "-1", "\"many\"", "4294967296"] {
        let refusal = refusal(&format!("[limits]\nconnections_per_network = {wrong}\n"));
        assert!(
            refusal.ends_with("and must be a number, 1 to 4294967295"),
            "{refusal}"
        );
    }
    let streams = |streams| format!("[limits]\nhttp2_streams = {streams}\n");
    let most = parse(&streams(256)).unwrap().serve.http2_streams;
    assert_eq!(most, 256);
    let refusal = refusal(&streams(257));
    assert!(
        refusal.ends_with("and must be a number, 0 to 256"),
        "{refusal}"
    );
}

#[test]
fn timeouts_are_what_is_said() {
    let usual = ServeOptions::default();
    let serve = parse("[timeouts]\nidle = \"2 min\"\nstall = \"1500 ms\"\nleast_rate = 0\n");
    let serve = serve.unwrap().serve;
    assert_eq!(serve.idle_timeout.as_secs(), 120);
    assert_eq!(serve.stall_timeout.as_millis(), 1500);
    assert_eq!((serve.least_rate, usual.least_rate), (0, 240));
    assert_eq!(serve.header_timeout, usual.header_timeout);
    for wrong in ["\"15\"", "\"0 s\"", "\"2 y\"", "15"] {
        let refusal = refusal(&format!("[timeouts]\nheader = {wrong}\n"));
        assert!(
            refusal.ends_with("and must be a time in ms, s, min, h or d, as \"15 s\""),
            "{refusal}"
        );
    }
}

#[test]
fn knobs_are_set_by_the_names_that_sysctl_has_for_them() {
    let tcp = parse(
        "[tcp]\ntcp_abort_on_overflow = true\ntcp_fin_timeout = 7\ntcp_rmem = \"4096 131072 262144\"\n",
    );
    let tcp = tcp.unwrap().tcp;
    assert!(tcp.tcp_abort_on_overflow);
    assert_eq!(
        (tcp.tcp_fin_timeout.as_secs(), tcp.tcp_rmem.most),
        (7, 262_144)
    );
    assert_eq!(
        refusal("[tcp]\ntcp_timestamps = 2\n"),
        "a.toml:2:18: `tcp_timestamps` is 2, and must be 0 or 1"
    );
    let refusal = refusal("[tcp]\ntcp_fin_timout = 7\n");
    assert!(
        refusal.contains("Did you mean `tcp_fin_timeout`?"),
        "{refusal}"
    );
}

#[test]
fn an_unknown_key_is_refused_where_it_stands_with_the_nearest_that_is_known() {
    assert_eq!(
        refusal("[[listener]]\nprotocol = \"http\"\nport = 1\n  prot = 80\n"),
        "a.toml:4:3: unknown key `prot` in [[listener]]\n  \
         Did you mean `port`? Known here: `protocol`, `port`, `address`, `interface`, `tls`, `redirect_to_https`, `https_gateway`."
    );
    assert_eq!(
        refusal("[[listner]]\nport = 80\n"),
        "a.toml:1:3: unknown key `listner`\n  Did you mean `listener`? Known here: `files`, `memory`, `limits`, `timeouts`, `log`, `control`, `tcp`, `listener`, `site`."
    );
    assert_eq!(
        refusal("zzz = 1\n"),
        "a.toml:1:1: unknown key `zzz`\n  Known here: `files`, `memory`, `limits`, `timeouts`, `log`, `control`, `tcp`, `listener`, `site`."
    );
}

#[test]
fn all_faults_are_told_in_the_order_of_the_file() {
    let refusal = refusal("zebra = 1\nant = 2\n[timeouts]\nidle = 3\n");
    let faults: Vec<_> = refusal.split("periplus: ").collect();
    assert_eq!(faults.len(), 3, "{refusal}");
    assert!(faults[0].starts_with("a.toml:1:1: unknown key `zebra`"));
    assert!(faults[1].starts_with("a.toml:2:1: unknown key `ant`"));
    assert!(faults[2].starts_with("a.toml:4:8: `idle` is 3"));
}

#[test]
fn a_value_that_cannot_be_is_refused_where_it_stands() {
    let listener = |lines: &str| refusal(&format!("[[listener]]\n{lines}"));
    assert_eq!(
        listener("protocol = \"htp\"\nport = 80\n"),
        "a.toml:2:12: `protocol` cannot be \"htp\"\n  Did you mean \"http\"? It must be \"http\" or \"kv\"."
    );
    assert_eq!(
        listener("port = 80\nprotocol = 80\n"),
        "a.toml:3:12: `protocol` is 80, and must be \"http\" or \"kv\""
    );
    for (port, found) in [
        ("65536", "65536"),
        ("-1", "-1"),
        ("\"80\"", "\"80\""),
        ("[80]", "of type array"),
    ] {
        assert_eq!(
            listener(&format!("protocol = \"http\"\nport = {port}\n")),
            format!("a.toml:3:8: `port` is {found}, and must be a port, 0 to 65535")
        );
    }
    assert_eq!(
        listener("protocol = \"http\"\naddress = \"::1\"\nport = 80\n"),
        "a.toml:3:11: `address` is \"::1\", and must be an IPv4 address, as \"10.77.0.2\""
    );
}

#[test]
fn a_gateway_is_for_a_listener_of_http_that_leads_to_no_tls() {
    let listener = |protocol: &str, lines: &str| {
        format!("[[listener]]\nprotocol = \"{protocol}\"\nport = 80\nhttps_gateway = true\n{lines}")
    };
    let config = parse(&listener("http", "")).unwrap();
    assert!(config.listeners[0].https_gateway);
    for lines in ["tls = true\n", "redirect_to_https = 8443\n"] {
        let refusal = refusal(&listener("http", lines));
        assert!(
            refusal.starts_with("a.toml:4:17: this listener speaks https"),
            "{refusal}"
        );
    }
    let refusal = refusal(&listener("kv", ""));
    assert!(refusal.contains("this one speaks kv"), "{refusal}");
}

#[test]
fn a_key_that_is_missing_is_told_with_a_line_that_gives_it() {
    assert_eq!(
        refusal("\n[[listener]]\nprotocol = \"http\"\n"),
        "a.toml:2:1: [[listener]] has no `port`\n  Add a line such as `port = 80`."
    );
}

#[test]
fn a_section_that_may_come_several_times_is_written_so() {
    for text in ["[listener]\nport = 80\n", "listener = 80\n"] {
        let refusal = refusal(text);
        assert!(
            refusal
                .ends_with("there may be several of `listener`, so each is written [[listener]]"),
            "{refusal}"
        );
    }
    let refusal = refusal("listener = [80]\n");
    assert_eq!(
        refusal,
        "a.toml:1:13: `listener` is 80, and must be a section that begins with [[listener]]"
    );
}

#[test]
fn what_is_no_toml_is_refused_where_it_stops_being_so() {
    let refusal = refusal("[[listener]]\nport = \n");
    assert!(refusal.starts_with("a.toml:2:8: "), "{refusal}");
}

#[test]
fn columns_count_characters() {
    let refusal = refusal("listener = [\"äöü\", 1]\n");
    assert!(refusal.starts_with("a.toml:1:13: "), "{refusal}");
    let place = Source {
        name: "a",
        text: "äöü x",
        variables: Vec::new(),
    }
    .place("äöü ".len());
    assert_eq!(place.to_string(), "a:1:5");
}

#[test]
fn the_manual_has_a_section_a_section_and_a_word_a_key() {
    let manual = include_str!("../../../../manual/configuration.md");
    for heading in key::HEADINGS {
        let title = format!("# {}\n", heading.title());
        let begin = manual
            .find(&title)
            .unwrap_or_else(|| panic!("the manual lacks {title}"));
        let section = &manual[begin + title.len()..];
        // What is deeper belongs to it, as the knobs of a kind in [tcp].
        let ends = ["\n## ", "\n### ["]
            .into_iter()
            .filter_map(|end| section.find(end));
        let section = &section[..ends.min().unwrap_or(section.len())];
        for key in heading.keys {
            let name = format!("`{}`", key.name);
            assert!(section.contains(&name), "{title} lacks {name}");
        }
    }
}

#[test]
fn what_no_site_can_keep_is_refused_where_it_stands() {
    let site = |rule: &str| refusal(&format!("[[site]]\nroot = \".\"\n{rule}\n"));
    let rules = [
        (
            "[[site.header]]\npath = \"/**\"\nname = \"Content-Length\"\nvalue = \"5\"",
            "a.toml:5:8: `name` cannot be \"content-length\"",
        ),
        (
            "[[site.redirect]]\nfrom = \"/a/*/b/*\"\nto = \"/x/$2/$1/$3\"",
            "a.toml:5:6: `to` cannot be \"/x/$2/$1/$3\": `$3` stands for nothing",
        ),
        (
            "[[site.redirect]]\nfrom = \"/a\"\nto = \"//b\"",
            "a.toml:5:6: `to` cannot be \"//b\": `//b` leads nowhere",
        ),
        (
            "[[site.rewrite]]\nfrom = \"/a/*\"\nto = \"/b?c=$1\"",
            "a.toml:5:6: `to` cannot be \"/b?c=$1\": `/b?c=$1` is more than a path",
        ),
        (
            "[[site.error_page]]\nstatus = 404\npage = \"/a?b\"",
            "a.toml:5:8: `page` cannot be \"/a?b\": `/a?b` is no path of a page",
        ),
        (
            "[site.cors]\norigins = [\"https://a.example/b\"]",
            "a.toml:4:12: `origins` cannot hold \"https://a.example/b\"",
        ),
        (
            "hosts = [\"a..b\"]",
            "a.toml:3:10: `hosts` cannot hold \"a..b\"",
        ),
        (
            "hosts = [\"a.b\", \"A.B.\"]",
            "a.toml:3:17: `hosts` cannot hold \"A.B.\": it is in the list already",
        ),
    ];
    for (rule, expected) in rules {
        let told = site(rule);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn requests_are_led_to_the_first_port_that_speaks_tls_only_where_one_does() {
    let http = "[[listener]]\nprotocol = \"http\"\nport = 80\n";
    let told = refusal(&format!("{http}redirect_to_https = 0\n"));
    assert_eq!(
        told,
        "a.toml:4:21: no listener speaks TLS, so there is no port to lead to\n  \
         Name the port at which another server speaks it, as 443, or give a [[listener]] with `tls`."
    );
    assert!(parse(&format!("{http}redirect_to_https = 443\n")).is_ok());
    for (tls, is_spoken) in [("true", true), ("false", false)] {
        let other = format!("[[listener]]\nprotocol = \"http\"\nport = 443\ntls = {tls}\n");
        let both = parse(&format!("{http}redirect_to_https = 0\n{other}"));
        assert_eq!(both.is_ok(), is_spoken, "{tls}");
    }
}
