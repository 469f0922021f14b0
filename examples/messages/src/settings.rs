//! The settings of the host, from the command line or the environment.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Parser;
use host_kit::{HostSettings, PublicUrl, Secret, StartError};
use identity::Policy;
use identity::delivery::{RouteError, Router};
use identity::policy::DangerousPolicy;
use identity::system::SystemClock;
use identity_sms_http::{
    EndpointError, TwilioAccount, TwilioCallbacks, TwilioNotifier, WebhookCallbacks, WebhookNotifier, WebhookSecret,
    WebhookSecretError,
};
use identity_smtp::{ServerError, SmtpError, SmtpNotifier, SmtpServer};
use identity_texts::{Brand, BuildError, LinkBaseError, Links, Texts};

use crate::app::App;
use crate::limits::SpendLimits;

/// A host that sends real mail and text messages. Every option can also be set in the environment.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Settings {
    /// The settings that every host has.
    #[command(flatten)]
    pub host: HostSettings,
    /// The public address, with which links and callbacks begin.
    #[command(flatten)]
    public: PublicUrl,
    /// The limits of sends and money in a day.
    #[command(flatten)]
    limits: SpendLimits,
    /// The key that callers send in the header X-API-KEY.
    #[arg(long, env = "IDENTITY_API_KEY", value_name = "KEY", hide_env_values = true)]
    api_key: Option<Secret>,
    /// The name that messages are signed with.
    #[arg(long, env = "IDENTITY_BRAND", value_name = "NAME", default_value = "Example")]
    brand: String,
    /// The picture at the head of every mail, an https URL; without one mails show the name. Mail programs fetch it when a mail
    /// is opened.
    #[arg(long, env = "IDENTITY_LOGO", value_name = "URL")]
    logo: Option<String>,
    /// The displayed size of the logo in pixels, at most 464x200.
    #[arg(long, env = "IDENTITY_LOGO_SIZE", value_name = "WIDTHxHEIGHT", default_value = "120x40")]
    logo_size: LogoSize,
    /// The contact for help in every mail and page: an e-mail address or an https URL.
    #[arg(long, env = "IDENTITY_SUPPORT", value_name = "CONTACT")]
    support: Option<String>,
    /// States that users have passwords: notices of a change then advise to change the password.
    #[arg(long, env = "IDENTITY_PASSWORDS")]
    passwords: bool,
    /// A folder with strings (`de.ftl`) and templates (`mail.html`, `code/mail.html`, `de/sms.txt`) that take the place of those
    /// that are shipped.
    #[arg(long, env = "IDENTITY_TEXTS", value_name = "FOLDER")]
    texts: Option<PathBuf>,
    /// The language for people whose own language has no texts.
    #[arg(long, env = "IDENTITY_LANGUAGE", value_name = "TAG", default_value = "en")]
    language: String,
    /// The mail server: smtps://user:password@host, smtp://user:password@host for STARTTLS, smtp://127.0.0.1:25.
    #[arg(long, env = "IDENTITY_SMTP", value_name = "URL", hide_env_values = true)]
    smtp: Option<Secret>,
    /// A file in PEM form with a certificate authority that is trusted for the mail server besides the public ones.
    #[arg(long, env = "IDENTITY_SMTP_CERTIFICATE", value_name = "FILE")]
    smtp_certificate: Option<PathBuf>,
    /// The sender address of mail.
    #[arg(long, env = "IDENTITY_MAIL_FROM", value_name = "ADDRESS", default_value = "no-reply@example.com")]
    mail_from: String,
    /// The address below which undeliverable mail comes back: for bounces@example.com to bounces+ticket@example.com.
    #[arg(long, env = "IDENTITY_MAIL_BOUNCES", value_name = "ADDRESS")]
    mail_bounces: Option<String>,
    /// The Maildir to which undeliverable mail is returned; it is read every 2 s.
    #[arg(long, env = "IDENTITY_MAIL_BOX", value_name = "FOLDER")]
    pub mail_box: Option<PathBuf>,
    /// The base URL of the form API for text messages.
    #[arg(long, env = "IDENTITY_TWILIO", value_name = "URL", default_value = "https://api.twilio.com")]
    twilio: String,
    /// The account of the form API; without one it is not used.
    #[arg(long, env = "IDENTITY_TWILIO_SID", value_name = "SID")]
    twilio_sid: Option<String>,
    /// The token of the account at the form API.
    #[arg(long, env = "IDENTITY_TWILIO_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    twilio_token: Option<Secret>,
    /// The sender of text messages: a number, a name or a messaging service.
    #[arg(long, env = "IDENTITY_TWILIO_FROM", value_name = "SENDER", default_value = "Example")]
    twilio_from: String,
    /// The URL of a gateway that accepts text messages as signed JSON; it comes second when there is a form API too.
    #[arg(long, env = "IDENTITY_SMS_GATEWAY", value_name = "URL")]
    gateway: Option<String>,
    /// The secret that signs requests and callbacks of the gateway: `whsec_` and base64.
    #[arg(long, env = "IDENTITY_SMS_SECRET", value_name = "SECRET", hide_env_values = true)]
    gateway_secret: Option<Secret>,
}

