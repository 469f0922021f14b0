//! The service's own pages.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use identity_axum::Problem;
use identity_texts::Page;
use minijinja::{Environment, Value};

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("templates/base.html")),
    ("home.html", include_str!("templates/home.html")),
    ("users.html", include_str!("templates/users.html")),
    ("user.html", include_str!("templates/user.html")),
];

#[derive(Clone)]
pub(crate) struct Pages(Arc<Environment<'static>>);

impl Pages {
    pub(crate) fn new(brand: &str) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        TEMPLATES.iter().try_for_each(|(name, source)| environment.add_template(name, source))?;
        environment.add_global("brand", brand);
        Ok(Self(Arc::new(environment)))
    }

    /// A page with the headers of the library's own: it is neither cached nor framed, and runs no script.
    pub(crate) fn show(&self, name: &str, values: Value) -> Result<Response, Problem> {
        let html = self.0.get_template(name).and_then(|template| template.render(values)).map_err(Problem::internal)?;
        Ok((Page::HEADERS, html).into_response())
    }
}
