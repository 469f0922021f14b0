//! Codes and link tokens: their format, what they are bound to, and how they are compared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use identity_core::{
    Address, Alphabet, Answer, Attempt, Attempts, Binding, Book, Challenge, Channel, Code, CodeError, CodeFormat,
    CodeKeys, Confirmation, DangerousPolicy, DeliveryTicket, DisavowToken, Identifier, IdentifierId, KeyError, KeyId,
    LinkToken, MessageId, Nonce, Policy, ProofBy, Purpose, Refusal, SignInTicket, Status, Subject, TenantId, User,
    UserId, UserParts, Username, VerificationPolicy,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::kit::{Bench, code, email, given, phone, secs, staff};

#[test]
fn c01_a_code_has_at_least_6_digits_or_5_letters() {
    for digits in 1..=5 {
        let refused = VerificationPolicy::builder().digits(digits).build();
        assert!(matches!(refused, Err(DangerousPolicy::WeakCode { bits }) if bits < 19.9), "{digits}");
    }
    for letters in 1..=4 {
        let refused = VerificationPolicy::builder().letters(letters).build();
        assert!(matches!(refused, Err(DangerousPolicy::WeakCode { bits }) if bits < 19.9), "{letters}");
    }
    assert!(VerificationPolicy::builder().digits(6).build().is_ok());
    assert!(VerificationPolicy::builder().letters(5).build().is_ok());
    for none in [0, 21, 255] {
        assert_eq!(VerificationPolicy::builder().digits(none).build(), Err(DangerousPolicy::CodeLength));
    }
}

#[test]
fn c02_the_default_states_its_entropy() {
    let bits = Policy::default().entropy_bits();
    assert!((bits - 1_000_000_f64.log2()).abs() < 1e-9, "{bits}");
    assert!(bits >= 19.9);
}

proptest! {
    #[test]
    fn c02_every_policy_that_builds_has_19_9_bits_and_a_bounded_chance(
        length in 0_u8..=25, letters: bool, tries in 0_u8..=120, a_day in 0_u32..=120, in_a_row in 0_u32..=120,
        life in 0_u64..=90_000,
    ) {
        let builder = VerificationPolicy::builder().tries(tries).failures(a_day, in_a_row).email_life(secs(life));
        let builder = if letters { builder.letters(length) } else { builder.digits(length) };
        if let Ok(built) = builder.build() {
            prop_assert!(built.format().entropy_bits() >= 19.9);
            prop_assert!(built.guess_chance() <= 0.001);
            prop_assert!((1..=100).contains(&built.failures_in_a_row()));
            prop_assert!((1..=100).contains(&built.failures_a_day()));
            prop_assert!(built.tries() >= 1);
            prop_assert!(built.life(Channel::Email) <= secs(86_400) && !built.life(Channel::Email).is_zero());
        }
    }
}

/// The value that chi-square exceeds with probability 0.001, for alphabets of 10 and of 20 symbols.
const CRITICAL: [(Alphabet, f64); 2] = [(Alphabet::Digits, 27.877), (Alphabet::Letters, 43.820)];

#[test]
fn c03_every_symbol_is_equally_likely_in_every_place() {
    const CODES: u32 = 1_000_000;
    let bench = Bench::new(Policy::default());
    let user = UserId::parse("ada").unwrap();
    for (alphabet, critical) in CRITICAL {
        let format = CodeFormat::new(6, alphabet).unwrap();
        let mut counts = vec![[0_u32; 256]; 6];
        for number in 0..CODES {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            let binding = Binding {
                key: bench.keys.current(),
                tenant: &bench.tenant,
                user: &user,
                identifier: IdentifierId::from_uuid(Uuid::nil()),
                address: "ada@example.com",
                purpose: Purpose::Verification,
                nonce: &Nonce::from_bytes(bytes),
            };
            let code = bench.keys.code(&binding, format).unwrap();
            for (place, symbol) in code.reveal().bytes().enumerate() {
                counts[place][usize::from(symbol)] += 1;
            }
        }
        let symbols = alphabet.symbols();
        let expected = f64::from(CODES) / f64::from(u8::try_from(symbols.len()).unwrap());
        for (place, counts) in counts.iter().enumerate() {
            let seen: Vec<u32> = symbols.iter().map(|symbol| counts[usize::from(*symbol)]).collect();
            assert_eq!(seen.iter().sum::<u32>(), CODES, "symbols of no alphabet at place {place}");
            assert!(seen.iter().all(|count| *count > 0), "a symbol never occurs at place {place}");
            let chi: f64 = seen.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            assert!(chi < critical, "{alphabet:?}, place {place}: chi-square {chi}");
        }
    }
}

