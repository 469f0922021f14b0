//! What the time of an answer tells of others: calls on SQLite whose answers are alike, measured in turns.

use identity::sign_in::Login;
use identity::{Address, Code, Email, IdentifierId, Identity, NewAddress, NewUser, UserId, Username};
use identity_sqlite::Durability;

use crate::flow::Host;
use crate::measure::{each, in_turns, timed};
use crate::places;
use crate::sqlite::open;
use crate::table::{Row, Target, Unit};

/// One more is called first and does not count.
const CALLS: usize = 2_000;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, place) = places::in_memory(512);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let identity = Host::new(open(&runtime, &folder.path().join("tells.db"), Durability::Normal)).identity;
    let (mut known, mut crowded, mut free) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        for number in 0..=CALLS {
            let text = |name: &str| format!("{name}.{number}@mail.example.org");
            known.push(text("known"));
            user(&identity, NewAddress::from(mail(&text("known"))).verified()).await;
            // Five strangers use up the budget of an address.
            for _ in 0..5 {
                let (stranger, id) = user(&identity, mail(&text("crowd"))).await;
                identity.account(&stranger).start_verification(id).await.unwrap();
            }
            crowded.push(user(&identity, mail(&text("crowd"))).await);
            free.push(user(&identity, mail(&text("alone"))).await);
        }
    });
    let unknown: Vec<String> = known.iter().map(|name| name.replace("known", "other")).collect();
    let start = |(user, id): &(UserId, IdentifierId)| {
        let (took, started) = timed(|| runtime.block_on(identity.account(user).start_verification(*id)));
        assert!(started.is_ok(), "the answers are alike");
        each(took, 1)
    };
    let resolve = |name: &String| each(timed(|| runtime.block_on(identity.resolve(name)).unwrap()).0, 1);
    vec![
        row(format!("`start_verification` on SQLite, {place}, withheld"), "sent", [&crowded, &free], start),
        row(format!("`resolve` on SQLite, {place}, of a known name"), "of an unknown one", [&known, &unknown], resolve),
    ]
}

/// Starts and wrong answers of sign-ins: known addresses and names beside unknown ones.
pub(crate) fn sign_in() -> Vec<Row> {
    let (folder, place) = places::in_memory(512);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let identity = Host::new(open(&runtime, &folder.path().join("signin.db"), Durability::Normal)).identity;
    let names = |kind: &str| (0..=CALLS).map(|number| format!("{kind}{number:04}")).collect::<Vec<_>>();
    let [known, unknown] = ["ada", "bob"].map(names);
    runtime.block_on(async {
        for name in &known {
            let addresses = vec![NewAddress::from(mail(&format!("{name}@mail.example.org"))).verified()];
            let username = Some(Username::parse(name).unwrap());
            identity.admin("signup").create(NewUser { username, addresses, ..NewUser::default() }).await.unwrap();
        }
    });
    let start = |login: Login| {
        let (took, started) = timed(|| runtime.block_on(identity.sign_in().start(login)));
        (each(took, 1), started.unwrap())
    };
    let address = |name: &String| Login::from(mail(&format!("{name}@mail.example.org")));
    let by_address = |name: &String| start(address(name)).0;
    let by_name = |name: &String| start(Login::Username(Username::parse(name).unwrap())).0;
    let wrong = Code::parse("wrong").unwrap();
    let answer = |name: &String| {
        let (_, started) = start(address(name));
        let (took, judged) = timed(|| runtime.block_on(identity.sign_in().confirm(&started.ticket, &wrong)));
        assert!(judged.unwrap().is_none(), "the answers are alike");
        each(took, 1)
    };
    let what = |what: &str| format!("{what} on SQLite, {place}, of a known");
    vec![
        row(what("start of a sign-in by address"), "unknown", [&known, &unknown], by_address),
        row(what("wrong answer to a sign-in"), "unknown", [&known, &unknown], answer),
        row(what("start of a sign-in by username"), "unknown", [&known, &unknown], by_name),
    ]
}

fn mail(text: &str) -> Address {
    Email::parse(text).unwrap().into()
}

async fn user(identity: &Identity, address: impl Into<NewAddress>) -> (UserId, IdentifierId) {
    let new = NewUser { addresses: vec![address.into()], ..NewUser::default() };
    let created = identity.admin("signup").create(new).await.unwrap();
    (created.outcome, created.user.emails().entries().first().unwrap().id)
}

/// Calls with each of these in turns. Beside the medians it says how often one that is `what` took longer than one that is
/// `than`, of all pairs (the statistic of Mann and Whitney): half of them when time tells nothing. And it says how likely a
/// difference as great is by chance.
fn row<T>(what: String, than: &str, subjects: [&[T]; 2], call: impl Fn(&T) -> f64) -> Row {
    let [(mut longer, first), (mut shorter, second)] = subjects.map(|subjects| (Vec::new(), subjects));
    let next = |times: &mut Vec<f64>, subjects: &[T]| {
        let took = call(subjects.get(times.len()).unwrap());
        times.push(took);
        took
    };
    let pair = in_turns(CALLS, || next(&mut longer, first), || next(&mut shorter, second));
    let above = longer.iter().map(|one| shorter.iter().filter(|other| *other < one).count()).sum::<usize>();
    // A pair of equal times counts half.
    let ties = longer.iter().map(|one| shorter.iter().filter(|other| *other == one).count()).sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
    let (above, all) = (above as f64 + ties as f64 / 2.0, (longer.len() as f64, shorter.len() as f64));
    let share = 100.0 * above / (all.0 * all.1);
    let chance = chance(above, all);
    eprintln!("{what}: longer than {than} in {share:.1} % of all pairs, p = {chance:.3}");
    Row { what, than: than.to_owned(), unit: Unit::Time, pair, target: Target::RatioAtMost(2.5) }
}

/// The chance that two like samples differ at least as much: of the number of pairs in which the first took longer, by the normal
/// approximation (the test of Mann and Whitney, two-sided).
fn chance(above: f64, (first, second): (f64, f64)) -> f64 {
    let deviation = (first * second * (first + second + 1.0) / 12.0).sqrt();
    let z = (above - first * second / 2.0).abs() / deviation;
    // The complementary error function (Abramowitz and Stegun, 7.1.26), to 1.5e-7.
    let (x, t) = (z / 2_f64.sqrt(), 1.0 / (1.0 + 0.327_591_1 * z / 2_f64.sqrt()));
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    terms.iter().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}
