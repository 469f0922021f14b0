//! A user of a story, and what is read of them.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{ROOT, TENANT};

/// The `details` of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) sequence: u64,
    pub(crate) change_date: String,
    pub(crate) creation_date: Option<String>,
}

/// A time in UTC, in a form that sorts.
fn instant(date: &Value) -> Option<String> {
    let text = date.as_str()?.strip_suffix('Z').expect("UTC");
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    Some(format!("{seconds}.{fraction:0<9}"))
}

impl Details {
    pub(crate) fn of(answer: &Value) -> Self {
        let details = &answer["details"];
        assert_eq!(details["resourceOwner"], TENANT, "{answer}");
        Self {
            sequence: details["sequence"].as_str().expect("a uint64 is a string in JSON").parse().unwrap(),
            change_date: instant(&details["changeDate"]).unwrap(),
            creation_date: instant(&details["creationDate"]),
        }
    }

    /// Those of an answer to a change that came after this one.
    pub(crate) fn then(&mut self, answer: &Value) {
        let next = Self::of(answer);
        assert!(next.sequence > self.sequence, "{next:?} after {self:?}");
        assert!(next.change_date >= self.change_date, "{next:?} after {self:?}");
        assert_eq!(next.creation_date, None, "it is there when a user is read");
        *self = next;
    }
}

/// A code that is not this one.
pub(crate) fn another_than(code: &str) -> String {
    assert!(code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit()), "{code:?} has the policy's form");
    let first = if code.starts_with('9') { '0' } else { '9' };
    format!("{first}{}", &code[1..])
}

pub(crate) fn code_in(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer}")).to_owned()
}

/// A user with a verified address, who has no phone.
pub(crate) async fn add(client: &mut Client, id: &str) -> Value {
    let email = json!({ "email": format!("{id}@example.com"), "isVerified": true });
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    client.does(ROOT, "AddHumanUser", json!({ "userId": id, "profile": profile, "email": email })).await
}

pub(crate) async fn read(client: &mut Client, token: Option<&str>, id: &str) -> Value {
    let answer = client.does(token, "GetUserByID", json!({ "userId": id })).await;
    assert_eq!(answer["user"]["userId"], id);
    assert_eq!(answer["user"]["details"], answer["details"]);
    answer
}
