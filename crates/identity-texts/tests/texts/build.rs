//! What is missing is found when the texts are built.

use identity_core::TenantId;
use identity_texts::{Answer, Brand, BuildError, Kind, Links, SignInView, TextError, Texts, TextsBuilder};

use crate::kit::{LANGUAGES, Standing, brand, builder, email, notice, phone};

#[test]
fn a_missing_string_is_an_error_at_start_in_whichever_language_it_is_missing() {
    // A language that is added has nothing of its own yet.
    let error = builder().strings("pt-BR", "button = Abrir").build().unwrap_err();
    assert!(
        matches!(&error, BuildError::Render { place, reason: TextError::NoString(_) } if place.language == "pt-BR"),
        "{error}"
    );
}

#[test]
fn a_string_that_nothing_asks_for_is_an_error_at_start() {
    let unknown = |build: TextsBuilder, name: &str| match build.build() {
        Err(BuildError::UnknownString { name: found, language }) => {
            (found, language) == (name.to_owned(), "de".to_owned())
        }
        _ => false,
    };
    assert!(unknown(builder().strings("de", "cod-subject = Code"), "cod-subject"));
    assert!(unknown(builder().strings("de", "button = Auf\nbuttons =\n    Zu = auf\n"), "buttons"));
    assert!(unknown(builder().template("de/mail.txt", "{{ t('signed-2') }}").strings("de", "signed = x"), "signed"));
    let tenants = TenantId::parse("acme").unwrap();
    assert!(unknown(builder().tenant(tenants, brand().with_strings("de", "own = x")), "own"));
    let own = builder().strings("de", "-name = Dieter\nsigned = Ihr { -name }\nbutton = { signed }");
    own.template("de/mail.txt", "{{ t(\"greeting\") }}").strings("de", "greeting = Hallo").build().unwrap();
}

#[test]
fn a_start_page_is_a_path_or_an_https_url_and_every_page_leads_to_it() {
    let texts = |home: &str| Texts::builder(brand().with_home(home), Standing).build();
    for bad in
        ["", "start", "//evil.example", "/\\evil.example", "http://example.com", "javascript:alert(1)", "/a b", "/\n"]
    {
        assert!(matches!(texts(bad), Err(BuildError::Home(_))), "{bad}");
    }
    let plain = builder().build().unwrap();
    for (home, link) in
        [("/", "<a href=\"/\">"), ("https://example.com/?a&b", "<a href=\"https://example.com/?a&amp;b\">")]
    {
        let texts = texts(home).unwrap();
        for language in LANGUAGES.map(Some) {
            let failed =
                |texts: &Texts| texts.answer_page(&TenantId::default(), language, Answer::Failed).unwrap().html;
            assert!(failed(&texts).contains(link) && !failed(&plain).contains("<a "), "{language:?}");
            let problem = texts.problem_page(&TenantId::default(), language, 404, "none", "none", None).unwrap();
            let sign_in = texts.sign_in_page(&TenantId::default(), &SignInView { language, ..SignInView::default() });
            assert!(problem.html.contains(link) && sign_in.unwrap().html.contains(link));
        }
    }
}

#[test]
fn the_crate_page_lists_every_variable_of_the_pages() {
    let manual = include_str!("../../src/lib.rs");
    for (name, source) in [
        ("frame.html", include_str!("../../src/templates/frame.html")),
        ("page.html", include_str!("../../src/templates/page.html")),
        ("account.html", include_str!("../../src/templates/account.html")),
        ("sign-in.html", include_str!("../../src/templates/sign-in.html")),
    ] {
        let everywhere =
            |line: &&str| line.contains("Brand::with_") || line.contains("BCP 47") || line.contains("| `t(");
        let lines = manual.lines().filter(|line| line.contains(&format!("| `{name}`")) || everywhere(line));
        let told: String = lines.collect();
        let template = identity_texts::minijinja::Environment::new();
        let asked = template.template_from_str(source).unwrap().undeclared_variables(true);
        assert!(!asked.is_empty());
        let sets = source.split("{% set ").skip(1).filter_map(|rest| rest.split_once(" ="));
        let own: Vec<&str> = sets.flat_map(|(names, _)| names.split(", ")).chain(["t"]).collect();
        for part in asked.iter().flat_map(|variable| variable.split('.')).filter(|part| !own.contains(part)) {
            assert!(told.contains(&format!("`{part}`")), "{name}: {part} of {asked:?}");
        }
    }
}

