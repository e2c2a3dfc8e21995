//! What sessions are made with here.

use std::path::PathBuf;
use std::time::Duration;

use ncat::secure::{self, Wishes};
use ncat::wire::dtls::{ClientKit, ServerKit};

/// Nothing but `--ssl`.
pub(crate) fn wishes() -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: "localhost".to_owned(),
        named: false,
        alpn: Vec::new(),
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    }
}

pub(crate) fn client(wishes: &Wishes) -> ClientKit {
    let client = secure::client(wishes).expect("a client can be made");
    ClientKit::new(&client).expect("DTLS has suites")
}

pub(crate) fn server(wishes: &Wishes) -> ServerKit {
    let server = secure::server(wishes, "localhost").expect("a server can be made");
    ServerKit::new(&server).expect("DTLS has suites")
}

/// A certificate and a key in files, made by openssl.
pub(crate) struct Files {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    _directory: tempfile::TempDir,
}

impl Files {
    /// `kind` is what `openssl req -newkey` wants.
    pub(crate) fn make(kind: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory for files");
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| directory.path().join(name));
        let mut openssl = std::process::Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
        openssl
            .args(kind)
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&cert);
        let output = openssl.output().expect("openssl is installed");
        assert!(
            output.status.success(),
            "openssl makes a certificate: {output:?}"
        );
        Self {
            cert,
            key,
            _directory: directory,
        }
    }

    pub(crate) fn give(&self, wishes: &mut Wishes) {
        wishes.cert = Some(self.cert.clone());
        wishes.key = Some(self.key.clone());
    }
}

/// Both sides of a session.
pub(crate) struct Kits {
    pub(crate) client: ClientKit,
    pub(crate) server: ServerKit,
}

impl Kits {
    /// Nobody looks at the other.
    pub(crate) fn plain() -> Self {
        Self::of(&wishes(), &wishes())
    }

    /// Both have these, and trust them only.
    pub(crate) fn mutual(files: &Files) -> Self {
        let mut wishes = wishes();
        files.give(&mut wishes);
        wishes.trust = Some(files.cert.clone());
        wishes.verify = true;
        Self::of(&wishes, &wishes)
    }

    pub(crate) fn of(client_wishes: &Wishes, server_wishes: &Wishes) -> Self {
        Self {
            client: client(client_wishes),
            server: server(server_wishes),
        }
    }
}
