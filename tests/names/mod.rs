//! A reader of Rust source that finds which names of other files and crates a file depends on.
//!
//! It knows just enough of the language: comments, literals, `use` trees and paths. Items under
//! `#[cfg(test)]` and files called `tests.rs` are no part of the program and are passed over.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Every file of the program below `src`, by its path there, without files of tests.
pub(crate) fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut directories) = (Vec::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of sources can be listed") {
            let path = entry.expect("a directory of sources can be listed").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
            {
                let file = path.strip_prefix(&root).expect("it was found there");
                let source = fs::read_to_string(&path).expect("a source file is UTF-8");
                found.push((file.to_str().expect("a plain name").to_owned(), source));
            }
        }
    }
    found
}

/// All names of other files and crates in a file, in full: those it uses and those it spells out.
pub(crate) fn names(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let home = home(file);
    let mut imports = HashMap::new();
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|&at| tokens[at] == "use") {
        let mut rest = &tokens[at + 1..];
        for (path, alias) in use_tree(&mut rest, &[]) {
            if let Some(path) = resolve(&path, &home, &HashMap::new()) {
                found.push(path.join("::"));
                imports.insert(alias, path);
            }
        }
    }
    let mut at = 0;
    while at < tokens.len() {
        let length = path_at(&tokens[at..]).len();
        let path: Vec<&str> = tokens[at..at + length].iter().step_by(2).copied().collect();
        if path.len() > 1 {
            found.extend(resolve(&path, &home, &imports).map(|path| path.join("::")));
        }
        at = (at + length.max(1)).max(after_use(&tokens, at));
    }
    found.sort();
    found.dedup();
    found
}

/// The module a file is, as a path.
fn home(file: &str) -> Vec<&str> {
    let file = file.trim_end_matches(".rs");
    let mut path = vec!["crate"];
    path.extend(
        file.split('/')
            .filter(|part| !["mod", "lib", "main"].contains(part)),
    );
    path
}

/// The full path from the root of the crate or of another one; `None` for a name of the file's own.
fn resolve<'a>(
    path: &[&'a str],
    home: &[&'a str],
    imports: &HashMap<&'a str, Vec<&'a str>>,
) -> Option<Vec<&'a str>> {
    let (first, rest) = path.split_first()?;
    let mut base = match *first {
        "crate" | "ncat" => vec!["crate"],
        "self" => home.to_vec(),
        "super" => {
            let up = path.iter().take_while(|part| **part == "super").count();
            let mut base = home[..home.len().saturating_sub(up).max(1)].to_vec();
            base.extend(&path[up..]);
            return Some(base);
        }
        name => match imports.get(name) {
            Some(base) => base.clone(),
            None if is_crate(name) => vec![*first],
            None => return None,
        },
    };
    base.extend(rest);
    Some(base)
}

fn is_crate(name: &str) -> bool {
    const MANIFEST: &str = include_str!("../../Cargo.toml");
    let dependencies = MANIFEST
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    ["std", "core", "alloc"].contains(&name)
        || dependencies
            .filter_map(|line| line.split_once(' '))
            .any(|(it, _)| it.replace('-', "_") == name)
}

/// The leaves of a `use`, each with the name it gets here. Leaves `rest` behind the tree.
fn use_tree<'a>(rest: &mut &[&'a str], before: &[&'a str]) -> Vec<(Vec<&'a str>, &'a str)> {
    let mut path = before.to_vec();
    loop {
        let Some((&token, tail)) = rest.split_first() else {
            return Vec::new();
        };
        match token {
            "::" => *rest = tail,
            "{" => {
                *rest = tail;
                let mut leaves = Vec::new();
                while rest.first().is_some_and(|token| *token != "}") {
                    leaves.extend(use_tree(rest, &path));
                    *rest = rest.strip_prefix(&[","]).unwrap_or(rest);
                }
                *rest = rest.get(1..).unwrap_or_default();
                return leaves;
            }
            "as" => {
                let alias = tail.first().copied().unwrap_or_default();
                *rest = tail.get(1..).unwrap_or_default();
                return vec![(path, alias)];
            }
            "," | "}" | ";" => {
                let alias = path.last().copied().unwrap_or_default();
                return vec![(path, alias)];
            }
            "self" if !path.is_empty() => *rest = tail,
            name => {
                *rest = tail;
                path.push(name);
            }
        }
    }
}

/// The tokens of the path that begins here, if one does.
fn path_at<'t, 'a>(tokens: &'t [&'a str]) -> &'t [&'a str] {
    let is_name = |token: &str| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut length = 0;
    while tokens.get(length).is_some_and(|token| is_name(token)) {
        length += 1;
        match tokens.get(length..length + 2) {
            Some(["::", next]) if is_name(next) => length += 1,
            _ => break,
        }
    }
    &tokens[..length]
}

/// Where a `use` that begins here ends; its names have been read already.
fn after_use(tokens: &[&str], at: usize) -> usize {
    if tokens[at] != "use" {
        return at;
    }
    tokens[at..]
        .iter()
        .position(|token| *token == ";")
        .map_or(tokens.len(), |end| at + end)
}

/// The code as names, `::` and single characters; without comments, literals and tests.
pub(crate) fn tokens(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, tail) = rest.split_at(length);
        rest = tail;
        if !first.is_whitespace() && !is_silent(token) {
            found.push(token);
        }
        if found.ends_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
            found.truncate(found.len() - 7);
            rest = behind_item(rest);
        }
    }
    found
}

/// Comments and literals say nothing; a lifetime says nothing either.
fn is_silent(token: &str) -> bool {
    ["//", "/*", "'"].iter().any(|open| token.starts_with(open)) || token.contains('"')
}

fn token_length(code: &str, first: char) -> usize {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    let until = |end: Option<usize>, width: usize| end.map_or(code.len(), |at| at + width);
    let prefix = code
        .find(|c: char| !['b', 'c', 'r'].contains(&c))
        .unwrap_or(0);
    let hashes = code[prefix..].len() - code[prefix..].trim_start_matches('#').len();
    let opens_text = code[prefix + hashes..].starts_with('"');
    if code.starts_with("//") {
        until(code.find('\n'), 0)
    } else if code.starts_with("/*") {
        until(code.find("*/"), 2)
    } else if opens_text && code[..prefix].contains('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        let inside = prefix + hashes + 1;
        until(
            code[inside..].find(&close).map(|at| inside + at),
            close.len(),
        )
    } else if opens_text && hashes == 0 {
        quoted(code, prefix + 1, b'"')
    } else if code.starts_with("'\\") {
        quoted(code, 1, b'\'')
    } else if first == '\'' {
        // A letter between two quotes; else the quote of a lifetime.
        code[1..]
            .chars()
            .next()
            .filter(|c| code[1 + c.len_utf8()..].starts_with('\''))
            .map_or(1, |c| 2 + c.len_utf8())
    } else if code.starts_with("::") {
        2
    } else if name(first) {
        code.find(|c| !name(c)).unwrap_or(code.len())
    } else {
        first.len_utf8()
    }
}

/// The length of a literal whose inside begins at `at`.
fn quoted(code: &str, mut at: usize, close: u8) -> usize {
    let bytes = code.as_bytes();
    while at < bytes.len() && bytes[at] != close {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// What follows the item that begins here.
fn behind_item(mut rest: &str) -> &str {
    let mut depth = 0;
    while let Some(first) = rest.chars().next() {
        let (token, tail) = rest.split_at(token_length(rest, first));
        rest = tail;
        match token {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 && (token == "}" || token == ";") {
            break;
        }
    }
    rest
}
