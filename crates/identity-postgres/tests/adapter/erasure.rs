//! c94: what a dump of the tables holds after an erasure.

use identity_conformance::Harness as _;
use identity_conformance::kit::{Bench, key};
use identity_core::{Address, Code, Email, NewAddress, NewUser, Phone, Policy, Username};

use crate::common::Place;

#[tokio::test(flavor = "multi_thread")]
async fn c94_a_dump_after_an_erasure_does_not_hold_the_address() {
    let place = Place::new();
    let bench = Bench::new(place.open().await, Policy::default());
    let mail = |name: &str| Address::from(Email::parse(&format!("{name}.canary@example.com")).unwrap());
    let (user, admin) = (key("ada").user, bench.identity.admin("staff"));
    let addresses = vec![NewAddress::from(mail("one")).verified()];
    let username = Some(Username::parse("Canary").unwrap());
    admin.create(NewUser { id: Some(user.clone()), username, addresses, ..NewUser::default() }).await.unwrap();
    let account = bench.identity.account(&user);
    let two = account.add(mail("two")).await.unwrap().outcome;
    account.start_verification(two).await.unwrap();
    bench.read_mail().await;
    account.confirm(two, &Code::parse("wrong").unwrap()).await.unwrap();
    let phone = account.add(Phone::from_e164("+441514960453").unwrap()).await.unwrap().outcome;
    // A message waits, and a removed address is remembered.
    account.start_verification(phone).await.unwrap();
    account.remove(two).await.unwrap();
    let holds = async |what: &str| {
        let dump = place.dump().await.to_ascii_lowercase();
        String::from_utf8_lossy(&dump).contains(what)
    };
    for what in ["canary", "1514960453"] {
        assert!(holds(what).await, "{what} is in the tables");
    }
    admin.erase(&user).await.unwrap();
    for what in ["canary", "1514960453"] {
        assert!(!holds(what).await, "{what} is still in the tables");
    }
    assert!(holds("ada").await, "the id stays, so that nobody gets it again");
}
