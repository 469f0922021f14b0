use std::sync::Arc;

use identity_core::{PublicRefusal, TenantId, Timestamp};
use minijinja::context;

use crate::account::wrong;
use crate::edition::{Edition, Language, Sheet};
use crate::values::Values;
use crate::{AccountWrong, Kind, Page, TextError, Texts, page};

/// A view of the page that signs in: the form that asks for an address, and the form that asks for the code.
///
/// The forms post to the page's own path: the field `do` is `start` with the field `address`, or `confirm` with the fields `address`
/// and `code`. The crate `identity-axum` serves the page.
#[derive(Debug, Clone, Default)]
pub struct SignInView<'a> {
    /// The status of the response; 0 stands for 200.
    pub status: u16,
    /// The languages that the person reads: a tag, or the value of the header `Accept-Language`.
    pub language: Option<&'a str>,
    /// Which form it is.
    pub step: SignInStep,
    /// The address as it was typed.
    pub address: &'a str,
    /// Whether somebody who is new can sign up here, so that the page says so.
    pub open: bool,
    /// The reason why the form before did not do.
    pub problem: Option<AccountWrong>,
}

/// A form of the page that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignInStep {
    /// It asks for an address.
    #[default]
    Address,
    /// It asks for the code.
    Code {
        /// Whether codes have digits alone.
        digits: bool,
        /// Whether the page says that a code is on its way.
        sent: bool,
    },
}

impl Texts {
    /// The page that signs in. Nothing on it needs a script, and it is the same for every address.
    ///
    /// # Errors
    /// [`TextError`]; the page was rendered once in every language when the texts were built.
    pub fn sign_in_page(&self, tenant: &TenantId, view: &SignInView<'_>) -> Result<Page, TextError> {
        let edition = self.edition(tenant);
        render(edition, edition.language(view.language), view, self.now())
    }
}

fn render(edition: &Edition, language: &Language, view: &SignInView<'_>, now: Timestamp) -> Result<Page, TextError> {
    let (step, digits, sent) = match view.step {
        SignInStep::Address => ("address", false, false),
        SignInStep::Code { digits, sent } => ("code", digits, sent),
    };
    let values = Arc::new(Values { at: now, ..Values::new(Kind::SignInCode, &edition.brand) });
    let arguments = values.arguments(language.apart());
    let title = match (view.step, view.open) {
        (SignInStep::Code { .. }, _) => "enter-code-title",
        (SignInStep::Address, true) => "enter-title-open",
        (SignInStep::Address, false) => "enter-title",
    };
    let more = context! {
        title => language.say(title, &arguments)?,
        sent => sent.then(|| language.say("enter-sent", &arguments)).transpose()?,
        problem => view.problem.as_ref().map(|what| wrong(language, what, &arguments, now)).transpose()?,
        step,
        digits,
        address => view.address,
    };
    let sheet = Sheet { language, values: &values, apart: language.apart() };
    let html = edition.lay_out("sign-in.html", None, &sheet, more)?;
    Ok(Page { status: if view.status == 0 { 200 } else { view.status }, html })
}

/// Renders everything that the page can say.
pub(crate) fn check(edition: &Edition, language: &Language, tenant: &TenantId) -> Result<(), TextError> {
    for step in [SignInStep::Address, SignInStep::Code { digits: true, sent: true }] {
        for (open, problem) in [(true, None), (false, Some(AccountWrong::Code { attempts_left: None }))] {
            let view =
                SignInView { step, address: "jane.doe@accounts.example.com", open, problem, ..SignInView::default() };
            render(edition, language, &view, Timestamp::from_secs(0))?;
        }
    }
    let view = SignInView { problem: Some(AccountWrong::Refused(PublicRefusal::Unavailable)), ..SignInView::default() };
    render(edition, language, &view, Timestamp::from_secs(0))?;
    page::enter(edition, language, tenant, "token").map(drop)
}
