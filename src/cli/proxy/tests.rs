//! Words in, proxies or refusals out.

use super::*;

/// A proxy in a few words.
fn shown(word: &Word) -> String {
    let Word {
        scheme,
        who,
        host,
        port,
    } = word;
    let kind = match scheme {
        None => String::new(),
        Some(Scheme { kind, secure }) => match secure {
            true => format!("{kind:?} in TLS "),
            false => format!("{kind:?} "),
        },
    };
    let who = match who {
        Who::Unsaid => String::new(),
        Who::Nobody => " nobody".into(),
        Who::Is(login) => {
            let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
            let password = login.password.as_ref().map(|password| text(password));
            format!(" {} {password:?}", text(&login.user))
        }
    };
    let port = port.map_or(String::new(), |port| format!(" {port}"));
    format!("{kind}{host}{port}{who}")
}

#[test]
fn a_word_is_a_host_or_a_url() {
    let cases = [
        ("h", "h"),
        ("h:1", "h 1"),
        ("h:65535", "h 65535"),
        ("H.example.com.:080", "H.example.com. 80"),
        ("127.1:8080", "127.1 8080"),
        ("my_proxy-1", "my_proxy-1"),
        ("bücher.example", "bücher.example"),
        ("::1", "::1"),
        ("2001:db8::1:80", "2001:db8::1:80"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1 80"),
        ("[fe80::1%eth0.5]:80", "fe80::1%eth0.5 80"),
        ("a,b:2,[::1]:3", "a | b 2 | ::1 3"),
        ("http://h", "Http h"),
        ("HTTP://h/", "Http h"),
        ("https://h:8443/", "Http in TLS h 8443"),
        ("socks4://h", "Socks4 h"),
        ("socks4a://h", "Socks4 h"),
        ("Socks5://h:9", "Socks5 h 9"),
        ("socks5h://[::1]", "Socks5 ::1"),
        ("http://@h", "Http h nobody"),
        ("socks5://@[::1]:9", "Socks5 ::1 9 nobody"),
        ("http://u@h", "Http h u None"),
        ("http://u:@h", "Http h u Some(\"\")"),
        ("http://u:p:q@h:1", "Http h 1 u Some(\"p:q\")"),
        (
            "socks5://%75%3a%2F:%40%2c%ff@h",
            "Socks5 h u:/ Some(\"@,\\\\xff\")",
        ),
        ("socks4://:p@h", "Socks4 h  Some(\"p\")"),
        ("http://a,socks5://u:p@b", "Http a | Socks5 b u Some(\"p\")"),
    ];
    for (list, wanted) in cases {
        let words = words(list).unwrap_or_else(|why| panic!("{list:?} is good, but: {why}"));
        let shown: Vec<_> = words.iter().map(shown).collect();
        assert_eq!(shown.join(" | "), wanted, "--proxy {list:?}");
    }
}

#[test]
fn a_word_that_is_none_is_refused() {
    let long = "x".repeat(LONGEST + 1);
    let cases = [
        "",
        ",",
        "a,",
        ",a",
        "a,,b",
        " h",
        "h ",
        "h\n",
        "h h",
        "h\0",
        "h/",
        "h/x",
        "h?x",
        "h#x",
        "u@h",
        "u:p@h",
        "%68",
        "h:1:2",
        "a:b:c",
        "[h]",
        "[h]:1",
        "[1.2.3.4]",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]1",
        "[::1]:1:2",
        "[]",
        "[]:1",
        ":1",
        "fe80::1%",
        "[::1%]",
        "ftp://h",
        "://h",
        "http://",
        "http:///",
        "http://h//",
        "http://h/x",
        "http://h?x",
        "http://h#x",
        "http://::1",
        "http://u@",
        "http://u@@h",
        "http://a@b@h",
        "http://u/@h",
        "http://u?@h",
        "http://u#@h",
        "http://a/b@c",
        "http://u p@h",
        "http://%@h",
        "http://%4@h",
        "http://%zz@h",
        "http://%4é@h",
        "http://u%00@h",
        "http://u:%0a@h",
        "http://u%0D@h",
        "http://u%3a@h",
        "https://u%3A:p@h",
        "socks5://%7f@h",
        "http://u:\u{fffd}@h",
        "h\u{fffd}",
        &long,
    ];
    for list in cases {
        let refusal = words(list).map(|words| words.iter().map(shown).collect::<Vec<_>>());
        let refusal = refusal.expect_err(list);
        assert!(
            refusal.starts_with("Invalid --proxy"),
            "--proxy {list:?}: {refusal}"
        );
    }
    let ports = [
        "http://http://h",
        "http:h",
        "http:/h",
        "h:",
        "h:0",
        "h:65536",
        "h:+1",
        "h:-1",
        "h:http",
        "h:1/",
        "[::1]:",
        "http://h:",
    ];
    for list in ports {
        let refusal = words(list).expect_err(list);
        assert!(
            refusal.starts_with("Invalid proxy port number"),
            "--proxy {list:?}: {refusal}"
        );
    }
}

