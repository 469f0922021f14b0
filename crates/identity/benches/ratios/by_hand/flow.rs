//! The calls, and the flow that they make.

use std::ops::Deref;
use std::time::Duration;

use identity::policy::{Alphabet, CodeFormat};
use identity::rules::{Binding, Nonce};
use identity::user::Purpose;
use identity::{Address, Code, Email, IdentifierId, Phone, UserId};
use identity_sqlite::rusqlite::Result;

use super::rows::{Known, Line, challenge, id};
use super::{ByHand, Call};
use crate::people::Person;

const CODE_LIFE: Duration = Duration::from_secs(600);
const NOTICE_LIFE: Duration = Duration::from_secs(86_400);
const STAFF: Option<&str> = Some("signup");

/// Takes one person through it, with one transaction a call; `program` gives the program for as long as a call takes.
pub(crate) fn flow<P: Deref<Target = ByHand>>(program: impl Fn() -> P, person: &Person) -> usize {
    let email = Address::from(Email::parse(&person.email).unwrap());
    let (user, email) = program().create(&email).unwrap();
    let phone = Address::from(Phone::from_e164(&person.phone).unwrap());
    let phone = program().add(&user, &phone).unwrap();
    let code = program().start(&user, phone).unwrap();
    assert!(program().confirm(&user, phone, &code).unwrap());
    program().mark_verified(&user, email).unwrap();
    program().set_primary(&user, phone).unwrap();
    let (known, rest) = program().whole(&user).unwrap();
    known.identifiers.len() + rest.len()
}

fn position(known: &Known, kind: &str) -> i64 {
    i64::try_from(known.identifiers.iter().filter(|line| line.kind == kind).count()).unwrap()
}

fn find(known: &Known, id: [u8; 16]) -> &Line {
    known.identifiers.iter().find(|line| line.id == id).unwrap()
}

impl ByHand {
    fn create(&self, email: &Address) -> Result<(UserId, [u8; 16])> {
        self.call(|call| {
            let user = UserId::from(call.seed.uuid(call.now, 500));
            call.insert_user(&user, 2)?;
            call.event(&user, 1, STAFF, "created", &format!(r#"{{"type":"created","user":"{user}"}}"#))?;
            let email = call.added(&user, 2, email, 0, STAFF)?;
            Ok((user, email))
        })
    }

    fn add(&self, user: &UserId, phone: &Address) -> Result<[u8; 16]> {
        self.call(|call| {
            let known = self.known(user)?;
            let twice = known.identifiers.iter().any(|line| line.address == phone.as_str());
            assert!(!twice, "the address is there");
            call.advance(user, known.version)?;
            call.added(user, known.version + 1, phone, position(&known, phone.channel().as_str()), None)
        })
    }

    fn start(&self, user: &UserId, phone: [u8; 16]) -> Result<Code> {
        self.call(|call| {
            let known = self.known(user)?;
            let line = find(&known, phone);
            assert!(line.verified_at.is_none() && line.sent_at.is_none() && line.failed_in_a_row < 100);
            let nonce = *call.seed.nonce(0).as_bytes();
            let (now, expires_at) = (call.now.as_micros(), (call.now + CODE_LIFE).as_micros());
            let challenge = challenge(nonce, self.keys.current().as_str(), now, expires_at);
            call.advance(user, known.version)?;
            call.challenge(user, line, nonce, expires_at)?;
            let phone = id(phone);
            let change = format!(r#"{{"type":"verification_started","id":"{phone}","challenge":{challenge}}}"#);
            call.event(user, known.version + 1, None, "verification_started", &change)?;
            let content = format!(r#"{{"type":"challenge","identifier":"{phone}","challenge":{challenge}}}"#);
            call.charge_code(line)?;
            call.message(user, line, Some(line.id), &content, CODE_LIFE)?;
            Ok(self.code(user, line, nonce))
        })
    }

    fn confirm(&self, user: &UserId, phone: [u8; 16], code: &Code) -> Result<bool> {
        self.call(|call| {
            let known = self.known(user)?;
            let line = find(&known, phone);
            let now = call.now.as_micros();
            assert!(line.expires_at.is_some_and(|expires_at| now < expires_at) && line.failed < line.tries);
            let right = self.code(user, line, line.nonce.unwrap()).reveal() == code.reveal();
            assert!(right, "a wrong code");
            call.advance(user, known.version)?;
            call.verified(user, &known, line, "code", None)?;
            Ok(right)
        })
    }

    fn mark_verified(&self, user: &UserId, email: [u8; 16]) -> Result<()> {
        self.call(|call| {
            let known = self.known(user)?;
            let line = find(&known, email);
            call.advance(user, known.version)?;
            call.verified(user, &known, line, "administrator", STAFF)
        })
    }

    fn set_primary(&self, user: &UserId, phone: [u8; 16]) -> Result<()> {
        self.call(|call| {
            let known = self.known(user)?;
            let line = find(&known, phone);
            assert!(line.verified_at.is_some());
            call.make_primary(user, known.version, phone)?;
            let change = format!(r#"{{"type":"primary_changed","channel":"{}","id":"{}"}}"#, line.kind, id(phone));
            call.event(user, known.version + 1, None, "primary_changed", &change)?;
            call.tell_the_others(user, &known, line, "made_primary")
        })
    }

    fn code(&self, user: &UserId, line: &Line, nonce: [u8; 16]) -> Code {
        let binding = Binding {
            key: self.keys.current(),
            tenant: &self.tenant,
            user,
            identifier: IdentifierId::from_uuid(id(line.id)),
            address: &line.address,
            purpose: Purpose::Verification,
            nonce: &Nonce::from_bytes(nonce),
        };
        self.keys.code(&binding, CodeFormat::new(6, Alphabet::Digits).unwrap()).unwrap()
    }
}

impl Call<'_> {
    fn added(
        &self,
        user: &UserId,
        number: i64,
        address: &Address,
        position: i64,
        actor: Option<&str>,
    ) -> Result<[u8; 16]> {
        let new = self.seed.uuid(self.now, 0);
        self.insert_identifier(user, new.into_bytes(), address, position)?;
        let (kind, text) = (address.channel().as_str(), address.as_str());
        let change = format!(r#"{{"type":"added","id":"{new}","address":{{"channel":"{kind}","address":"{text}"}}}}"#);
        self.event(user, number, actor, "added", &change)?;
        Ok(new.into_bytes())
    }

    fn verified(&self, user: &UserId, known: &Known, line: &Line, by: &str, actor: Option<&str>) -> Result<()> {
        self.verify(user, line, by)?;
        let (now, which) = (self.now.as_micros(), id(line.id));
        let change =
            format!(r#"{{"type":"verified","id":"{which}","verified":{{"at":{now},"by":"{by}","source":null}}}}"#);
        self.event(user, known.version + 1, actor, "verified", &change)?;
        self.tell_the_others(user, known, line, "verified")
    }

    fn tell_the_others(&self, user: &UserId, known: &Known, about: &Line, what: &str) -> Result<()> {
        for to in known.identifiers.iter().filter(|line| line.verified_at.is_some() && line.id != about.id) {
            let (kind, address) = (&about.kind, &about.address);
            let content =
                format!(r#"{{"type":"notice","what":"{what}","about":{{"channel":"{kind}","address":"{address}"}}}}"#);
            self.charge_notice(to)?;
            self.message(user, to, None, &content, NOTICE_LIFE)?;
        }
        Ok(())
    }
}