#[test]
fn the_symbols_of_neighbouring_places_do_not_depend_on_each_other() {
    let bench = Bench::new(Policy::default());
    let user = UserId::parse("ada").unwrap();
    let format = CodeFormat::new(2, Alphabet::Digits).unwrap();
    let mut pairs = vec![0_u32; 100];
    for number in 0..100_000_u32 {
        let mut bytes = [0; 16];
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        let binding = Binding {
            key: bench.keys.current(),
            tenant: &bench.tenant,
            user: &user,
            identifier: IdentifierId::from_uuid(Uuid::nil()),
            address: "ada@example.com",
            purpose: Purpose::Verification,
            nonce: &Nonce::from_bytes(bytes),
        };
        let code = bench.keys.code(&binding, format).unwrap();
        pairs[code.reveal().parse::<usize>().unwrap()] += 1;
    }
    let chi: f64 = pairs.iter().map(|count| (f64::from(*count) - 1_000.0).powi(2) / 1_000.0).sum();
    // 99 degrees of freedom, p = 0.001.
    assert!(chi < 148.23, "chi-square {chi}");
}

/// Situations: each differs from the last one in a single part, or in where one part ends.
struct Situation {
    what: &'static str,
    tenant: TenantId,
    user: User,
    identifier: IdentifierId,
    address: Address,
    purpose: Purpose,
    nonce: u8,
}

fn situations(proof: ProofBy) -> Vec<Situation> {
    let make = |what: &'static str| {
        let other = |name: &str| what == name;
        let identifier = IdentifierId::from_uuid(Uuid::from_u128(if other("identifier") { 2 } else { 1 }));
        let address = email(if other("address") { "bob@example.com" } else { "ada@example.com" });
        let purpose = if other("purpose") { Purpose::Replacement } else { Purpose::Verification };
        // With the boundary moved, tenant and user are the same text one after the other.
        let id = match what {
            "user" => "bob",
            "boundary" => "eada",
            _ => "ada",
        };
        let tenant = match what {
            "tenant" => "there",
            "boundary" => "her",
            _ => "here",
        };
        let (id, tenant) = (UserId::parse(id).unwrap(), TenantId::parse(tenant).unwrap());
        let nonce = u8::from(other("nonce"));
        let bench = Bench::new(Policy::default());
        let challenge = Challenge {
            nonce: Nonce::from_bytes([nonce; 16]),
            key: bench.keys.current().clone(),
            purpose,
            proof,
            format: CodeFormat::new(6, Alphabet::Digits).unwrap(),
            issued_at: bench.now,
            expires_at: bench.now + secs(600),
            tries: 5,
            failed: 0,
            hint: None,
        };
        let entry = Identifier {
            id: identifier,
            address: address.clone(),
            status: Status::Pending(Box::new(challenge)),
            source: None,
            unrestricted: false,
            added_at: bench.now,
            replaces: None,
            attempts: Attempts::default(),
            undeliverable: None,
            scheduled: None,
            contest: None,
            contested_at: None,
        };
        let emails = Book::restore(Channel::Email, vec![entry], None).unwrap();
        let user = User::restore(UserParts { emails, ..UserParts::new(id, bench.now) }).unwrap();
        Situation { what, tenant, user, identifier, address, purpose, nonce }
    };
    let parts = ["tenant", "user", "identifier", "address", "purpose", "nonce", "boundary", "nothing"];
    parts.into_iter().map(make).collect()
}

