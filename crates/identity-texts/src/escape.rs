//! What the templates write into HTML.

use minijinja::{AutoEscape, Error, Output, State, Value};

/// Writes a value into a template's output. In HTML the five characters that mean something there are escaped, in text and in
/// quoted attributes alike. The driver's own formatter escapes `/` too, which needs no escape in either and makes links hard to
/// read for people and for filters.
pub(crate) fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if !matches!(state.auto_escape(), AutoEscape::Html) || value.is_safe() {
        return minijinja::escape_formatter(out, state, value);
    }
    let escaped = html(&value.to_string());
    out.write_str(&escaped).map_err(Error::from)
}

/// The filter `escape`, and `e` for short: the same characters, whatever the template's format is.
pub(crate) fn filter(value: &Value) -> Value {
    if value.is_safe() { value.clone() } else { Value::from_safe_string(html(&value.to_string())) }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_characters_that_mean_something_in_html_are_escaped_and_no_other() {
        assert_eq!(html("a/b?c=d&e=\"f\"'<g>"), "a/b?c=d&amp;e=&quot;f&quot;&#39;&lt;g&gt;");
        let others: String = (' '..='\u{ffff}').filter(|c| !"&<>\"'".contains(*c)).collect();
        assert_eq!(html(&others), others);
    }
}
