/// Hides the middle of `text`, for logs: `j***@example.com`, `+44******0453`, `a***`.
#[must_use]
pub fn masked(text: &str) -> String {
    if let Some((local, domain)) = text.rsplit_once('@') {
        let first = local.chars().next().map_or_else(String::new, String::from);
        return format!("{first}***@{domain}");
    }
    let count = text.chars().count();
    if text.starts_with('+') && count >= 9 {
        let head: String = text.chars().take(3).collect();
        let tail: String = text.chars().skip(count - 4).collect();
        return format!("{head}{}{tail}", "*".repeat(count - 7));
    }
    let first = text.chars().next().map_or_else(String::new, String::from);
    format!("{first}***")
}