impl Situation {
    fn bound<R>(&self, keys: &CodeKeys, derive: impl FnOnce(&Binding<'_>) -> R) -> R {
        derive(&Binding {
            key: keys.current(),
            tenant: &self.tenant,
            user: self.user.id(),
            identifier: self.identifier,
            address: self.address.as_str(),
            purpose: self.purpose,
            nonce: &Nonce::from_bytes([self.nonce; 16]),
        })
    }

    fn takes(&self, answer: Answer<'_>) -> bool {
        let mut bench = Bench::new(Policy::default());
        bench.tenant = self.tenant.clone();
        let confirmed = bench.on(&staff(), |context| self.user.confirm(self.identifier, answer, context)).unwrap();
        confirmed.outcome == Confirmation::Verified
    }
}

#[test]
fn c10_a_code_is_bound_to_tenant_user_identifier_address_and_purpose() {
    let keys = Bench::new(Policy::default()).keys;
    let format = CodeFormat::new(6, Alphabet::Digits).unwrap();
    let situations = situations(ProofBy::Code);
    for made in &situations {
        let code = made.bound(&keys, |binding| keys.code(binding, format)).unwrap();
        for used in &situations {
            let same = std::ptr::eq(made, used);
            assert_eq!(used.takes(Answer::Code(&code)), same, "made for {}, used for {}", made.what, used.what);
        }
    }
}

#[test]
fn c10_a_link_is_bound_to_tenant_user_identifier_address_and_purpose() {
    let keys = Bench::new(Policy::default()).keys;
    let situations = situations(ProofBy::Link);
    for made in &situations {
        let link = made.bound(&keys, |binding| keys.link(binding)).unwrap();
        let link = LinkToken::parse(&link.reveal()).unwrap();
        assert_eq!((link.user(), link.identifier()), (made.user.id(), made.identifier));
        for used in &situations {
            let same = std::ptr::eq(made, used);
            assert_eq!(used.takes(Answer::Link(&link)), same, "made for {}, used for {}", made.what, used.what);
        }
    }
}

#[test]
fn c99_equal_field_boundaries_give_different_codes_links_and_pseudonyms() {
    let keys = Bench::new(Policy::default()).keys;
    let format = CodeFormat::new(20, Alphabet::Letters).unwrap();
    // Each pair is the same bytes one after the other, divided at another place.
    let ids = ["bbbbbbbbbbbbbbbb", "abbbbbbbbbbbbbbb"].map(|text| *text.as_bytes().first_chunk::<16>().unwrap());
    for [one, other] in [
        [("ab", "c", ids[0], "x@example.com"), ("a", "bc", ids[0], "x@example.com")],
        [("t", "ada", ids[1], "bx@example.com"), ("t", "adaa", ids[0], "x@example.com")],
    ] {
        let [one, other] = [one, other].map(|(tenant, user, identifier, address)| {
            let (tenant, user) = (TenantId::parse(tenant).unwrap(), UserId::parse(user).unwrap());
            let binding = Binding {
                key: keys.current(),
                tenant: &tenant,
                user: &user,
                identifier: IdentifierId::from_uuid(Uuid::from_bytes(identifier)),
                address,
                purpose: Purpose::Verification,
                nonce: &Nonce::from_bytes([0; 16]),
            };
            // A token begins with its proof, of 32 bytes.
            let proof = keys.link(&binding).unwrap().reveal()[..42].to_owned();
            (keys.code(&binding, format).unwrap().reveal().to_owned(), proof)
        });
        assert_ne!(one.0, other.0);
        assert_ne!(one.1, other.1);
    }
    let [ab, a] = ["ab", "a"].map(|tenant| TenantId::parse(tenant).unwrap());
    assert_ne!(keys.pseudonym(&ab, "c"), keys.pseudonym(&a, "bc"));
}

#[test]
fn c10_a_code_answers_no_link_challenge_and_a_link_no_code_challenge() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.start_by(mail, ProofBy::Either).done();
    let (right, link) = (ada.code(mail), ada.link(mail));
    ada.pass(30);
    ada.start_by(mail, ProofBy::Link).then(&["verification_started"]);
    assert_eq!(ada.answer(mail, &right).refused(), Refusal::NoChallenge);
    ada.pass(30);
    ada.start_by(mail, ProofBy::Code).then(&["verification_started"]);
    assert_eq!(ada.open(mail, &link).refused(), Refusal::NoChallenge);
    assert!(ada.entry(mail).attempts.failed_at.is_empty(), "none of these counts as a wrong answer");
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn a_challenge_of_either_kind_is_closed_by_the_first_right_code_or_link() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.start_by(mail, ProofBy::Either).done();
    let (right, link) = (ada.code(mail), ada.link(mail));
    assert_eq!(ada.open(mail, &link).then(&["verified", "primary_changed"]), Confirmation::Verified);
    assert_eq!(ada.answer(mail, &right).refused(), Refusal::AlreadyVerified);
    ada.admin(|user, context| user.mark_unverified(mail, context)).done();
    assert_eq!(ada.answer(mail, &right).refused(), Refusal::NoChallenge);
    assert_eq!(ada.open(mail, &link).refused(), Refusal::NoChallenge);
}

