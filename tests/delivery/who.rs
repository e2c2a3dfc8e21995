//! The programs whose cells are played, and how each is told what to be.

use std::time::Duration;

use crate::common::{Carrier, In, Place, Program, Scene, Side, Told};

/// How long a foreign program is given; it is not asserted, only counted.
const FOREIGN_PATIENCE: Duration = Duration::from_secs(3);

/// Whose cells are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Ours(Carrier),
    Ncat,
    OpenBsd,
    Socat,
}

pub(crate) const FOREIGN: [(Who, &str); 3] = [
    (Who::Ncat, "/usr/bin/ncat"),
    (Who::OpenBsd, "/bin/nc.openbsd"),
    (Who::Socat, "/usr/bin/socat"),
];

pub(crate) fn begin(who: Who, side: Side, place: &Place, stdin: In) -> Told<Scene> {
    let program = match who {
        Who::Ours(carrier) => Program::ncat(ncat_words(side, place)).carrier(carrier),
        Who::Ncat => Program::at("/usr/bin/ncat", ncat_words(side, place)),
        Who::OpenBsd => {
            let listen = (side == Side::Server).then(|| "-l".to_owned());
            let words = ["-N".to_owned()]
                .into_iter()
                .chain(listen)
                .chain(place.words());
            Program::at("/bin/nc.openbsd", words)
        }
        Who::Socat => Program::at("/usr/bin/socat", ["-".to_owned(), socat_word(side, place)]),
    };
    let mut scene = Scene::of(program.stdin(stdin))?;
    if !matches!(who, Who::Ours(_)) {
        scene.patience = FOREIGN_PATIENCE;
    }
    Ok(scene)
}

fn ncat_words(side: Side, place: &Place) -> Vec<String> {
    let listen = (side == Side::Server).then(|| "-l".to_owned());
    listen.into_iter().chain(place.words()).collect()
}

fn socat_word(side: Side, place: &Place) -> String {
    match (side, place) {
        (Side::Client, Place::Tcp(at)) => format!("TCP:{at}"),
        (Side::Server, Place::Tcp(at)) => format!("TCP-LISTEN:{},bind={}", at.port(), at.ip()),
        (Side::Client, Place::Unix(path)) => format!("UNIX-CONNECT:{}", path.display()),
        (Side::Server, Place::Unix(path)) => format!("UNIX-LISTEN:{}", path.display()),
    }
}
