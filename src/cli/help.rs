//! The texts of `--help` and `--version`, made from the option table.

use super::flags::{self, Effect, Flag, Section};

/// Who we are, in the shape that scripts look for.
pub fn version() -> String {
    format!("Ncat: {}", named("Version "))
}

fn named(what: &str) -> String {
    let home = match env!("CARGO_PKG_REPOSITORY") {
        "" => "a new ncat, written in Rust",
        url => url,
    };
    format!("{what}{} ( {home} )", env!("CARGO_PKG_VERSION"))
}

/// The whole text of `--help`.
pub fn text() -> String {
    let works = |flag: &Flag| !matches!(flag.effect, Effect::Unsupported(_));
    let lines = |wanted: &dyn Fn(&Flag) -> bool| -> String {
        let listed = flags::all().filter(|flag| flag.section != Section::Hidden);
        listed.filter(|flag| wanted(flag)).map(line).collect()
    };
    let ours = |flag: &Flag| flag.section == Section::Beyond;
    let usual = lines(&|flag| works(flag) && !ours(flag));
    let refused = match lines(&|flag| !works(flag)) {
        none if none.is_empty() => none,
        some => format!("\nRefused by this build, for it cannot do them:\n{some}"),
    };
    let beyond = lines(&|flag| works(flag) && ours(flag));
    format!(
        "{}\n{}\n{WORDS}\n{usual}{refused}\nBeyond Nmap's ncat:\n{beyond}",
        named("Ncat "),
        forms()
    )
}

/// What command lines look like, and what they are for.
pub(super) const FORMS: [(&str, &str); 5] = [
    ("ncat [options] host [port]", "connect"),
    ("ncat -l [options] [address] [port]", "listen"),
    (
        "ncat -z [options] host ports",
        "see which ports (20-25,80) answer",
    ),
    (
        "ncat --proxy a,b [options] host port",
        "connect through proxies",
    ),
    (
        "ncat -l --proxy-type socks5 [port]",
        "be a proxy (http, socks4 or socks5)",
    ),
];

fn forms() -> String {
    let width = FORMS.map(|(form, _)| form.len()).into_iter().max();
    let width = width.unwrap_or_default();
    let lines = FORMS.iter().enumerate().map(|(n, (form, purpose))| {
        let before = if n == 0 { "Usage: " } else { "       " };
        format!("{before}{form:width$}  {purpose}\n")
    });
    lines.collect()
}

const WORDS: &str = "\
The port is 31337 unless one is given, and that of a proxy 3128 (http) or 1080
(socks). A listener takes lists of both: 127.0.0.1,::1 80,8000-8003. A time is
a number of seconds, or one with a unit: 500ms, 10s, 2m, 1h. A size may end in
K, M or G. A proxy is host[:port], or a URL with http, https, socks4 or socks5:
socks5://user:pass@host:port. Rules say where a proxy leads: hosts, with ports
behind a colon or not: 10.0.0.0/8:80,443,example.com,:25.
";

/// One option: its names, its value, what it does.
fn line(flag: &Flag) -> String {
    let names = names(flag);
    let width = flags::all().filter(|f| f.section != Section::Hidden);
    let width = width
        .map(|flag| self::names(flag).len())
        .max()
        .unwrap_or_default();
    format!("{names:width$}  {}\n", flag.help)
}

fn names(flag: &Flag) -> String {
    let short = flag.short.map(|letter| format!("-{letter}"));
    let long = Some(format!("--{}", flag.long)).filter(|_| flag.long.len() > 1);
    let both = match (short, long) {
        (Some(short), Some(long)) => format!("{short}, {long}"),
        (Some(short), None) => short,
        (None, Some(long)) => format!("    {long}"),
        (None, None) => String::new(),
    };
    match (flag.effect, flag.value()) {
        (Effect::Maybe(..), Some(value)) => format!("  {both}[={value}]"),
        (_, Some(value)) => format!("  {both} <{value}>"),
        (_, None) => format!("  {both}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_a_terminal() {
        for line in text().lines() {
            let length = line.chars().count();
            assert!(length <= 80, "{length} columns are too many: {line}");
        }
    }

    #[test]
    fn every_option_that_is_not_hidden_has_its_line() {
        let text = text();
        for flag in flags::all() {
            let listed = text.lines().filter(|line| line.starts_with(&names(flag)));
            let exact = listed.filter(|line| line.ends_with(flag.help)).count();
            let wanted = usize::from(flag.section != Section::Hidden);
            assert_eq!(exact.min(1), wanted, "lines about {}", flag.name());
        }
    }

    #[test]
    fn the_version_keeps_its_shape() {
        let line = version();
        let start = format!("Ncat: Version {} ( ", env!("CARGO_PKG_VERSION"));
        assert!(line.starts_with(&start) && line.ends_with(" )"), "{line}");
    }
}
