use std::sync::Arc;
use std::time::Duration;

use fluent_bundle::FluentArgs;
use identity_core::address::AddressError;
use identity_core::{
    Alphabet, Book, Channel, CodeError, Identifier, IdentifierId, PublicRefusal, TenantId, Timestamp, User,
};
use minijinja::{Value, context};

use crate::edition::{Edition, Language, Sheet};
use crate::explain::{refused, sentence};
use crate::values::Values;
use crate::{Kind, Page, TextError, Texts};

/// A view of the account page: a person's own addresses, and the forms that change them.
///
/// The forms post the fields `token` and `do` to the page's own path, and where they are about an address its `id`. `do` is
/// `add` or `replace` with the field `address`, `confirm` with the field `code`, or `send`, `primary`, `remove` or `keep`. The links of
/// the page add the query `address=` with an identifier's id. The crate `identity-axum` serves the page.
#[derive(Debug, Clone, Default)]
pub struct AccountView<'a> {
    /// The status of the response; 0 stands for 200.
    pub status: u16,
    /// The languages that the person reads: a tag, or the value of the header `Accept-Language`.
    pub language: Option<&'a str>,
    /// The value of the field `token` of every form.
    pub token: &'a str,
    /// The address that the page is about; the list of all addresses when there is none, or the user does not have it.
    pub address: Option<IdentifierId>,
    /// The change that was just made.
    pub done: Option<AccountDone>,
    /// The reason why a form changed nothing.
    pub problem: Option<AccountProblem<'a>>,
}

/// A change that the account page confirms in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountDone {
    /// The address was verified.
    Verified,
    /// The address was made primary.
    Primary,
    /// An address was removed.
    Removed,
}

/// The reason why a form of the account page changed nothing. What was typed is put back into the field.
#[derive(Debug, Clone)]
pub struct AccountProblem<'a> {
    /// The reason.
    pub what: AccountWrong,
    /// The value of the field `do` of the form.
    pub action: &'a str,
    /// What was typed.
    pub typed: &'a str,
}

/// What is wrong with a form of the account page or of the page that signs in.
#[derive(Debug, Clone)]
pub enum AccountWrong {
    /// A field is missing, doubled or unknown.
    Incomplete,
    /// The form is longer than the host reads.
    TooLong,
    /// The form has another token, or was sent by another site.
    Stale,
    /// The code is wrong.
    Code {
        /// How many more answers the challenge accepts; `None` when the person is not told, as at a sign-in.
        attempts_left: Option<u8>,
    },
    /// The text is not an address.
    Address(AddressError),
    /// The text is not a code.
    NoCode(CodeError),
    /// The rules do not allow the change.
    Refused(PublicRefusal),
}

impl Texts {
    /// The account page of a user, who is signed in. Nothing on it needs a script.
    ///
    /// # Errors
    /// [`TextError`]; the page was rendered once in every language when the texts were built.
    pub fn account_page(&self, tenant: &TenantId, user: &User, view: &AccountView<'_>) -> Result<Page, TextError> {
        let edition = self.edition(tenant);
        account(edition, edition.language(view.language), user, view, self.now())
    }
}

fn account(
    edition: &Edition,
    language: &Language,
    user: &User,
    view: &AccountView<'_>,
    now: Timestamp,
) -> Result<Page, TextError> {
    let about = view.address.and_then(|id| user.identifier(id));
    let until = |about: &Identifier| {
        let goes = about.scheduled.map(|scheduled| scheduled.due);
        goes.or(about.challenge().map(|challenge| challenge.expires_at))
    };
    let left = about.and_then(until).map(|until| until.since(now));
    let books = [user.emails(), user.phones()].map(|book| {
        let entries = book.entries().iter().map(|about| Value::from(Entry::new(book, about, now)));
        context! { channel => book.channel().as_str(), entries => entries.collect::<Vec<_>>() }
    });
    let about = about.map(|about| Entry::new(user.book(about.address.channel()), about, now));
    render(edition, language, about, (left.unwrap_or_default(), now), books.into(), view)
}

/// What the page tells of an address.
#[derive(Clone)]
struct Entry {
    id: String,
    address: String,
    channel: Channel,
    verified: bool,
    primary: bool,
    undeliverable: bool,
    /// Whether there is a challenge that can be answered, and whether its code has digits alone.
    pending: Option<bool>,
    replaces: Option<String>,
    /// Whether it is to be removed or replaced later.
    going: bool,
}

impl Entry {
    fn new(book: &Book, about: &Identifier, now: Timestamp) -> Self {
        let pending = about.challenge().filter(|challenge| challenge.lives(now));
        Self {
            id: about.id.to_string(),
            address: about.address.as_str().to_owned(),
            channel: about.address.channel(),
            verified: about.is_verified(),
            primary: book.is_primary(about.id),
            undeliverable: about.undeliverable.is_some(),
            pending: pending.map(|challenge| challenge.format.alphabet() == Alphabet::Digits),
            replaces: about.replaces.and_then(|old| book.get(old)).map(|old| old.address.as_str().to_owned()),
            going: about.scheduled.is_some(),
        }
    }
}