#[test]
fn c14_a_code_is_compared_whole_whatever_its_length() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let right = ada.code(mail).reveal().to_owned();
    for near in [&right[..5], &right[1..], &format!("{right}0"), &format!("{right}\0"), &format!("0{right}")] {
        ada.admin(|user, context| user.clear_attempts(mail, context)).done();
        assert!(matches!(ada.answer(mail, &code(near)).done(), Confirmation::Rejected { .. }), "{near:?}");
    }
    assert_eq!(ada.answer(mail, &code(&format!(" {right}\n"))).done(), Confirmation::Verified);
}

/// `some` is ambiguous, and does not compile, for a type that can be compared with `==`, ordered, or put into a hash table.
trait Incomparable<Which> {
    fn some() {}
}
impl<T> Incomparable<()> for T {}
impl<T: PartialEq> Incomparable<[(); 1]> for T {}
impl<T: PartialOrd> Incomparable<[(); 2]> for T {}
impl<T: std::hash::Hash> Incomparable<[(); 3]> for T {}

#[test]
fn c14_codes_links_and_tickets_are_compared_in_constant_time() {
    // Nobody can compare one but by `matches`, unless in clear.
    <Code as Incomparable<_>>::some();
    <LinkToken as Incomparable<_>>::some();
    <DeliveryTicket as Incomparable<_>>::some();
    for (file, source) in [
        ("code.rs", include_str!("../../src/secret/code.rs")),
        ("link.rs", include_str!("../../src/secret/link.rs")),
        ("ticket.rs", include_str!("../../src/secret/ticket.rs")),
    ] {
        let (_, body) = source.split_once("fn matches(").unwrap();
        let (body, _) = body.split_once("\n    }\n").unwrap();
        assert!(body.contains(".ct_eq("), "{file} compares with something else than `ct_eq`");
        for shortcut in [" == ", " != ", "if ", "return", "match ", ".len()", "&&", "||", "?"] {
            assert!(!body.contains(shortcut), "{file} may leave early: {shortcut}");
        }
    }
    // What is typed is padded to one size, without a look at what is right.
    let (_, padded) = include_str!("../../src/secret/code.rs").split_once("fn padded(&self)").unwrap();
    assert!(!padded.split_once("\n    }\n").unwrap().0.contains("return"));
    // The judge compares both by `matches`, once each, looks at neither in clear, and asks whether they are the same after all
    // else is done.
    let judge = include_str!("../../src/decide/verification.rs");
    let (_, judge) = judge.split_once("pub fn confirm(").unwrap();
    let (judge, _) = judge.split_once("\n    pub fn ").unwrap();
    for (what, times) in
        [(".matches(code)", 1), (".matches(token)", 1), ("reveal()", 0), ("if bool::from(right & sent)", 1)]
    {
        assert_eq!(judge.matches(what).count(), times, "{what}");
    }
    let (before, _) = judge.split_once("if bool::from(right & sent)").unwrap();
    let (_, judged) = before.split_once("let (right, by)").unwrap();
    assert!(!judged.contains("if bool"), "the comparison decides before its time");
}

#[test]
fn a_code_is_read_as_people_type_it() {
    for (typed, code) in [
        ("123 456", "123456"),
        ("123-456", "123456"),
        (" 12\u{2011}34\u{a0}56\n", "123456"),
        ("\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", "123456"),
        ("\u{967}\u{968}\u{969}\u{96a}\u{96b}\u{96c}", "123456"),
        ("\u{ff11}\u{ff12}\u{ff13} 456", "123456"),
        ("BCD-FGH", "BCDFGH"),
        // Pasted out of a text from right to left, or of a page that lets a line break there.
        ("\u{2068}123\u{200b}456\u{2069}\u{feff}", "123456"),
    ] {
        assert_eq!(Code::parse(typed).unwrap().reveal(), code);
    }
    // What is left out does not count.
    assert_eq!(Code::parse(&"1 - ".repeat(20)).unwrap().reveal(), "1".repeat(20));
    assert_eq!(Code::parse(" - ").unwrap_err(), CodeError::Empty);
    assert_eq!(Code::parse(&format!("1{}", " ".repeat(1_023))).unwrap().reveal(), "1");
    assert_eq!(Code::parse(&format!("1{}", " ".repeat(1_024))).unwrap_err(), CodeError::TooLong);
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let sent = ada.code(mail);
    let spaced: String = sent.reveal().chars().flat_map(|c| [c, ' ']).collect();
    assert_eq!(ada.answer(mail, &code(&spaced)).done(), Confirmation::Verified);
}

