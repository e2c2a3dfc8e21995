use std::process::Command;

use tempfile::TempDir;

use super::super::provider::provider;
use super::*;

/// Files as OpenSSL makes them. The pass phrase is "sesame".
const MAKE: &str = "
    set -e
    certificate() { openssl req -x509 -new -key $1.pem -subj /CN=$1 -days 2 -out $1.crt; }
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
    openssl rsa -in rsa.pem -traditional -out pkcs1.pem
    openssl ecparam -name prime256v1 -genkey -out ec.pem
    openssl ec -in ec.pem -out sec1.pem
    openssl genpkey -algorithm ED25519 -out ed.pem
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem
    openssl pkcs8 -topk8 -nocrypt -in ec.pem -out pkcs8.pem
    openssl pkcs8 -topk8 -passout pass:sesame -in ec.pem -out sealed.pem
    openssl pkcs8 -topk8 -scrypt -passout pass:sesame -in ec.pem -out scrypt.pem
    openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:sesame -in ec.pem -out pbes1.pem
    openssl ec -aes128 -passout pass:sesame -in ec.pem -out old.pem
    openssl ec -aes192 -passout pass:sesame -in ec.pem -out old192.pem
    openssl ec -des3 -passout pass:sesame -in ec.pem -out old3.pem
    openssl ec -camellia128 -passout pass:sesame -in ec.pem -out flower.pem
    openssl rsa -in rsa.pem -traditional -aes256 -passout pass:sesame -out oldrsa.pem
    certificate rsa; certificate ec; certificate ed
    openssl req -new -key ec.pem -subj /CN=v1 | openssl x509 -req -days 2 -signkey ec.pem -out v1.crt
    openssl x509 -in ec.crt -outform DER -out crt.der
    openssl pkey -in ec.pem -outform DER -out key.der
    cat ec.crt rsa.crt > chain.crt
    cat ec.crt pkcs8.pem > both.pem
    cat pkcs8.pem ec.crt > behind.pem
    cat ec.crt old.pem > old.crt
    openssl x509 -in ec.crt -text > text.crt
    sed 's/$/\\r/' ec.crt > dos.crt
    openssl x509 -in ec.crt -setalias me -trustout -out trusted.crt
    openssl x509 -in ec.crt -trustout -out unmarked.crt
    openssl x509 -in ec.crt -addtrust serverAuth -out for.crt
    openssl x509 -in ec.crt -addreject serverAuth -out against.crt
    sed 's/ CERT/ X509 CERT/' ec.crt > x509.crt
    { printf '\\357\\273\\277'; cat ec.crt; } > marked.crt
    sed 5q ec.crt > cut.crt
    sed '3s/.*/????/' ec.crt > noise.crt
    { echo -----BEGIN CERTIFICATE-----; echo MAMC; echo -----END CERTIFICATE-----; } > damaged.crt
    head -c 1048577 /dev/zero > large.crt
    : > empty
";

fn made() -> Option<TempDir> {
    let place = TempDir::new().expect("a place for files");
    let ran = Command::new("sh")
        .args(["-c", MAKE])
        .current_dir(place.path())
        .output()
        .expect("there is a shell");
    if ran.status.code() == Some(127) {
        println!("SKIPPED: openssl is not installed");
        return None;
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "openssl made no files: {said}");
    Some(place)
}

/// What comes of two files, and how often a pass phrase was asked for.
fn told(place: &Path, cert: &str, key: &str, phrases: &[&str]) -> String {
    let mut given = phrases.iter();
    let mut asked = Vec::new();
    let mut ask = |again| {
        asked.push(again);
        let phrase = given.next().ok_or("holds what nobody can open")?;
        Ok((*phrase).to_owned())
    };
    let all = provider(None).expect("all suites");
    let identity = identity(&place.join(cert), &place.join(key), &all, &mut ask);
    let place = format!("{}/", place.display());
    let said = match identity {
        Ok(identity) => format!("{} {:?}", identity.cert.len(), identity.key.algorithm()),
        Err(words) => words.replace(&place, ""),
    };
    let asked = asked
        .iter()
        .map(|again| if *again { " again" } else { " asked" });
    asked.fold(said, |said, asked| said + asked)
}