#[test]
fn a_password_is_not_shown() {
    let lists = [
        "http://u:secret@h:x",
        "http://u:secret@h/x",
        "http://u:sec,secret@h",
        "http://u:secret,x@h",
        "secret:secret@h",
        "ftp://secret@h",
        "http://secret%@h",
        "http://u:secret",
        "socks5://u:4secret/",
    ];
    for list in lists {
        let refusal = words(list).expect_err(list);
        assert!(!refusal.contains("secret"), "--proxy {list:?}: {refusal}");
    }
    let refusal = login("--proxy-auth", b"user:secret\n").expect_err("a line's end");
    assert!(!refusal.contains("secret"), "--proxy-auth: {refusal}");
    let words = words("http://u:secret@h").expect("a good word");
    let proxies = Proxies {
        hops: words,
        auth: vec!["u:secret".into()],
        ..Proxies::default()
    };
    let debugged = format!("{proxies:?}");
    assert!(!debugged.contains("secret"), "debugged: {debugged}");
}

#[test]
fn a_port_that_is_not_given_is_the_usual_one() {
    let cases = [
        ("h", ProxyKind::Http, 3128),
        ("h", ProxyKind::Socks4, 1080),
        ("h", ProxyKind::Socks5, 1080),
        ("h:5", ProxyKind::Socks5, 5),
        ("http://h", ProxyKind::Socks5, 3128),
        ("https://h", ProxyKind::Socks5, 443),
        ("socks4a://h", ProxyKind::Http, 1080),
        ("https://h:5", ProxyKind::Http, 5),
    ];
    for (list, otherwise, wanted) in cases {
        let words = words(list).expect(list);
        assert_eq!(words[0].port(otherwise), wanted, "{list} as {otherwise:?}");
    }
}

#[test]
fn a_login_ends_its_name_with_the_first_colon() {
    type Parts = Option<(&'static [u8], Option<&'static [u8]>)>;
    let cases: [(&[u8], Parts); 8] = [
        (b"u:p", Some((b"u", Some(b"p")))),
        (b"u:p:q", Some((b"u", Some(b"p:q")))),
        (b"u", Some((b"u", None))),
        (b"u:", Some((b"u", Some(b"")))),
        (b":p", Some((b"", Some(b"p")))),
        (b"\xff:\xfe", Some((b"\xff", Some(b"\xfe")))),
        (b"", None),
        (b"u:p\r", None),
    ];
    for (word, wanted) in cases {
        let login = login("--proxy-auth", word).ok();
        let parts = login.as_ref().map(|l| (&l.user[..], l.password.as_deref()));
        assert_eq!(parts, wanted, "{:?}", word.escape_ascii().to_string());
    }
}

#[test]
fn kinds_and_resolvers_are_named_exactly() {
    let kinds = [
        ("http", Some(ProxyKind::Http)),
        ("socks4", Some(ProxyKind::Socks4)),
        ("4", Some(ProxyKind::Socks4)),
        ("socks5", Some(ProxyKind::Socks5)),
        ("5", Some(ProxyKind::Socks5)),
        ("HTTP", None),
        ("socks", None),
        ("socks4a", None),
        ("https", None),
        ("", None),
    ];
    for (word, wanted) in kinds {
        assert_eq!(kind(word).ok(), wanted, "--proxy-type {word:?}");
    }
    let resolvers = [
        ("local", Some(Dns::Local)),
        ("remote", Some(Dns::Remote)),
        ("both", Some(Dns::Both)),
        ("none", Some(Dns::None)),
        ("Local", None),
        ("", None),
    ];
    for (word, wanted) in resolvers {
        assert_eq!(dns(word).ok(), wanted, "--proxy-dns {word:?}");
    }
}
