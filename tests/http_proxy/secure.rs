//! TLS towards clients of our proxy.

use std::process::Command;

use crate::common::{Program, Told, directory, told};
use crate::house::{House, has};
use crate::peers::curl_by;

#[test]
fn curl_speaks_tls_with_the_proxy_itself() -> Told {
    if !has("curl") || !has("openssl") {
        return Ok(());
    }
    // By openssl, for curl wants to know whom it gives its password.
    let dir = directory()?;
    let (cert, key) = (dir.path().join("cert"), dir.path().join("key"));
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    let make = [
        "req",
        "-new",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-days",
        "3",
        "-out",
        &cert,
        "-keyout",
        &key,
    ];
    let made = told(Command::new("openssl").args(make).output())?;
    assert!(made.status.success(), "openssl makes no certificate");
    let answer = "read line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\nhello\\n'";
    let usual = ["-l", "-k", "-v", "127.0.0.1", "0", "-c", answer];
    let mut origin = crate::common::Scene::of(Program::ncat(usual))?;
    let there = crate::common::scene::place_of(&mut origin)?
        .words()
        .join(":");
    let ours = [
        "--ssl",
        "--ssl-cert",
        &cert,
        "--ssl-key",
        &key,
        "--proxy-auth",
        "me:secret",
    ];
    let house = House::open(&ours)?;
    let proxy = format!("https://127.0.0.1:{}", house.own_port());
    let url = [format!("http://{there}/1"), format!("http://{there}/2")];
    for scheme in ["--proxy-basic", "--proxy-digest"] {
        for through in [&[][..], &["-p"]] {
            let knows = ["--proxy-cacert", &cert, "-U", "me:secret", scheme];
            let got = curl_by(&proxy, &[&knows[..], through].concat(), &url)?;
            assert_eq!(got, (0, "hello\nhello\n".into()), "{scheme} {through:?}");
        }
    }
    // Nobody who speaks plainly is served, and nobody is told what could be heard by others.
    let plain = format!("http://127.0.0.1:{}", house.own_port());
    let (status, _) = curl_by(&plain, &["-U", "me:secret"], &url)?;
    assert_ne!(status, 0, "a plain request was served");
    Ok(())
}
