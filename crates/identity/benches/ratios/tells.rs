//! What the time of an answer tells of others: calls on SQLite whose answers are alike, measured in turns.

use identity::{Address, Email, IdentifierId, Identity, NewAddress, NewUser, UserId};
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

fn mail(text: &str) -> Address {
    Email::parse(text).unwrap().into()
}

async fn user(identity: &Identity, address: impl Into<NewAddress>) -> (UserId, IdentifierId) {
    let new = NewUser { addresses: vec![address.into()], ..NewUser::default() };
    let created = identity.admin("signup").create(new).await.unwrap();
    (created.outcome, created.user.emails().entries().first().unwrap().id)
}

/// Calls with each of these in turns. Beside the medians it says how often one that is `what` took longer than one that is
/// `than`, of all pairs (the statistic of Mann and Whitney): half of them when time tells nothing.
fn row<T>(what: String, than: &str, subjects: [&[T]; 2], call: impl Fn(&T) -> f64) -> Row {
    let [(mut longer, first), (mut shorter, second)] = subjects.map(|subjects| (Vec::new(), subjects));
    let next = |times: &mut Vec<f64>, subjects: &[T]| {
        let took = call(subjects.get(times.len()).unwrap());
        times.push(took);
        took
    };
    let pair = in_turns(CALLS, || next(&mut longer, first), || next(&mut shorter, second));
    let above = longer.iter().map(|one| shorter.iter().filter(|other| *other < one).count()).sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
    let share = 100.0 * above as f64 / (longer.len() * shorter.len()) as f64;
    eprintln!("{what}: longer than {than} in {share:.1} % of all pairs");
    Row { what, than: than.to_owned(), unit: Unit::Time, pair, target: Target::RatioAtMost(2.5) }
}