#[test]
fn a_missing_variable_is_an_error_at_start_in_strings_and_in_templates_of_every_kind() {
    let mut sources =
        ["{{ nobody }}", "{{ t('no-string') }}", "{% if nobody %}{% endif %}", "{{ brand | nofilter }}"].iter().cycle();
    for language in LANGUAGES {
        for kind in Kind::ALL {
            for part in ["subject", "title", "lead"] {
                let strings = format!("{}-{part} = for {{ $nobody }}", kind.slug());
                let error = builder().strings(language, strings).build().unwrap_err().to_string();
                assert!(error.contains("nobody") && error.contains(language), "{error}");
            }
            if !matches!(kind, Kind::CodeAndLink | Kind::SignInCodeAndLink) {
                let strings = format!("sms-{} = {{ $nobody }}", kind.slug());
                assert!(builder().strings(language, strings).build().is_err(), "{language} {kind:?}");
            }
            for format in ["mail.html", "mail.txt", "sms.txt"] {
                // A text message with both says the code alone.
                if matches!(kind, Kind::CodeAndLink | Kind::SignInCodeAndLink) && format == "sms.txt" {
                    continue;
                }
                // Each way of asking for too much, in turn: all of them for each kind would take minutes.
                let name = format!("{language}/{}/{format}", kind.slug());
                let source = *sources.next().unwrap();
                assert!(builder().template(&name, source).build().is_err(), "{name} {source}");
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_an_error_at_start_and_says_where() {
    let error = builder().strings("de", "not fluent at all").build().unwrap_err();
    assert!(matches!(error, BuildError::Strings { .. }), "{error}");
    let error = builder().template("mail.html", "{{ brand").build().unwrap_err();
    assert!(matches!(error, BuildError::Template { .. }), "{error}");
    for name in [
        "mail.htm",
        "code/page.html",
        "codes/mail.html",
        "xx/mail.html",
        "code/de/mail.html",
        "de/code/x/mail.html",
        "",
    ] {
        let error = builder().template(name, "").build().unwrap_err();
        assert!(matches!(error, BuildError::TemplateName(_)), "{name}: {error}");
    }
    assert!(matches!(builder().strings("not a language", "").build(), Err(BuildError::Language(_))));
    assert!(matches!(builder().fallback("pt").build(), Err(BuildError::Fallback(_))));
    for length in [0, 21] {
        assert!(matches!(builder().longest_code(length).build(), Err(BuildError::CodeLength(_))));
    }
}

#[test]
fn a_text_message_that_does_not_fit_is_an_error_at_start() {
    let strings = format!("sms-added = {{ $brand }} {{ $about }} {}", "a".repeat(140));
    let error = builder().strings("en", strings).build().unwrap_err();
    assert!(matches!(&error, BuildError::TooLong { limit: 160, .. }), "{error}");
    let error = builder().strings("en", format!("sms-removed = {{ $brand }} {{ $about }} {}", "ą".repeat(50))).build();
    assert!(matches!(error, Err(BuildError::TooLong { limit: 70, .. })), "one letter makes all of it UCS-2");
    // Twenty symbols and a long host leave no room for the sentence, but for the code.
    assert!(builder().longest_code(20).build().is_ok());
    let host = format!("{}.example.com", "a".repeat(200));
    let error = Texts::builder(brand().with_code_host(host), Standing).build().unwrap_err();
    assert!(matches!(&error, BuildError::TooLong { place, .. } if place.what.contains("code")), "{error}");
}

#[test]
fn a_brand_has_a_name_on_one_line_and_a_host() {
    let links = || Links::new("https://example.com").unwrap();
    for name in ["", "  ", "a\r\nBcc: all@example.com", "a\nb", "a\0b", "a\u{202e}b", "a\u{2028}b", &"a".repeat(41)] {
        let error = Texts::builder(Brand::new(name, links()), Standing).build();
        assert!(matches!(error, Err(BuildError::BrandName(_))), "{name:?}");
    }
    for host in ["", "example.com #1", "example.com\n", "a b"] {
        let error = Texts::builder(brand().with_code_host(host), Standing).build();
        assert!(matches!(error, Err(BuildError::CodeHost(_))), "{host:?}");
    }
}

#[test]
fn a_logo_is_an_https_url_with_a_size_and_a_contact_is_an_address_or_a_url() {
    for (url, width, height) in [
        ("http://example.com/logo.png", 100, 40),
        ("data:image/png;base64,AAAA", 100, 40),
        ("javascript:alert(1)", 100, 40),
        ("https://user:password@example.com/logo.png", 100, 40),
        ("https://example.com/logo.png\r\nX: 1", 100, 40),
        ("logo.png", 100, 40),
        ("https://example.com/logo.png", 0, 40),
        ("https://example.com/logo.png", 465, 40),
        ("https://example.com/logo.png", 100, 201),
    ] {
        let error = Texts::builder(brand().with_logo(url, width, height), Standing).build();
        assert!(matches!(error, Err(BuildError::Logo { .. })), "{url}");
    }
    let long = format!("https://example.com/{}", "a".repeat(90));
    for contact in [
        "",
        "help",
        "javascript:alert(1)",
        "http://example.com",
        "help@example.com\n",
        "a@example.com, b@example.com",
        &long,
    ] {
        let error = Texts::builder(brand().with_support(contact), Standing).build();
        assert!(matches!(error, Err(BuildError::Support(_))), "{contact:?}");
    }
    for contact in ["help@example.com", "https://example.com/help?a=b"] {
        assert!(Texts::builder(brand().with_support(contact), Standing).build().is_ok(), "{contact}");
    }
}

#[test]
fn a_tenant_has_a_brand_of_its_own_over_what_the_host_says_over_what_is_shipped() {
    let shop = TenantId::parse("shop").unwrap();
    let own = Brand::new("Shop", Links::new("https://shop.example.com/ok").unwrap())
        .with_strings("en", "code-title = For buyers")
        .with_template("mail.txt", "{{ brand }}|{{ title }}|{{ t('automatic') }}");
    let texts = builder()
        .strings("en", "code-title = For all\ncode-subject = Everybody")
        .tenant(shop.clone(), own)
        .build()
        .unwrap();
    let mut notice = notice(Kind::Code, &email("ada@example.org"), &phone(), Some("en"));
    let common = texts.mail(&notice).unwrap();
    assert!(common.text.starts_with("For all\n") && common.subject == "Everybody");
    let mut message = (*notice.message).clone();
    message.key.tenant = shop;
    notice.message = message.into();
    let mail = texts.mail(&notice).unwrap();
    assert_eq!(
        (mail.text.as_str(), mail.subject.as_str()),
        ("Shop|For buyers|Shop sent this message automatically; nobody reads replies to it.", "Everybody")
    );
}

#[test]
fn a_template_is_the_one_for_language_and_kind_before_the_one_for_all() {
    let texts = builder()
        .template("mail.txt", "all")
        .template("code/mail.txt", "code")
        .template("de/mail.txt", "de")
        .template("de/code/mail.txt", "de code")
        .build()
        .unwrap();
    for (kind, locale, text) in
        [(Kind::Link, "en", "all"), (Kind::Code, "en", "code"), (Kind::Link, "de", "de"), (Kind::Code, "de", "de code")]
    {
        assert_eq!(texts.mail(&notice(kind, &email("ada@example.org"), &phone(), Some(locale))).unwrap().text, text);
    }
}
