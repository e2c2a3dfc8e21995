use std::process::Command;

use super::suites::SUITES;
use super::*;

/// One or two letters for each suite, in the order of [`SUITES`].
const SHORT: [&str; 9] = ["A", "C", "a", "E256", "R256", "Ec", "Rc", "E128", "R128"];

fn told(list: &str) -> String {
    match choose(list) {
        Ok(suites) => {
            let place = |suite| SUITES.iter().position(|known| known.suite == suite);
            let short = suites
                .into_iter()
                .map(|suite| place(suite).map_or("?", |place| SHORT[place]));
            short.collect::<Vec<_>>().join(" ")
        }
        Err(words) => words,
    }
}

const NONE: &str = "The cipher list leaves no cipher that this program has";

#[test]
fn a_cipher_list_chooses_what_it_would_choose_with_openssl() {
    for (list, left) in [
        ("ALL", "A C a E256 R256 Ec Rc E128 R128"),
        ("DEFAULT", "A C a E256 R256 Ec Rc E128 R128"),
        ("HIGH:!aNULL:!MD5", "A C a E256 R256 Ec Rc E128 R128"),
        (
            "ALL:!aNULL:!eNULL:!LOW:!EXP:!RC4:!MD5:@STRENGTH",
            "A C a E256 R256 Ec Rc E128 R128",
        ),
        ("ECDHE-RSA-AES128-GCM-SHA256", "A C a R128"),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "A C a R128"),
        ("AES128", "A C a E128 R128"),
        ("AES256-SHA:AES128+aRSA", "A C a R128"),
        (
            "ECDHE+AESGCM:ECDHE+CHACHA20",
            "A C a E256 R256 E128 R128 Ec Rc",
        ),
        ("AES128:AES256", "A C a E128 R128 E256 R256"),
        ("AES128 AES256", "A C a E128 R128 E256 R256"),
        ("AES128,AES256;CHACHA20", "A C a E128 R128 E256 R256 Ec Rc"),
        ("AES128:AES256:@STRENGTH", "A C a E256 R256 E128 R128"),
        ("AES128:AES256@STRENGTH", "A C a E256 R256 E128 R128"),
        ("ALL:+AES256", "A C a Ec Rc E128 R128 E256 R256"),
        ("ALL:-AES256:AES256", "A C a Ec Rc E128 R128 E256 R256"),
        ("ALL:-AES", "A C a Ec Rc"),
        ("ALL:!AES256:AES256", "A C a Ec Rc E128 R128"),
        ("HIGH!AES!aRSA", "A C a Ec"),
        ("DEFAULT:!CHACHA20", "A C a E256 R256 E128 R128"),
        ("DEFAULT@SECLEVEL=2", "A C a E256 R256 Ec Rc E128 R128"),
        ("ALL:@SECLEVEL=0", "A C a E256 R256 Ec Rc E128 R128"),
        ("ALL:@SECLEVEL=5", "A C E256 R256 Ec Rc"),
        ("RSA:SHA256:MEDIUM", NONE),
        ("AES256-SHA", NONE),
        ("EXP:NULL", NONE),
        ("ALL:!ALL", NONE),
        ("", NONE),
        (":::", NONE),
    ] {
        assert_eq!(told(list), left, "{list:?}");
    }
}

#[test]
fn only_the_suites_of_tls_1_3_that_are_named_stay_once_one_is() {
    for (list, left) in [
        ("TLS_AES_128_GCM_SHA256", "a"),
        ("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", "a A"),
        ("AES128:TLS_CHACHA20_POLY1305_SHA256", "C E128 R128"),
        (
            "ALL:!TLS_AES_128_GCM_SHA256",
            "A C E256 R256 Ec Rc E128 R128",
        ),
        ("!TLS_AES_128_GCM_SHA256", NONE),
        ("TLS_AES_128_CCM_SHA256", NONE),
        ("AES128:TLS_AES_128_CCM_SHA256", "E128 R128"),
    ] {
        assert_eq!(told(list), left, "{list:?}");
    }
}

