use identity_sqlite::rusqlite::Connection;
use serde_json::json;

use crate::kit::{Place, addresses, name, user};

/// The table as the first migration of the project template makes it in SQLite, by the documentation of
/// `IdentityUser<TKey>`: no registry here has the package.
const TABLE: &str = "CREATE TABLE AspNetUsers (
    Id TEXT NOT NULL CONSTRAINT PK_AspNetUsers PRIMARY KEY,
    UserName TEXT NULL, NormalizedUserName TEXT NULL,
    Email TEXT NULL, NormalizedEmail TEXT NULL, EmailConfirmed INTEGER NOT NULL,
    PasswordHash TEXT NULL, SecurityStamp TEXT NULL, ConcurrencyStamp TEXT NULL,
    PhoneNumber TEXT NULL, PhoneNumberConfirmed INTEGER NOT NULL,
    TwoFactorEnabled INTEGER NOT NULL, LockoutEnd TEXT NULL, LockoutEnabled INTEGER NOT NULL, AccessFailedCount INTEGER NOT NULL);
CREATE INDEX EmailIndex ON AspNetUsers (NormalizedEmail);
CREATE UNIQUE INDEX UserNameIndex ON AspNetUsers (NormalizedUserName)";

#[tokio::test]
async fn users_of_aspnet_identity_arrive_as_its_documentation_says() {
    let place = Place::new();
    let file = Connection::open(place.source()).unwrap();
    file.execute_batch(TABLE).unwrap();
    // Id, UserName, Email, EmailConfirmed, PhoneNumber, PhoneNumberConfirmed, LockoutEnd.
    for (id, columns) in [
        ("1-ada", "'Ada@Example.com', 'Ada@Example.com', 1, '+44 7400 123456', 1, NULL"),
        ("2-ben", "'ben', 'ben@example.com', 0, '+15055550123', 0, '2021-12-31 18:30:00.1234567+00:00'"),
        ("3-cy", "'cy', NULL, 0, NULL, 0, '9999-12-31 23:59:59.9999999+00:00'"),
        ("4-di", "NULL, 'ben@example.com', 0, '', 0, NULL"),
        ("5-twin", "'twin', 'ada@EXAMPLE.com', 1, NULL, 0, NULL"),
        ("6-invalid", "'invalid', 'ada@', 1, NULL, 0, NULL"),
        ("7-national", "'national', NULL, 0, '07400 123457', 1, NULL"),
        ("8-flag", "'flag', 'flag@example.com', 2, NULL, 0, NULL"),
        ("9-blob", "'blob', x'00', 1, NULL, 0, NULL"),
        ("", "'nobody', NULL, 0, NULL, 0, NULL"),
    ] {
        let insert = "INSERT INTO AspNetUsers (Id, TwoFactorEnabled, LockoutEnabled, AccessFailedCount, UserName, Email, \
                      EmailConfirmed, PhoneNumber, PhoneNumberConfirmed, LockoutEnd)";
        file.execute(&format!("{insert} VALUES (?1, 0, 1, 0, {columns})"), [id]).unwrap();
    }
    file.execute_batch("UPDATE AspNetUsers SET NormalizedUserName = upper(UserName), NormalizedEmail = upper(Email)")
        .unwrap();
    let row = |id: &str| format!("AspNetUsers {id}");
    let left = [
        (row("5-twin"), "this e-mail address belongs to another user"),
        (row("6-invalid"), "emails[0]: "),
        (row("7-national"), "phones[0]: "),
        (row("8-flag"), "EmailConfirmed: neither 0 nor 1"),
        (row("9-blob"), "Email: not a text"),
        (row("without a key"), "Id: empty"),
    ];
    let users = place.import("aspnet", 4, &left).await;
    let ada = user(&users, "1-ada");
    assert_eq!(addresses(ada), json!([["Ada@Example.com", true, true], ["+44 7400 123456", true, true]]));
    assert_eq!(name(ada), None, "the address is the login name");
    let ben = user(&users, "2-ben");
    assert_eq!(addresses(ben), json!([["ben@example.com", false, false], ["+15055550123", false, false]]));
    assert_eq!((name(ben), ben.is_disabled()), (Some("ben"), false), "a lockout that has ended is none");
    let cy = user(&users, "3-cy");
    assert_eq!((addresses(cy), cy.is_disabled()), (json!([]), true));
    assert_eq!(addresses(user(&users, "4-di")), json!([["ben@example.com", false, false]]), "it blocks nobody");
}