/// The displayed size of a logo in pixels.
#[derive(Debug, Clone, Copy)]
struct LogoSize {
    width: u16,
    height: u16,
}

/// The error for a text that is not a size.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("write a width and a height in pixels, such as 120x40")]
struct LogoSizeError;

impl FromStr for LogoSize {
    type Err = LogoSizeError;

    fn from_str(text: &str) -> Result<Self, LogoSizeError> {
        let (width, height) = text.split_once('x').ok_or(LogoSizeError)?;
        let parse = |text: &str| text.parse().map_err(|_| LogoSizeError);
        Ok(Self { width: parse(width)?, height: parse(height)? })
    }
}

/// The reason the host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A setting that every host needs is missing or wrong.
    #[error(transparent)]
    Host(#[from] StartError),
    /// The API key is missing.
    #[error(
        "there is no API key of 16 characters or more; set IDENTITY_API_KEY, for example to `openssl rand -hex 32`"
    )]
    NoApiKey,
    /// The public address cannot be the beginning of links.
    #[error("IDENTITY_PUBLIC_URL: {0}")]
    Links(#[from] LinkBaseError),
    /// The limits of spending leave no room for one message.
    #[error(
        "IDENTITY_SENDS_PER_DAY, IDENTITY_SENDS_PER_COUNTRY, IDENTITY_SPEND_PER_DAY, IDENTITY_SPEND_PER_COUNTRY, \
         IDENTITY_SMS_PRICE or IDENTITY_SMS_PRICES: {0}"
    )]
    Limits(#[source] DangerousPolicy),
    /// A text or template is missing or cannot be rendered.
    #[error(transparent)]
    Texts(#[from] BuildError),
    /// A file cannot be read.
    #[error("{}: {error}", .file.display())]
    File {
        /// The path of the file.
        file: PathBuf,
        /// The error of the operating system.
        #[source]
        error: std::io::Error,
    },
    /// The URL or the certificate of the mail server is not valid.
    #[error("IDENTITY_SMTP: {0}")]
    Server(#[from] ServerError),
    /// Mail cannot be sent with these settings.
    #[error("mail: {0}")]
    Smtp(#[from] SmtpError),
    /// The URL of a provider is not valid.
    #[error("text messages: {0}")]
    Endpoint(#[from] EndpointError),
    /// The secret of the gateway is not valid.
    #[error("IDENTITY_SMS_SECRET: {0}")]
    Secret(#[from] WebhookSecretError),
    /// A setting is there without another one that it needs.
    #[error("{0} is set and {1} is not")]
    Half(&'static str, &'static str),
    /// The providers cannot be combined into routes.
    #[error(transparent)]
    Route(RouteError),
    /// Neither mail nor text messages are configured.
    #[error("nothing sends messages; set IDENTITY_SMTP, IDENTITY_TWILIO_SID or IDENTITY_SMS_GATEWAY")]
    Nobody,
}

/// The path of the page that links open.
pub(crate) const CONFIRM: &str = "/confirm";
/// The path of the page on which the reader of a notice undoes what it reports.
pub(crate) const UNDO: &str = "/undo";
/// The path to which the form API sends its callbacks.
pub(crate) const TWILIO_CALLBACKS: &str = "/callbacks/twilio";

impl Settings {
    /// The state with which requests are answered.
    ///
    /// # Errors
    /// [`SettingsError`] when a setting is missing or wrong.
    pub async fn app(&self) -> Result<App, SettingsError> {
        let key = self.api_key.as_ref().map_or("", Secret::reveal);
        if key.len() < 16 {
            return Err(SettingsError::NoApiKey);
        }
        let public_url = self.public.or(self.host.listen);
        let texts = self.texts(&public_url)?;
        let policy = self.policy()?;
        tracing::info!("limits of spending: {}", self.limits);
        let twilio_callbacks = format!("{public_url}{TWILIO_CALLBACKS}");
        let identity = self.host.identity(self.router(&texts, &twilio_callbacks)?, policy).await?;
        let twilio = self.twilio_account()?.map(|account| TwilioCallbacks::new(account.token, &twilio_callbacks));
        let gateway = self.gateway()?.map(|(_, secret)| WebhookCallbacks::new(secret));
        Ok(App::new(identity, texts, key, twilio.transpose()?, gateway))
    }

    /// The policy of every host with the limits of this one.
    ///
    /// # Errors
    /// [`SettingsError::Host`] and [`SettingsError::Limits`].
    pub fn policy(&self) -> Result<Policy, SettingsError> {
        Ok(self.host.policy()?.with_send(self.limits.policy().map_err(SettingsError::Limits)?))
    }

    fn texts(&self, public_url: &str) -> Result<Texts, SettingsError> {
        let mut brand = Brand::new(self.brand.as_str(), Links::new(&format!("{public_url}{CONFIRM}"))?);
        brand = brand.with_undo_links(Links::new(&format!("{public_url}{UNDO}"))?);
        if let Some(logo) = &self.logo {
            brand = brand.with_logo(logo, self.logo_size.width, self.logo_size.height);
        }
        if let Some(contact) = &self.support {
            brand = brand.with_support(contact);
        }
        if self.passwords {
            brand = brand.with_passwords();
        }
        let mut builder = Texts::builder(brand, SystemClock).fallback(self.language.as_str());
        let Some(folder) = &self.texts else { return Ok(builder.build()?) };
        let mut files = Vec::new();
        walk(folder, &mut files)?;
        files.sort();
        for file in files {
            let source = std::fs::read_to_string(&file);
            let source = source.map_err(|error| SettingsError::File { file: file.clone(), error })?;
            let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            builder = match name.strip_suffix(".ftl") {
                Some(language) => builder.strings(language, source),
                None => builder.template(name, source),
            };
        }
        Ok(builder.build()?)
    }

    /// The routes: mail by SMTP, text messages by the form API, and by the gateway when that is down.
    fn router(&self, texts: &Texts, twilio_callbacks: &str) -> Result<Router, SettingsError> {
        let mut router = Router::builder();
        let mut phones = Vec::new();
        if let Some(url) = &self.smtp {
            let mut server = SmtpServer::from_url(url.reveal())?;
            if let Some(file) = &self.smtp_certificate {
                let pem = std::fs::read(file);
                let pem = pem.map_err(|error| SettingsError::File { file: file.clone(), error })?;
                server = server.with_root_certificate(&pem)?;
            }
            let mut smtp = SmtpNotifier::new(server, &self.brand, &self.mail_from, texts.clone())?;
            if let Some(bounces) = &self.mail_bounces {
                smtp = smtp.with_bounces(bounces)?;
            }
            router = router.provider("smtp", smtp).emails(["smtp"]);
        }
        if let Some(account) = self.twilio_account()? {
            let twilio = TwilioNotifier::new(&self.twilio, account, &self.twilio_from, texts.clone())?;
            router = router.provider("twilio", twilio.with_callback(twilio_callbacks)?);
            phones.push("twilio");
        }
        if let Some((url, secret)) = self.gateway()? {
            router = router.provider("gateway", WebhookNotifier::new(&url, secret, texts.clone())?);
            phones.push("gateway");
        }
        if !phones.is_empty() {
            router = router.phones(phones);
        }
        router.build().map_err(|error| match error {
            RouteError::NoRoute => SettingsError::Nobody,
            error => SettingsError::Route(error),
        })
    }

    fn twilio_account(&self) -> Result<Option<TwilioAccount>, SettingsError> {
        match (&self.twilio_sid, &self.twilio_token) {
            (None, None) => Ok(None),
            (Some(sid), Some(token)) => Ok(Some(TwilioAccount { sid: sid.clone(), token: token.reveal().into() })),
            (Some(_), None) => Err(SettingsError::Half("IDENTITY_TWILIO_SID", "IDENTITY_TWILIO_TOKEN")),
            (None, Some(_)) => Err(SettingsError::Half("IDENTITY_TWILIO_TOKEN", "IDENTITY_TWILIO_SID")),
        }
    }

    fn gateway(&self) -> Result<Option<(String, WebhookSecret)>, SettingsError> {
        match (&self.gateway, &self.gateway_secret) {
            (None, None) => Ok(None),
            (Some(url), Some(secret)) => Ok(Some((url.clone(), WebhookSecret::parse(secret.reveal())?))),
            (Some(_), None) => Err(SettingsError::Half("IDENTITY_SMS_GATEWAY", "IDENTITY_SMS_SECRET")),
            (None, Some(_)) => Err(SettingsError::Half("IDENTITY_SMS_SECRET", "IDENTITY_SMS_GATEWAY")),
        }
    }
}

/// The files below a folder. Names that begin with a dot are the editor's.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SettingsError> {
    let failed = |error| SettingsError::File { file: folder.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
