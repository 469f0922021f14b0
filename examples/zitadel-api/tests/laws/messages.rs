//! Messages: through the outbox, in the person's language, with the caller's link where there is a template.

use serde_json::json;

use crate::kit::{ADAS, Host, PHONE};

#[tokio::test]
async fn a_link_is_rendered_from_the_template_that_came_with_the_request() {
    let host = Host::with_ada().await;
    let template = "https://example.com/verify?user={{.UserID}}&code={{ .Code }}&org={{.OrgID}}";
    let body = json!({"email": "new@example.com", "sendCode": {"urlTemplate": template}});
    host.post("/v2/users/ada/email", body).await.of(200);
    let (_, code, link) = host.sent().await.into_iter().find(|(to, ..)| to == "new@example.com").unwrap();
    let code = code.unwrap();
    assert_eq!(link.unwrap(), format!("https://example.com/verify?user=ada&code={code}&org=69629023906488334"));

    // Sent again, it is the same message: the code in hand keeps working.
    host.pass(31);
    host.post("/v2/users/ada/email/resend", None).await.of(200);
    let (_, again, link) = host.sent().await.into_iter().rfind(|(to, ..)| to == "new@example.com").unwrap();
    assert_eq!(again.unwrap(), code);
    assert!(link.unwrap().starts_with("https://example.com/verify?user=ada&code="));

    // With another template it is another link.
    host.pass(31);
    let body = json!({"sendCode": {"urlTemplate": "https://example.org/{{.Code}}"}});
    host.post("/v2/users/ada/email/send", body).await.of(200);
    let (_, code, link) = host.sent().await.into_iter().rfind(|(to, ..)| to == "new@example.com").unwrap();
    assert_eq!(link.unwrap(), format!("https://example.org/{}", code.unwrap()));
}

#[tokio::test]
async fn c63_no_link_begins_with_what_a_header_says() {
    let host = Host::with(&["--link-origins=https://example.com"]).await;
    host.add("ada", "ada@example.com").await;
    let bearer = format!("Bearer {ADAS}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-zitadel-forwarded", "host=evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("origin", "https://evil.example"),
        ("x-zitadel-instance-host", "evil.example"),
        ("x-zitadel-public-host", "evil.example"),
        ("x-original-host", "evil.example"),
        ("referer", "https://evil.example/"),
    ];
    let body = json!({"email": "new@example.com"}).to_string();
    host.raw("POST", "/v2/users/ada/email", &headers, body).await.of(200);
    host.pass(31);
    let body = json!({"sendCode": {"urlTemplate": "https://example.com/{{.Code}}"}}).to_string();
    host.raw("POST", "/v2/users/ada/email/resend", &headers, body).await.of(200);
    let links: Vec<_> = host.sent().await.into_iter().filter_map(|(_, _, link)| link).collect();
    assert_eq!(links.len(), 1, "without a template there is no link");
    assert!(links[0].starts_with("https://example.com/"), "{links:?}");
}

#[tokio::test]
async fn a_template_that_is_none_is_refused_when_it_is_set() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    for template in [
        "example.com/{{.Code}}",
        "//example.com/{{.Code}}",
        "javascript:alert({{.Code}})",
        "https://",
        "https:///{{.Code}}",
        "https://{{.UserID}}.example.com/{{.Code}}",
        "https://{{.UserID}}/",
        "https://example.com{{.UserID}}/",
        "https://example.com@evil.example/{{.Code}}",
        "https://example.com\\@evil.example/{{.Code}}",
        "https://example.com/{{.Password}}",
        "https://example.com/{{.Code}",
        "https://example.com/{{Code}}",
        "https://example.com/{{}}",
        "https://example.com/{{.Code | printf}}",
        "https://example.com/{{range .}}",
        "https://example.com/ {{.Code}}",
        "https://example.com/\r\nx{{.Code}}",
        "{{.Code}}",
        "https://evil.example%00/{{.Code}}",
        "https://%65vil.example/{{.Code}}",
        "https://example.com:99999/{{.Code}}",
        "https://example.com:0443/{{.Code}}",
        "https://example.com:/{{.Code}}",
        "https://example.com:x/{{.Code}}",
        "https://:443/{{.Code}}",
        "https://example.com:{{.Code}}/",
        "https://example.com/\"><script>alert(1)</script>{{.Code}}",
        "https://example.com/'onload='{{.Code}}\u{202e}",
        "https://example.com/\u{202e}{{.Code}}",
        "https://exämple.com/{{.Code}}",
        "https://example\u{3002}com/{{.Code}}",
        "https://example.com/%zz{{.Code}}",
        "https://example.com/%4{{.Code}}",
        "https://example.com/%{{.Code}}",
        "https://0x7f.1/{{.Code}}",
        "https://2130706433/{{.Code}}",
        "https://[::1/{{.Code}}",
        "https://exa mple.com/{{.Code}}",
        "https://example..com/{{.Code}}",
        "https://-/{{.Code}}<",
        "ftp://example.com/{{.Code}}",
        "https:example.com/{{.Code}}",
        "https:/example.com/{{.Code}}",
        "https:\\\\example.com/{{.Code}}",
        "https://user:secret@example.com/{{.Code}}",
        "https://xn--/{{.Code}}",
    ] {
        let send = json!({"sendCode": {"urlTemplate": template}});
        let set = json!({"email": "new@example.com", "sendCode": {"urlTemplate": template}});
        for (path, body) in [("ada/email", set.clone()), ("ada/email/resend", send.clone()), ("ada/email/send", send)] {
            let answer = host.post(&format!("/v2/users/{path}"), body).await;
            assert_eq!(answer.refused(400), "DOMAIN-oGh5e", "{template}");
        }
        let human = json!({"profile": {"givenName": "A", "familyName": "B"}, "email": set});
        assert_eq!(host.post("/v2/users/human", human).await.refused(400), "DOMAIN-oGh5e", "{template}");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_message_is_in_the_outbox_before_the_answer_and_not_sent_by_the_call() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    // Nobody has delivered anything yet: what `sent` hands over now was waiting in the store.
    let delivered = host.identity.deliver_due().await.unwrap();
    assert_eq!(delivered.sent, 2, "the code, and word to the verified e-mail address");
}