impl From<Entry> for Value {
    fn from(entry: Entry) -> Self {
        let Entry { id, address, channel, verified, primary, undeliverable, pending, replaces, going } = entry;
        let (pending, digits) = (pending.is_some(), pending == Some(true));
        let channel = channel.as_str();
        context! { id, address, channel, verified, primary, undeliverable, pending, digits, replaces, going }
    }
}

fn render(
    edition: &Edition,
    language: &Language,
    about: Option<Entry>,
    (left, now): (Duration, Timestamp),
    books: Value,
    view: &AccountView<'_>,
) -> Result<Page, TextError> {
    let values = Arc::new(Values { left, at: now, ..Values::new(Kind::Code, &edition.brand) });
    let mut arguments = values.arguments(language.apart());
    arguments.set("channel", about.as_ref().map_or(Channel::Email, |about| about.channel).as_str());
    if let Some(AccountWrong::Code { attempts_left: Some(attempts_left) }) =
        view.problem.as_ref().map(|problem| &problem.what)
    {
        arguments.set("tries", *attempts_left);
    }
    let say = |name: &str| language.say(name, &arguments);
    let said = view.done.map(|done| match done {
        AccountDone::Verified => "account-said-verified",
        AccountDone::Primary => "account-said-primary",
        AccountDone::Removed => "account-said-removed",
    });
    let problem = view.problem.as_ref().map(|problem| {
        let text = wrong(language, &problem.what, &arguments, now)?;
        // The form whose field was wrong, if the page has it.
        let has = match problem.action {
            "add" => about.is_none(),
            "confirm" => about.as_ref().is_some_and(|about| about.pending.is_some() && !about.verified),
            "replace" => about.is_some(),
            _ => false,
        };
        Ok(context! { text, action => has.then_some(problem.action), typed => problem.typed })
    });
    let more = context! {
        title => say("account-title")?,
        said => said.map(say).transpose()?,
        problem => problem.transpose()?,
        token => view.token,
        new_address => say("account-new-address")?,
        address => about.map(Value::from),
        books,
    };
    let sheet = Sheet { language, values: &values, apart: language.apart() };
    let html = edition.lay_out("account.html", None, &sheet, more)?;
    Ok(Page { status: if view.status == 0 { 200 } else { view.status }, html })
}

/// The sentence of what is wrong with a form.
pub(crate) fn wrong(
    language: &Language,
    what: &AccountWrong,
    arguments: &FluentArgs<'_>,
    now: Timestamp,
) -> Result<String, TextError> {
    let told = |code| sentence(language, code, Channel::Email, None);
    match what {
        AccountWrong::Incomplete => language.say("account-incomplete", arguments),
        AccountWrong::TooLong => language.say("account-too-long", arguments),
        AccountWrong::Stale => language.say("account-stale", arguments),
        AccountWrong::Code { attempts_left: Some(_) } => language.say("account-wrong-code", arguments),
        AccountWrong::Code { attempts_left: None } => language.say("enter-wrong-code", arguments),
        AccountWrong::Address(error) => told(error.code()),
        AccountWrong::NoCode(error) => told(error.code()),
        AccountWrong::Refused(refusal) => refused(language, refusal, now),
    }
}

/// Renders everything that the page can say.
pub(crate) fn check(edition: &Edition, language: &Language) -> Result<(), TextError> {
    let open = Entry {
        id: "id".to_owned(),
        address: "jane.doe@accounts.example.com".to_owned(),
        channel: Channel::Email,
        verified: false,
        primary: false,
        undeliverable: true,
        pending: Some(true),
        replaces: Some("jane@accounts.example.com".to_owned()),
        going: true,
    };
    let bare = Entry { pending: None, undeliverable: false, replaces: None, going: false, ..open.clone() };
    let verified = Entry { channel: Channel::Phone, verified: true, ..bare.clone() };
    let primary = Entry { primary: true, ..verified.clone() };
    let books = Value::from(vec![
        context! { channel => "email", entries => vec![Value::from(open.clone())] },
        context! { channel => "phone", entries => Vec::<Value>::new() },
    ]);
    let shown = |about: Option<Entry>, view: &AccountView<'_>| {
        render(edition, language, about, (Duration::from_secs(600), Timestamp::from_secs(0)), books.clone(), view)
            .map(drop)
    };
    for about in [None, Some(open), Some(bare), Some(verified), Some(primary)] {
        shown(about, &AccountView::default())?;
    }
    for done in [AccountDone::Verified, AccountDone::Primary, AccountDone::Removed].map(Some) {
        shown(None, &AccountView { done, ..AccountView::default() })?;
    }
    for what in [
        AccountWrong::Incomplete,
        AccountWrong::TooLong,
        AccountWrong::Stale,
        AccountWrong::Code { attempts_left: Some(3) },
    ] {
        let problem = Some(AccountProblem { what, action: "add", typed: "typed" });
        shown(None, &AccountView { problem, ..AccountView::default() })?;
    }
    Ok(())
}
