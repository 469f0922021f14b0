//! What the messages say: mail and text messages in six languages, the pages that links open, the account page, and the page that
//! signs in.
//!
//! [`Texts`] has the words of every brand in every language. It is built from what is shipped here and from what the host says
//! differently, and building it renders everything once: a string, a variable or a template that is missing, and a text
//! message that does not fit, is an error when the host starts, and not when a message is due.
//!
//! ```
//! use identity_ports::SystemClock;
//! use identity_texts::{Brand, Links, Texts};
//!
//! let brand = Brand::new("Example", Links::new("https://accounts.example.com/confirm")?);
//! let texts = Texts::builder(brand.clone(), SystemClock)
//!     .strings("de", "code-subject = Dein Code für { $brand }")
//!     .template("code/mail.txt", "{{ lead }} {{ code }} {{ t('expiry') }}")
//!     .build()?;
//!
//! let wrong = Texts::builder(brand, SystemClock).strings("de", "code-subject = Für { $nobody }").build();
//! assert!(wrong.unwrap_err().to_string().contains("code-subject"));
//! # let _ = texts;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Strings
//! [Fluent](https://projectfluent.org) source, one message a string; those of a kind begin with its [`Kind::slug`]. Variables:
//!
//! | variable | in | is |
//! |---|---|---|
//! | `$brand` | everything | the brand's name |
//! | `$code`, `$link` | messages that carry them | as they are |
//! | `$unit`, `$count`, `$hours` | codes, links, pages | how long they are still good: `minutes`, `hours` or `days`, and how many; the string `duration` says it |
//! | `$about`, `$channel` | notices, the page that asks | the address that it is about, masked, and `email` or `phone` |
//! | `$day`, `$month`, `$year`, `$time` | notices in mail | when it happened, in UTC; the string `date` says it |
//! | `$unit`, `$count`, `$hours` | `error-too-soon`, `error-too-many-failures-wait` | how long to wait, rounded up; the string `duration` says it |
//! | `$channel` | `error-too-many-identifiers` | `email` or `phone` |
//!
//! The strings that begin with `error-` are what a person is told of a refusal or of an entry that cannot be read
//! ([`Texts::refusal`], [`Texts::parse_error`]): the slug follows, with hyphens. The manual of the crate `identity` has a table of
//! all slugs and strings.
//!
//! # Templates
//! [minijinja](https://docs.rs/minijinja). Names that end in `.html` escape `&`, `<`, `>`, `"` and `'` in values. Every template has:
//!
//! | variable | is |
//! |---|---|
//! | `t("name")` | the string of this name |
//! | `brand`, `language`, `direction`, `kind` | the brand's name, a BCP 47 tag, `ltr` or `rtl`, the kind's slug |
//! | `code`, `link`, `about`, `channel` | as for strings; none where the message does not carry it |
//! | `undo` | the link of a notice that undoes what it reports, or none ([`Brand::with_undo_links`]) |
//! | `logo` | `url`, `width` and `height`, or none ([`Brand::with_logo`]) |
//! | `support` | `url` and `text`, or none ([`Brand::with_support`]) |
//! | `home` | the address of the start page, or none ([`Brand::with_home`]) |
//! | `passwords` | whether users have passwords ([`Brand::with_passwords`]) |
//!
//! `mail.*` has `subject`, `title`, `lead`, `unasked` (what it says to somebody who did not ask for a code; none in notices) and
//! `preheader` besides, which is what mail programs show beside the subject and never
//! has the code in it. `sms.txt` has `body`.
//!
//! The pages fill in the block `main` of `frame.html`, and have:
//!
//! | template | variables |
//! |---|---|
//! | `frame.html` | `title` |
//! | `page.html` | `title`, `lead` and `form`: `action`, `tenant`, `token` and `button`, the name of its string; or none |
//! | `account.html` | `title` and `token`; `said`, a sentence about what was done, or none; `problem`: `text`, `action` (the form that it is about, or none) and `typed`; or none |
//! | `account.html` of all addresses | `books`, one for each channel: `channel` and `entries`, of which each is as `address` |
//! | `account.html` of one address | `address`: `id`, `address`, `channel`, `verified`, `primary`, `undeliverable`, `pending` (whether a code can be typed), `digits` (whether it has digits alone), `going` (whether it is to be removed or replaced) and `replaces`, the address that it is to replace, or none; `new_address`, the label of the field for the new one |
//! | `sign-in.html` | `title`, `step` (`address` or `code`), `address` as it was typed, `digits`; `sent` and `problem`, a sentence each, or none |
//!
//! The shipped `mail.html` is laid out with tables, so that it holds in Outlook, has a dark colour scheme, and fetches nothing
//! unless the brand has a logo.
//!
//! # Languages
//! Arabic, English, French, German, Japanese and Spanish. A message is in the language that comes nearest to its
//! [`locale`](identity_core::Message::locale), or else in the host's [`fallback`](TextsBuilder::fallback).
//!
//! # Text messages
//! One message each: 160 septets where the default alphabet has all letters (English, French, German, Spanish), 70 UTF-16
//! units where it has not (Arabic, Japanese). A code that does not fit with its sentence goes with the brand's name alone. A
//! text with a code ends in the line `@host #code` (WICG, origin-bound one-time codes). Where a challenge may be answered by
//! code or link, the text message has the code; a link alone takes two to four messages, and a notice with a link up to five.
//!
//! # Links
//! [`Links`] is the address that links begin with: configuration, never part of a request. Serve the page's path with two handlers,
//! both with [`Page::HEADERS`]. GET reads the query with [`Links::parse`], checks the token without using it up
//! (`Account::link_address` of the crate `identity`), and answers with [`Texts::ask_page`], which names the address. POST reads the
//! body with [`Links::parse`], confirms the token, and answers with [`Texts::answer_page`]. A scanner that opens the link confirms
//! nothing.
//!
//! The page on which the reader of a notice undoes what it reports ([`Brand::with_undo_links`]) is served the same way: GET with
//! [`Links::parse_undo`], `Identity::disavowal` and [`Texts::undo_page`], POST with `Identity::disavow`.
//!
//! # What this crate does not do
//! It sends nothing and serves nothing; `identity-smtp` and `identity-sms-http` send, the host serves. Times of notices are in
//! UTC: nothing here knows where the person is.

mod account;
mod brand;
mod builder;
mod compose;
mod edition;
mod enter;
mod error;
mod escape;
mod explain;
mod gsm7;
mod kind;
mod languages;
mod links;
mod page;
mod texts;
mod values;

pub use account::{AccountDone, AccountProblem, AccountView, AccountWrong};
pub use brand::Brand;
pub use builder::TextsBuilder;
pub(crate) use compose::clean;
pub use enter::{SignInStep, SignInView};
pub use error::{BuildError, Place, TextError};
pub use gsm7::{Encoding, Room};
pub use kind::Kind;
pub use languages::{LANGUAGES, client_language};
pub use links::{LinkBaseError, LinkRequest, Links, NoLink};
pub use page::{Answer, Page};
pub use texts::{Mail, Sms, Texts};

// The driver of the strings and of the templates: a host that names their types needs these versions.
pub use {fluent_bundle, minijinja};
