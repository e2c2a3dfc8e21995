//! The figures set against their limits, and the word that follows from them.

use std::fmt;

use super::figures::show;

/// Filled by the tables, printed after the last of them.
#[derive(Default)]
pub(crate) struct Summary {
    transfers: Vec<Transfer>,
    others: Vec<Other>,
}

/// A figure and the most it may be.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) figure: Option<f64>,
    pub(crate) limit: f64,
}

struct Transfer {
    title: String,
    cpu: Bound,
    wall: Bound,
    /// The copying contestant is not compared with a loop that does not copy.
    over_bare: Option<Bound>,
}

struct Other {
    title: String,
    bound: Bound,
    places: usize,
}

impl Summary {
    pub(crate) fn transfer(
        &mut self,
        title: String,
        cpu: Bound,
        wall: Bound,
        over_bare: Option<Bound>,
    ) {
        self.transfers.push(Transfer {
            title,
            cpu,
            wall,
            over_bare,
        });
    }

    /// Anything with one figure, to be printed with so many places.
    pub(crate) fn other(&mut self, title: impl Into<String>, bound: Bound, places: usize) {
        self.others.push(Other {
            title: title.into(),
            bound,
            places,
        });
    }
}

/// What a table says at the end of a line with these figures.
pub(crate) fn verdict(bounds: impl IntoIterator<Item = Bound>) -> &'static str {
    let mut word = "reached";
    for bound in bounds {
        match bound.figure {
            None => return "not measured",
            Some(figure) if figure > bound.limit => word = "missed",
            Some(_) => {}
        }
    }
    word
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.transfers.is_empty() {
            writeln!(f, "### Transfers against their limits\n")?;
            writeln!(
                f,
                "| row | CPU ratio | limit | wall ratio | limit | CPU vs bare | limit | |"
            )?;
            writeln!(f, "|---|--:|--:|--:|--:|--:|--:|---|")?;
            self.transfers.iter().try_for_each(|line| line.fmt(f))?;
            writeln!(f)?;
        }
        if !self.others.is_empty() {
            writeln!(f, "### The rest against its limits\n")?;
            writeln!(f, "| what | figure | limit | |\n|---|--:|--:|---|")?;
            self.others.iter().try_for_each(|line| line.fmt(f))?;
        }
        Ok(())
    }
}

impl Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = match self.over_bare {
            Some(bound) => format!("{} | ≤ {}", show(bound.figure, 2), bound.limit),
            None => "– | –".into(),
        };
        writeln!(
            f,
            "| {} | {} | ≤ {} | {} | ≤ {} | {bare} | {} |",
            self.title,
            show(self.cpu.figure, 2),
            self.cpu.limit,
            show(self.wall.figure, 2),
            self.wall.limit,
            verdict([self.cpu, self.wall].into_iter().chain(self.over_bare)),
        )
    }
}

impl Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = show(self.bound.figure, self.places);
        writeln!(
            f,
            "| {} | {figure} | ≤ {} | {} |",
            self.title,
            self.bound.limit,
            verdict([self.bound]),
        )
    }
}
