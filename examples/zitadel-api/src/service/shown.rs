use identity::Identifier;
use identity::user::Book;

/// The one address that this wire shows: the one that is to replace another, else the primary one, else the latest.
pub(super) fn shown(book: &Book) -> Option<&Identifier> {
    let newest = book.entries().iter().rev().find(|entry| entry.replaces.is_some());
    newest.or_else(|| book.primary()).or_else(|| book.entries().last())
}