#[test]
fn a_word_that_nobody_knows_is_told() {
    for (list, words) in [
        ("FOO", "Unknown cipher name: FOO"),
        ("ALL:!AES12", "Unknown cipher name: AES12"),
        ("ECDHE+AESGMC", "Unknown cipher name: AESGMC"),
        ("high", "Unknown cipher name: high"),
        (
            "HIGH:DEFAULT",
            "DEFAULT can only stand at the start of a cipher list",
        ),
        ("DEFAULTS", "Unknown cipher name: DEFAULTS"),
        ("ALL:@FOO", "Unknown command in cipher list: @FOO"),
        (
            "ALL:@SECLEVEL=6",
            "Unknown command in cipher list: @SECLEVEL=6",
        ),
        ("ALL:@", "Unknown command in cipher list: @"),
        ("ALL/LOW", "Cipher list cannot be understood at '/'"),
        (
            "ALL:\u{1b}[31m",
            r"Cipher list cannot be understood at '\u{1b}'",
        ),
        ("ALL:é", "Cipher list cannot be understood at 'é'"),
        ("ALL:!", "Cipher list ends where a name should be"),
        ("ECDHE+", "Cipher list ends where a name should be"),
        ("!:ALL", "Cipher list cannot be understood at ':'"),
        ("!!ALL", "Cipher list cannot be understood at '!'"),
    ] {
        assert_eq!(told(list), words, "{list:?}");
    }
}

/// Words that lists are made of, with their prefixes.
const WORDS: &[&str] = &[
    "ALL",
    "HIGH",
    "AES",
    "AES128",
    "AES256",
    "AESGCM",
    "CHACHA20",
    "ECDHE",
    "kEECDH",
    "ECDH",
    "aRSA",
    "aECDSA",
    "ECDSA",
    "RSA",
    "SHA256",
    "SHA384",
    "TLSv1.2",
    "SSLv3",
    "FIPS",
    "MEDIUM",
    "eNULL",
    "COMPLEMENTOFDEFAULT",
    "ECDHE+AESGCM",
    "aRSA+AES256",
    "ECDSA+CHACHA20+HIGH",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "AES128-SHA",
    "@STRENGTH",
];

#[test]
fn any_cipher_list_chooses_what_openssl_chooses() {
    let mut seed = 5_u32;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for _ in 0..200 {
        let mut words = vec!["ALL", "DEFAULT", "AES", "HIGH"][random(4)].to_owned();
        for _ in 0..random(6) {
            let word = WORDS[random(WORDS.len())];
            let prefix = if word.starts_with('@') {
                ""
            } else {
                ["", "", "+", "-", "!"][random(5)]
            };
            words = format!("{words}:{prefix}{word}");
        }
        let Some(theirs) = openssl(&words) else {
            println!("SKIPPED: openssl is not installed");
            return;
        };
        let ours = choose(&words).unwrap_or_default();
        let of_tls12 = SUITES[3..].iter();
        let of_tls12: Vec<_> = of_tls12.map(|suite| suite.suite).collect();
        let ours: Vec<_> = ours
            .into_iter()
            .filter(|suite| of_tls12.contains(suite))
            .collect();
        assert_eq!(ours, theirs, "{words}");
    }
}

/// Those of our suites that OpenSSL chooses, in its order.
fn openssl(list: &str) -> Option<Vec<CipherSuite>> {
    let list = ["ciphers", "-s", "-tls1_2", list];
    let ran = Command::new("openssl").args(list).output().ok()?;
    let said = String::from_utf8_lossy(&ran.stdout);
    let known = |name: &str| {
        let set = select(name)?;
        Some(SUITES[set.trailing_zeros() as usize].suite)
    };
    Some(said.trim().split(':').filter_map(known).collect())
}