#[test]
fn c16_a_code_has_1_to_20_characters_and_anything_else_costs_no_try() {
    for empty in ["", " ", "\t\r\n", "\u{3000}"] {
        assert_eq!(Code::parse(empty).unwrap_err(), CodeError::Empty);
    }
    for symbol in ["1", "x", "\u{E9}", "\u{1F347}"] {
        assert_eq!(Code::parse(symbol).unwrap().reveal(), symbol);
        assert!(Code::parse(&symbol.repeat(20)).is_ok());
        assert_eq!(Code::parse(&symbol.repeat(21)).unwrap_err(), CodeError::TooLong);
    }
    assert_eq!(Code::parse(&"1".repeat(1 << 20)).unwrap_err(), CodeError::TooLong);
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    // A text that does not parse cannot be given to `confirm`. The shortest and the longest codes count as any other.
    assert_eq!(ada.answer(mail, &code("x")).done(), Confirmation::Rejected { attempts_left: 4 });
    assert_eq!(ada.answer(mail, &code(&"\u{1F347}".repeat(20))).done(), Confirmation::Rejected { attempts_left: 3 });
}

#[test]
fn letters_are_read_without_regard_to_case() {
    let policy = VerificationPolicy::builder().letters(8).build().unwrap();
    let mut ada = crate::kit::given_under(Policy::default().with_verification(policy));
    let mail = ada.pending(email("ada@example.com"));
    let right = ada.code(mail).reveal().to_owned();
    assert!(right.len() == 8 && right.bytes().all(|byte| Alphabet::Letters.symbols().contains(&byte)));
    assert_eq!(ada.answer(mail, &code(&right.to_lowercase())).done(), Confirmation::Verified);
}

#[test]
fn a_link_token_reads_what_it_writes_and_nothing_else() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.start_by(mail, ProofBy::Link).done();
    let text = ada.link(mail).reveal();
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
    let changed = text.replacen(|c: char| c.is_ascii_lowercase(), "!", 1);
    let many = "A".repeat(3_000);
    for not in ["", "A", &text[..60], &format!("{text}="), &format!("{text} "), &changed, &many] {
        assert!(LinkToken::parse(not).is_err(), "{not}");
    }
    let mut forged: Vec<char> = text.chars().collect();
    forged[0] = if forged[0] == 'A' { 'B' } else { 'A' };
    let forged = LinkToken::parse(&forged.into_iter().collect::<String>()).unwrap();
    // A token of 256 bits cannot be guessed, and a stranger with made-up links must not lock the address.
    for _ in 0..200 {
        assert_eq!(ada.open(mail, &forged).then(&[]), Confirmation::Rejected { attempts_left: 5 });
    }
    assert_eq!(ada.open(mail, &LinkToken::parse(&text).unwrap()).done(), Confirmation::Verified);
}

#[test]
fn a_ticket_to_sign_in_shows_nothing_of_what_it_holds_and_opens_in_its_tenant_alone() {
    let mut bench = Bench::new(Policy::default());
    let attempt = Attempt {
        purpose: Purpose::SignIn,
        subject: Subject::Username(Username::parse("countess").unwrap()),
        to: email("ada@example.com"),
        proof: ProofBy::Code,
        begun: bench.now,
        round: 0,
    };
    let nonce = |number| Nonce::from_bytes([number; 16]);
    let mut tickets = [1, 2].map(|number| bench.on(&staff(), |context| attempt.ticket(nonce(number), context)));
    let bytes = tickets.clone().map(|ticket| BASE64.decode(ticket.as_str()).unwrap());
    for bytes in &bytes {
        for text in ["ada", "example", "countess", "purpose", "        "] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text:?} can be read");
        }
        let blocks: std::collections::BTreeSet<&[u8]> = bytes[48..].chunks_exact(32).collect();
        assert_eq!(blocks.len(), (bytes.len() - 48) / 32, "blocks are covered alike");
    }
    let alike = bytes[0][48..].iter().zip(&bytes[1][48..]).filter(|(one, other)| one == other).count();
    assert!(alike < 32, "{alike} of {} bytes are the same in two tickets of one attempt", bytes[0].len() - 48);
    let other = TenantId::parse("globex").unwrap();
    let keys = CodeKeys::new(KeyId::parse("test").unwrap(), &[8; 32]).unwrap();
    for ticket in &tickets {
        let opened = Attempt::open(ticket, &bench.tenant, &bench.keys);
        assert_eq!(opened.map(|(attempt, ..)| attempt), Some(attempt.clone()));
        assert_eq!(Attempt::open(ticket, &other, &bench.keys), None, "in another tenant");
        assert_eq!(Attempt::open(ticket, &bench.tenant, &keys), None, "with other keys");
    }
    // A change of any byte is noticed.
    for place in 0..bytes[0].len() {
        let mut forged = bytes[0].clone();
        forged[place] ^= 1;
        tickets[0] = SignInTicket::new(BASE64.encode(forged));
        assert_eq!(Attempt::open(&tickets[0], &bench.tenant, &bench.keys), None, "byte {place} was changed");
    }
}

