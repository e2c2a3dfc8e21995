//! chromium's pages, with all that belongs to them, through our proxies.

use std::fs;

use tempfile::TempDir;

use crate::common::{Program, Told, directory, told};
use crate::stage::{Host, has, holds, run};

/// Serves the files of a directory.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lua/scripts/http.lua");

/// Says when it has been loaded what has come of it.
const PAGE: &str = r#"<!DOCTYPE html>
<html><head><link rel="stylesheet" href="style.css"><script src="one.js"></script></head>
<body onload="all()"><p id="told">nothing</p><img id="shape" src="shape.svg">
<script src="two.js"></script>
<script>
function all() {
    const data = new XMLHttpRequest();
    data.open('GET', 'data.txt?fresh#part', false);
    data.send();
    const colour = getComputedStyle(document.body).color;
    const shape = document.getElementById('shape').naturalWidth;
    const parts = [one, two, colour, shape, data.status, data.responseText.length];
    const missing = new XMLHttpRequest();
    missing.open('GET', 'missing', false);
    missing.send();
    document.getElementById('told').textContent = parts.concat(missing.status).join(' ');
}
</script></body></html>
"#;

const DATA: usize = 300_000;

/// What the page says in the end.
const TOLD: &str = "first second rgb(1, 2, 3) 17 200 300000 404";

/// A page on a server, if there is a browser to look at it.
fn site(options: &[&str]) -> Told<Option<(TempDir, Host)>> {
    if !has("chromium") {
        return Ok(None);
    }
    let dir = directory()?;
    let shape = r#"<svg xmlns="http://www.w3.org/2000/svg" width="17" height="3"/>"#;
    let data = "x".repeat(DATA);
    let files = [
        ("index.html", PAGE),
        ("style.css", "body { color: rgb(1, 2, 3) }"),
        ("one.js", "const one = 'first'"),
        ("two.js", "const two = 'second'"),
        ("shape.svg", shape),
        ("data.txt", &data),
    ];
    for (name, text) in files {
        told(fs::write(dir.path().join(name), text))?;
    }
    let options = [&["-k", "--lua-exec", SERVER], options].concat();
    let host = Host::dressed(&options, |program| program.env("HTTP_ROOT", dir.path()))?;
    Ok(Some((dir, host)))
}

/// The page at `url`, seen through a proxy, says that all of it is there.
fn sees(url: &str, proxy: &str) -> Told {
    let home = directory()?;
    let data = format!("--user-data-dir={}", home.path().display());
    let proxy = format!("--proxy-server={proxy}");
    let words = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--ignore-certificate-errors",
        "--proxy-bypass-list=<-loopback>",
        &data,
        &proxy,
        "--dump-dom",
        url,
    ];
    let program = Program::at("chromium", words).env("HOME", home.path());
    let outcome = run(program)?;
    holds("the page", &String::from_utf8_lossy(&outcome.stdout), TOLD)
}

#[test]
fn a_page_and_its_parts_come_through_an_http_proxy() -> Told {
    let Some((_dir, site)) = site(&[])? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &[])?;
    let url = format!("http://{}/", site.at);
    sees(&url, &format!("http://{}", proxy.at))?;
    for part in [
        "",
        "one.js",
        "two.js",
        "style.css",
        "shape.svg",
        "data.txt?fresh",
    ] {
        proxy.told(&format!("GET {url}{part}: 200, "))?;
    }
    proxy.told(&format!("GET {url}missing: 404, "))
}

#[cfg(feature = "tls")]
#[test]
fn a_page_in_secret_comes_through_an_http_proxy() -> Told {
    let Some((_dir, site)) = site(&["--ssl"])? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &[])?;
    sees(
        &format!("https://{}/", site.at),
        &format!("http://{}", proxy.at),
    )?;
    proxy.told(&format!("CONNECT {}: ", site.at))
}

#[cfg(feature = "tls")]
#[test]
fn a_page_and_its_parts_come_through_a_proxy_that_speaks_tls() -> Told {
    let Some((_dir, site)) = site(&[])? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &["--ssl"])?;
    let url = format!("http://{}/", site.at);
    sees(&url, &format!("https://{}", proxy.at))?;
    proxy.told(&format!("GET {url}: 200, "))
}

#[test]
fn a_page_and_its_parts_come_through_a_socks_proxy() -> Told {
    let Some((_dir, site)) = site(&[])? else {
        return Ok(());
    };
    for kind in ["socks4", "socks5"] {
        let mut proxy = Host::proxy(kind, &[])?;
        sees(
            &format!("http://{}/", site.at),
            &format!("{kind}://{}", proxy.at),
        )?;
        proxy.told(&format!("CONNECT {}: ", site.at))?;
    }
    Ok(())
}
