//! Medians, ratios, and how they are printed.

/// The middle of the figures; of an even number of them, the mean of the two in the middle.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        n if n % 2 == 1 => Some(figures[middle]),
        _ => Some((figures[middle - 1] + figures[middle]) / 2.0),
    }
}

/// `part / whole`, where both are known.
pub(crate) fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? / whole?)
}

/// The smallest of the figures.
pub(crate) fn least(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    figures.into_iter().min_by(f64::total_cmp)
}

/// A figure with so many places, or a dash.
pub(crate) fn show(figure: Option<f64>, places: usize) -> String {
    figure.map_or_else(|| "–".into(), |figure| format!("{figure:.places$}"))
}