#[test]
fn a_ticket_reads_what_it_writes_and_names_its_message_alone() {
    let keys = Bench::new(Policy::default()).keys;
    let others = CodeKeys::new(KeyId::parse("test").unwrap(), &[8; 32]).unwrap();
    for number in [0, 1, 7, u128::MAX] {
        let message = MessageId::from_uuid(Uuid::from_u128(number));
        let text = keys.ticket(message).to_string();
        assert!(
            text.len() == 48 && text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
        );
        for read in [text.clone(), text.to_uppercase()] {
            let ticket = DeliveryTicket::parse(&read).unwrap();
            assert_eq!((keys.message(&ticket), others.message(&ticket)), (Some(message), None));
            assert_eq!(ticket.to_string(), text);
        }
        // A change of any symbol names no message.
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'a' { b'b' } else { b'a' };
            let forged = DeliveryTicket::parse(std::str::from_utf8(&forged).unwrap()).unwrap();
            assert_eq!(keys.message(&forged), None, "place {place}");
        }
        for not in ["", &text[1..], &format!("{text}a"), &text.replace(&text[..1], "1"), &format!("{}8", &text[..47])] {
            assert!(DeliveryTicket::parse(not).is_err(), "{not}");
        }
    }
}

#[test]
fn codes_and_pseudonyms_are_those_of_every_release() {
    // An upgrade must neither void the codes that are under way nor open the budgets that are drawn. The values were computed
    // with another HMAC-SHA-256; the nonce is one for which bytes of 250 and more are skipped.
    let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let (tenant, user) = (TenantId::default(), UserId::parse("ada").unwrap());
    let binding = Binding {
        key: keys.current(),
        tenant: &tenant,
        user: &user,
        identifier: IdentifierId::from_uuid(Uuid::from_u128(1)),
        address: "ada@example.com",
        purpose: Purpose::Verification,
        nonce: &Nonce::from_bytes(88_u128.to_be_bytes()),
    };
    for (alphabet, length, code) in [(Alphabet::Digits, 6, "318997"), (Alphabet::Letters, 8, "FXZZKHKF")] {
        let format = CodeFormat::new(length, alphabet).unwrap();
        assert_eq!(keys.code(&binding, format).unwrap().reveal(), code);
    }
    assert_eq!(keys.pseudonym(&tenant, "ada@example.com"), "0855b7998f2d1ba97f9531e6003b3191");
}

#[test]
fn a_key_that_leads_leaves_the_others_behind_it() {
    let text = ["a", "b", "c"].map(|name| format!("{name}:{}", format!("{name}{name}").repeat(32))).join(",");
    let keys = CodeKeys::parse(&text).unwrap();
    let (tenant, user) = (TenantId::default(), UserId::parse("ada").unwrap());
    let id = |text| KeyId::parse(text).unwrap();
    for (leader, current) in [("a", "a"), ("b", "b"), ("c", "c"), ("unknown", "a")] {
        let led = keys.led_by(&id(leader));
        assert_eq!(led.current(), &id(current));
        for (name, known) in [("a", true), ("b", true), ("c", true), ("unknown", false)] {
            let made = DisavowToken::parse(&keys.led_by(&id(name)).disavowal(&tenant, &user, 1).reveal()).unwrap();
            assert_eq!(made.key() == &id(name), known);
            assert_eq!(led.made(&tenant, &made), Some(true), "{leader} leads, {name} made it");
        }
    }
}

