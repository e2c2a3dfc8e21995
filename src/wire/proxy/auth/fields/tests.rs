use super::*;

fn words(scheme: &str, said: Said) -> Words {
    let scheme = scheme.into();
    Words { scheme, said }
}

fn params(all: &[(&str, &str)]) -> Said {
    let all = all.iter().map(|&(name, value)| (name.into(), value.into()));
    Said::Params(Params(all.collect()))
}

fn token(token: &str) -> Said {
    Said::Token(token.into())
}

#[test]
fn challenges_are_read_however_they_are_written() {
    let basic = || words("basic", params(&[("realm", "a")]));
    let digest = || words("digest", params(&[("realm", "a, b=c"), ("nonce", "n")]));
    let negotiate = || words("negotiate", Said::Nothing);
    let cases: [(&[&str], Vec<Words>); 14] = [
        (&[], vec![]),
        (&["", " ,\t, "], vec![]),
        (&["Basic realm=\"a\""], vec![basic()]),
        (&["bAsIc  ReAlM = a"], vec![basic()]),
        (
            &["Basic realm=a", "Digest realm=\"a, b=c\", nonce=n"],
            vec![basic(), digest()],
        ),
        (
            &["Digest realm=\"a, b=c\" ,nonce=\"n\",, Basic realm=a,"],
            vec![digest(), basic()],
        ),
        (
            &["Negotiate, Basic realm=a,Negotiate"],
            vec![negotiate(), basic(), negotiate()],
        ),
        (
            &["NTLM abc+/==, Basic realm=a"],
            vec![words("ntlm", token("abc+/==")), basic()],
        ),
        (
            &["Basic realm=\"\\\"\\a\\\\\""],
            vec![words("basic", params(&[("realm", "\"a\\")]))],
        ),
        (
            &["Digest realm=\"a, b=c\",\r\n nonce=n\r\n\t"],
            vec![digest()],
        ),
        (
            &["Basic realm=a, Realm=b, Negotiate"],
            vec![words("basic", Said::Unclear), negotiate()],
        ),
        (
            &["Basic realm=a, Digest realm=\"open", "Negotiate"],
            vec![basic(), negotiate()],
        ),
        (
            &["Basic realm=\"\u{fc}\""],
            vec![words("basic", params(&[("realm", "\u{fc}")]))],
        ),
        (&["Basic realm=\"a\0\"", "Basic realm=\"\x1b[2J\""], vec![]),
    ];
    for (values, wanted) in cases {
        let bytes: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(challenges(&bytes), wanted, "{values:?}");
    }
}

#[test]
fn credentials_are_one_scheme_and_nothing_else() {
    let cases = [
        ("Basic YTpi", Some(words("basic", token("YTpi")))),
        ("BASIC   YTpi== ", Some(words("basic", token("YTpi==")))),
        (
            "Digest a=\"b\", c=d",
            Some(words("digest", params(&[("a", "b"), ("c", "d")]))),
        ),
        ("Digest a=b, A=b", Some(words("digest", Said::Unclear))),
        ("Basic", Some(words("basic", Said::Nothing))),
        ("", None),
        ("Basic YTpi more", None),
        ("Basic YTpi, more", None),
        ("Basic YTpi, Basic YTpi", None),
        ("Digest a=b c=d", None),
        ("Digest a=b, more", None),
        ("Digest a=\"b\"c", None),
        ("Digest a=", Some(words("digest", token("a=")))),
        ("Digest a=b, c=", None),
        ("Digest a=\"b\\", None),
        ("Digest a=\"b\\\n\"", None),
        ("Digest =b", None),
        ("Basic(x) YTpi", None),
    ];
    for (value, wanted) in cases {
        assert_eq!(credentials(value.as_bytes()), wanted, "{value:?}");
    }
}

#[test]
fn what_was_quoted_is_read_as_it_was() {
    for value in crate::wire::oracle::strings(b"a\"\\, =\xff", 4) {
        let field = [b"Digest x=", &quote(&value)[..], b", y=z"].concat();
        let read = credentials(&field).expect("one scheme");
        let Said::Params(params) = read.said else {
            panic!("{value:?} became {:?}", read.said);
        };
        assert_eq!(params.find("x"), Some(&value[..]));
        assert_eq!(params.find("y"), Some(&b"z"[..]), "behind {value:?}");
    }
}

#[test]
fn of_very_many_words_only_the_first_are_read() {
    let many = "Negotiate,".repeat(1000);
    assert_eq!(challenges(&[many.as_bytes()]).len(), SCHEMES_MAX);
    let params = |count: usize| {
        let params = (0..count).map(|n| format!("p{n}=1"));
        format!("Digest {}", params.collect::<Vec<_>>().join(","))
    };
    assert!(credentials(params(PARAMS_MAX).as_bytes()).is_some());
    assert_eq!(credentials(params(PARAMS_MAX + 1).as_bytes()), None);
}