#[test]
fn certificates_and_keys_are_taken_as_openssl_writes_them() {
    let Some(place) = made() else { return };
    for (cert, key, phrases, outcome) in [
        ("rsa.crt", "rsa.pem", &[][..], "1 RSA"),
        ("rsa.crt", "pkcs1.pem", &[], "1 RSA"),
        ("ec.crt", "ec.pem", &[], "1 ECDSA"),
        ("ec.crt", "sec1.pem", &[], "1 ECDSA"),
        ("ec.crt", "pkcs8.pem", &[], "1 ECDSA"),
        ("ed.crt", "ed.pem", &[], "1 ED25519"),
        ("v1.crt", "ec.pem", &[], "1 ECDSA"),
        ("text.crt", "ec.pem", &[], "1 ECDSA"),
        ("dos.crt", "ec.pem", &[], "1 ECDSA"),
        ("trusted.crt", "ec.pem", &[], "1 ECDSA"),
        ("unmarked.crt", "ec.pem", &[], "1 ECDSA"),
        ("x509.crt", "ec.pem", &[], "1 ECDSA"),
        ("marked.crt", "ec.pem", &[], "1 ECDSA"),
        ("chain.crt", "ec.pem", &[], "2 ECDSA"),
        ("both.pem", "both.pem", &[], "1 ECDSA"),
        ("behind.pem", "behind.pem", &[], "1 ECDSA"),
        ("old.crt", "ec.pem", &[], "1 ECDSA"),
        ("ec.crt", "sealed.pem", &["sesame"], "1 ECDSA asked"),
        ("ec.crt", "scrypt.pem", &["sesame"], "1 ECDSA asked"),
        ("ec.crt", "old.pem", &["sesame"], "1 ECDSA asked"),
        ("ec.crt", "old192.pem", &["sesame"], "1 ECDSA asked"),
        (
            "ec.crt",
            "old3.pem",
            &["?", "sesame"],
            "1 ECDSA asked again",
        ),
        ("rsa.crt", "oldrsa.pem", &["sesame"], "1 RSA asked"),
        ("old.crt", "old.crt", &["sesame"], "1 ECDSA asked"),
        (
            "ec.crt",
            "sealed.pem",
            &["", "sesame"],
            "1 ECDSA asked again",
        ),
    ] {
        assert_eq!(
            told(place.path(), cert, key, phrases),
            outcome,
            "{cert}, {key}"
        );
    }
}

#[test]
fn files_that_are_no_use_are_refused_with_the_reason() {
    let Some(place) = made() else { return };
    let restricted = |file: &str| {
        format!(
            "{file} says what its certificate number 1 is trusted for, which is not supported; \
             `openssl x509 -in OLD -out NEW` leaves that out"
        )
    };
    let (only_for, not_for) = (restricted("for.crt"), restricted("against.crt"));
    let useless = format!("small.pem holds a key that cannot be used: {KEYS} can");
    for (cert, key, outcome) in [
        (
            "nothing",
            "ec.pem",
            "nothing cannot be read: No such file or directory",
        ),
        (".", "ec.pem", ". cannot be read: Is a directory"),
        ("large.crt", "ec.pem", "large.crt is larger than 1 MiB"),
        ("empty", "ec.pem", "empty holds no certificate in PEM"),
        ("ec.pem", "ec.pem", "ec.pem holds no certificate in PEM"),
        ("ec.crt", "ec.crt", "ec.crt holds no private key in PEM"),
        (
            "cut.crt",
            "ec.pem",
            "cut.crt is cut off in the middle of a section",
        ),
        (
            "noise.crt",
            "ec.pem",
            "noise.crt holds a section that is not base64",
        ),
        (
            "damaged.crt",
            "ec.pem",
            "damaged.crt holds a damaged certificate, number 1",
        ),
        ("for.crt", "ec.pem", &only_for),
        ("against.crt", "ec.pem", &not_for),
        (
            "crt.der",
            "ec.pem",
            "crt.der is not PEM but DER; `openssl x509 -inform DER` converts it",
        ),
        (
            "ec.crt",
            "key.der",
            "key.der is not PEM but DER; `openssl pkey -inform DER` converts it",
        ),
        (
            "ec.crt",
            "flower.pem",
            "flower.pem holds a key in an encryption that is not supported",
        ),
        (
            "ec.crt",
            "pbes1.pem",
            "pbes1.pem holds a key in an encryption that is not supported",
        ),
        ("ec.crt", "small.pem", &useless),
        (
            "rsa.crt",
            "ec.pem",
            "The key in ec.pem does not belong to the certificate in rsa.crt",
        ),
    ] {
        assert_eq!(
            told(place.path(), cert, key, &["sesame"]),
            outcome,
            "{cert}, {key}"
        );
    }
    let asked = " asked again again";
    let wrong = format!("sealed.pem holds a key that no pass phrase has opened{asked}");
    let said = told(
        place.path(),
        "ec.crt",
        "sealed.pem",
        &["1", "2", "3", "sesame"],
    );
    assert_eq!(said, wrong, "three wrong pass phrases");
    let said = told(place.path(), "ec.crt", "sealed.pem", &[]);
    assert_eq!(
        said, "sealed.pem holds what nobody can open asked",
        "nobody to ask"
    );
}