#[test]
fn a_key_that_cannot_be_used_is_refused() {
    let hex = |byte: &str, count: usize| byte.repeat(count);
    let refused = |text: &str| CodeKeys::parse(text).unwrap_err();
    assert_eq!(refused(""), KeyError::Missing);
    assert_eq!(refused(" , ,"), KeyError::Missing);
    assert_eq!(refused(&hex("ab", 31)), KeyError::Length(31));
    assert_eq!(refused(&hex("ab", 65)), KeyError::Length(65));
    assert!(CodeKeys::parse(&hex("ab", 64)).is_ok());
    assert_eq!(refused(&hex("ab", 1 << 20)), KeyError::Length(1 << 20));
    assert_eq!(refused(&format!("{}a", hex("ab", 32))), KeyError::NotHex);
    assert_eq!(refused(&hex("xy", 32)), KeyError::NotHex);
    assert_eq!(refused(&hex("\u{E9}", 32)), KeyError::NotHex);
    assert_eq!(refused(&format!(":{}", hex("ab", 32))), KeyError::Name);
    assert_eq!(refused(&format!("{}:{}", "n".repeat(33), hex("ab", 32))), KeyError::Name);
    assert_eq!(refused(&format!("a b:{}", hex("ab", 32))), KeyError::Name);
    assert_eq!(refused(&format!("k:{0},k:{0}", hex("ab", 32))), KeyError::Twice);
    assert_eq!(refused(&format!("{0},{0}", hex("ab", 32))), KeyError::Twice);
    let id = || KeyId::parse("k").unwrap();
    for length in [0, 31, 65, 1 << 20] {
        assert_eq!(CodeKeys::new(id(), &vec![7; length]).unwrap_err(), KeyError::Length(length));
    }
    assert!(CodeKeys::new(id(), &[7; 32]).is_ok() && CodeKeys::new(id(), &[7; 64]).is_ok());
}

#[test]
fn a_previous_key_confirms_what_it_made_and_a_key_that_is_gone_does_not() {
    let key = |name: &str, byte: &str| format!("{name}:{}", byte.repeat(32));
    let mut ada = given();
    ada.bench.keys = CodeKeys::parse(&key("old", "aa")).unwrap();
    let mail = ada.pending(email("ada@example.com"));
    let line = ada.pending(phone("+44 1514 960453"));
    let (by_mail, by_phone) = (ada.code(mail), ada.code(line));
    ada.bench.keys = CodeKeys::parse(&format!("{},{}", key("new", "bb"), key("old", "aa"))).unwrap();
    assert_eq!(ada.answer(mail, &by_mail).done(), Confirmation::Verified);
    ada.bench.keys = CodeKeys::parse(&key("new", "bb")).unwrap();
    assert_eq!(ada.answer(line, &by_phone).refused(), Refusal::KeyGone);
    // A different key with an old name does not give the same code.
    ada.bench.keys = CodeKeys::parse(&key("old", "bb")).unwrap();
    assert!(matches!(ada.answer(line, &by_phone).done(), Confirmation::Rejected { .. }));
    ada.bench.keys = CodeKeys::parse(&key("new", "bb")).unwrap();
    ada.pass(30);
    ada.start(line).then(&["verification_started"]);
    assert_eq!(ada.challenge(line).failed, 1, "the wrong answer still counts");
    assert_eq!(ada.right(line).done(), Confirmation::Verified);
}

#[test]
fn a_pseudonym_depends_on_tenant_and_key_and_does_not_reveal_the_text() {
    let bench = Bench::new(Policy::default());
    let other = TenantId::parse("other").unwrap();
    let name = bench.keys.pseudonym(&bench.tenant, "ada@example.com");
    assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(name, bench.keys.pseudonym(&bench.tenant, "ada@example.com"));
    assert_ne!(name, bench.keys.pseudonym(&bench.tenant, "bob@example.com"));
    assert_ne!(name, bench.keys.pseudonym(&other, "ada@example.com"));
    let keys = CodeKeys::new(KeyId::parse("test").unwrap(), &[8; 32]).unwrap();
    assert_ne!(name, keys.pseudonym(&bench.tenant, "ada@example.com"));
}
