//! Runs, and what is left after them.

use std::collections::HashMap;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use identity::StoreError;
use identity::testing::HandClock;
use identity_sqlite::rusqlite::types::Value;
use identity_sqlite::rusqlite::{self, Connection, OpenFlags};
use identity_sqlite::{Durability, SqliteStore};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, yield_now};

use super::disk::{Device, Dice, Disk, Image, Trouble};
use super::plan::{Fault, Plan, PlanError, Script};
use super::script::{Stage, Step, time};
use super::vfs::{Machine, Mount};

/// After so many failures of one run nothing is tried again.
const TRIES: u32 = 200;

/// A fault that is planted to see whether it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// No fault.
    Nothing,
    /// The connection that writes has `PRAGMA synchronous = OFF`.
    SynchronousOff,
    /// The disk's syncs lie, and the adapter is expected to keep its promises all the same.
    LyingSync,
    /// The adapter answers before it commits.
    EarlyAnswers,
    /// A host writes its row in a transaction of its own, before that of the commit.
    Halves,
}

/// What is wrong with what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// So many steps were answered, and what is there is what was there after so many.
    Lost(usize, usize),
    /// What is there was there after no step.
    Half,
    /// The database does not open.
    Unopenable(String),
    /// The database contradicts itself.
    Unsound(String),
    /// The adapter does not go on after the fault is over.
    Stuck(String),
}

/// What a run showed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The power cuts: one, or one more when power failed again while the database was opened.
    pub cuts: u64,
    /// The steps that were answered.
    pub acknowledged: usize,
    /// The operations and the reads until the power was cut.
    pub operations: [u64; 2],
    /// What is wrong.
    pub damage: Option<Damage>,
}

/// What many runs showed.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The runs.
    pub runs: u64,
    /// The power cuts.
    pub cuts: u64,
    /// The steps that were answered.
    pub acknowledged: usize,
    /// The plans that found something, with what they found.
    pub found: Vec<(Plan, Damage)>,
}

/// The numbers, and a line for each plan that found something.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, cuts, acknowledged, found } = self;
        let mut counts = [0; 5];
        for (_, damage) in found {
            let kind = match damage {
                Damage::Lost(..) => 0,
                Damage::Half => 1,
                Damage::Unopenable(_) => 2,
                Damage::Unsound(_) => 3,
                Damage::Stuck(_) => 4,
            };
            counts[kind] += 1;
        }
        let [lost, half, unopenable, unsound, stuck] = counts;
        write!(
            f,
            "{runs} runs, {cuts} power cuts, {acknowledged} steps acknowledged: {lost} runs lost some, {half} left a half commit, \
             {unopenable} a database that does not open, {unsound} one that contradicts itself, {stuck} did not go on"
        )?;
        found.iter().try_for_each(|(plan, damage)| write!(f, "\n{plan}: {damage:?}"))
    }
}

/// What a script does when nothing goes wrong.
struct Reference {
    /// The files before it.
    image: Image,
    /// The content of the database when it was opened, and after each step.
    states: Vec<String>,
    /// What `verify` says of the old file, in which users are whom no use case makes.
    known: Vec<String>,
    /// The operations and the reads until the store is closed.
    operations: [u64; 2],
}

/// A place where scripts run. It has a folder of its own, in which only an empty file is, because the adapter looks for its
/// database through the operating system too.
pub struct Lab {
    folder: tempfile::TempDir,
    path: PathBuf,
    runtime: Runtime,
    references: HashMap<(Script, Durability), Arc<Reference>>,
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lab").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    planted: Planted,
    mount: &'a Mount,
    path: &'a Path,
    states: &'a [String],
    acknowledged: usize,
    failures: u32,
}

impl Lab {
    /// A laboratory.
    ///
    /// # Errors
    /// [`PlanError::SetUp`] when there is no room for a folder or no thread.
    pub fn new() -> Result<Self, PlanError> {
        let folder = tempfile::tempdir().map_err(set_up)?;
        // The adapter follows links, and so does the file system below it.
        let path = folder.path().canonicalize().map_err(set_up)?.join("identity.db");
        let runtime = Builder::new_current_thread().build().map_err(set_up)?;
        Ok(Self { folder, path, runtime, references: HashMap::new() })
    }

    /// The plan that follows from a seed. Two of three cut the power at an operation, and the others do something else first.
    ///
    /// # Errors
    /// [`PlanError::SetUp`] when the script does not run.
    pub fn plan(&mut self, seed: u64) -> Result<Plan, PlanError> {
        let mut dice = Dice(seed);
        let script = Script::ALL[dice.below(Script::ALL.len())];
        let durability = [Durability::Full, Durability::Full, Durability::Normal][dice.below(3)];
        let fault = Fault::ALL[dice.below(3 * Fault::ALL.len()).saturating_sub(2 * Fault::ALL.len())];
        let end = self.reference(script, durability)?.operations[usize::from(fault.counts_reads())];
        let at = 1 + dice.roll() % end;
        Ok(Plan { script, durability, fault, at, seed })
    }

    /// Power cuts at every so many operations of every script, with each durability.
    ///
    /// # Errors
    /// [`PlanError::SetUp`] when a script does not run.
    pub fn every(&mut self, step: usize) -> Result<Vec<Plan>, PlanError> {
        let mut plans = Vec::new();
        for script in Script::ALL {
            for durability in [Durability::Full, Durability::Normal] {
                let [end, _] = self.reference(script, durability)?.operations;
                let cut = |at| Plan { script, durability, fault: Fault::Cut, at, seed: at };
                plans.extend((1..=end).step_by(step).map(cut));
            }
        }
        Ok(plans)
    }

    /// Carries out a plan and counts what it showed. One whose script ends before its fault comes, because commits shared more
    /// syncs than they did when the operations were counted, fails a little earlier.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn count(&mut self, mut plan: Plan, planted: Planted, tally: &mut Tally) -> Result<(), PlanError> {
        let outcome = loop {
            match self.run(&plan, planted) {
                Err(PlanError::NotReached { at, end }) if end > 0 => plan.at = end.min(at - 1),
                outcome => break outcome?,
            }
        };
        tally.runs += 1;
        tally.cuts += outcome.cuts;
        tally.acknowledged += outcome.acknowledged;
        tally.found.extend(outcome.damage.map(|damage| (plan, damage)));
        Ok(())
    }

    /// Carries out a plan, cuts the power, and looks at what is left.
    ///
    /// # Errors
    /// [`PlanError::NotReached`] when the script ends before the fault comes, [`PlanError::SetUp`] when it does not run at all.
    pub fn run(&mut self, plan: &Plan, planted: Planted) -> Result<Outcome, PlanError> {
        let reference = self.reference(plan.script, plan.durability)?;
        let outcome = self.carry_out(plan, &reference, planted);
        match outcome.operations[usize::from(plan.fault.counts_reads())] {
            end if plan.at > end => Err(PlanError::NotReached { at: plan.at, end }),
            _ => Ok(outcome),
        }
    }

    fn carry_out(&self, plan: &Plan, reference: &Reference, planted: Planted) -> Outcome {
        let mut dice = Dice(plan.seed);
        let device = Device { sector: [512, 4_096][dice.below(2)], powersafe: dice.below(2) == 0 };
        let lasts = match plan.fault {
            Fault::Cut | Fault::Lie => 1,
            Fault::Full | Fault::Short => 1 + dice.roll() % 40,
            _ => 1 + dice.roll() % 3,
        };
        let disks = if planted == Planted::LyingSync { Fault::Lie } else { plan.fault };
        let trouble = Trouble { fault: disks, at: plan.at, lasts };
        let mount = self.mount(&reference.image, device, trouble, &mut dice);
        let (path, states, durability) = (self.path.as_path(), reference.states.as_slice(), plan.durability);
        let mut run = Run { plan, planted, mount: &mount, path, states, acknowledged: 0, failures: 0 };
        let before_it_closes = dice.below(2) == 0 && !matches!(plan.fault, Fault::Cut | Fault::Lie);
        let mut damage = self.runtime.block_on(run.drive(before_it_closes)).err();
        let acknowledged = run.acknowledged;
        let promised = if durability == Durability::Full && plan.fault != Fault::Lie { acknowledged } else { 0 };
        let operations = mount.disk(|disk| [disk.operations, disk.reads]);
        let (mut image, mut cuts) = (mount.disk(Disk::cut), 1);
        drop(mount);
        // Power may fail again while the database is opened.
        let again = if dice.below(3) == 0 { 1 + dice.roll() % 30 } else { 0 };
        for at in [again, 0] {
            let mount = self.mount(&image, device, Trouble { fault: Fault::Cut, at, lasts: 1 }, &mut dice);
            let left = self.runtime.block_on(look(durability, path, &reference.known));
            if mount.disk(|disk| disk.powered().is_err()) {
                (image, cuts) = (mount.disk(Disk::cut), cuts + 1);
                continue;
            }
            damage = damage.or_else(|| judge(left, promised, states).err());
            break;
        }
        Outcome { cuts, acknowledged, operations, damage }
    }

    fn mount(&self, image: &Image, device: Device, trouble: Trouble, dice: &mut Dice) -> Mount {
        let folder = self.path.parent().unwrap_or(&self.path);
        Mount::new(folder, Machine::new(Disk::new(image, device, trouble, Dice(dice.roll()))))
    }

    /// A disk without faults.
    fn calm(&self, image: &Image) -> Mount {
        let trouble = Trouble { fault: Fault::Cut, at: 0, lasts: 0 };
        self.mount(image, Device { sector: 4_096, powersafe: true }, trouble, &mut Dice(0))
    }

    fn reference(&mut self, script: Script, durability: Durability) -> Result<Arc<Reference>, PlanError> {
        if let Some(reference) = self.references.get(&(script, durability)) {
            return Ok(Arc::clone(reference));
        }
        let image = match script {
            Script::Fresh => Image::new(),
            Script::Migration => self.old().map_err(set_up)?,
            _ => {
                let mount = self.calm(&Image::new());
                drop(self.runtime.block_on(open(durability, &self.path)).map_err(set_up)?);
                mount.disk(|disk| disk.image())
            }
        };
        let mount = self.calm(&image);
        let (states, known) = self.runtime.block_on(async {
            let first = open(durability, &self.path).await.map_err(set_up)?;
            let known = first.verify().await.map_err(set_up)?.problems;
            let mut store = Some(first);
            let mut states = vec![content(&self.path).map_err(set_up)?];
            for (number, step) in script.steps().into_iter().flatten().enumerate() {
                if matches!(step, Step::Reopen) {
                    // The first is closed before the second is opened.
                    drop(store.take());
                    store = Some(open(durability, &self.path).await.map_err(set_up)?);
                }
                let Some(store) = store.clone() else { continue };
                let stage = Stage { store, number, planted: Planted::Nothing };
                let failed = |error| PlanError::SetUp(format!("step {number}, {step:?}: {error}"));
                stage.perform(step, &self.path).await.map_err(failed)?;
                states.push(content(&self.path).map_err(set_up)?);
            }
            Ok((states, known))
        })?;
        drop(mount);
        let mut reference = Reference { image, states, known, operations: [0; 2] };
        let plan = Plan { script, durability, fault: Fault::Cut, at: 0, seed: 0 };
        let outcome = self.carry_out(&plan, &reference, Planted::Nothing);
        if let Some(damage) = outcome.damage {
            return Err(PlanError::SetUp(format!("the script {script:?} alone leaves damage: {damage:?}")));
        }
        reference.operations = outcome.operations;
        let reference = Arc::new(reference);
        self.references.insert((script, durability), Arc::clone(&reference));
        Ok(reference)
    }

    /// A file of schema version 2.
    fn old(&self) -> rusqlite::Result<Image> {
        let mount = self.calm(&Image::new());
        let connection = Connection::open(&self.path)?;
        for sql in [
            include_str!("../../../identity-sqlite/migrations/0001_users.sql"),
            include_str!("../../../identity-sqlite/migrations/0002_delivery.sql"),
            "BEGIN",
            include_str!("../../../identity-sqlite/tests/files/version_2.sql"),
            "INSERT INTO identity_meta VALUES ('schema', 2); COMMIT",
            "PRAGMA application_id = 0x49444e54; PRAGMA user_version = 2; PRAGMA journal_mode = WAL",
        ] {
            connection.execute_batch(sql)?;
        }
        drop(connection);
        Ok(mount.disk(|disk| disk.image()))
    }
}

fn set_up(error: impl fmt::Display) -> PlanError {
    PlanError::SetUp(error.to_string())
}

async fn open(durability: Durability, path: &Path) -> Result<SqliteStore, StoreError> {
    let options = SqliteStore::options().with_durability(durability).with_readers(1);
    options.with_clock(HandClock::at(time(0))).open(path).await
}

/// Everything that is in the database but the number by which its feed is known, which is not of this library's making.
fn content(path: &Path) -> rusqlite::Result<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name";
    let tables = connection.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut text = String::new();
    for table in tables {
        // A text can be written to without end.
        let _ = writeln!(text, "{table}");
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()?;
            if cells.first() != Some(&Value::Text("feed".to_owned())) {
                let _ = writeln!(text, "{cells:?}");
            }
        }
    }
    Ok(text)
}

/// Opens what is left, verifies it, and reads it.
async fn look(durability: Durability, path: &Path, known: &[String]) -> Result<String, Damage> {
    let unopenable = |error: StoreError| Damage::Unopenable(format!("{error:?}"));
    let store = open(durability, path).await.map_err(unopenable)?;
    let mut problems = store.verify().await.map_err(unopenable)?.problems;
    problems.retain(|problem| !known.contains(problem));
    if !problems.is_empty() {
        return Err(Damage::Unsound(problems.join("; ")));
    }
    content(path).map_err(|error| Damage::Unsound(error.to_string()))
}

/// Whether what is left is the content after a step, and no earlier one than was promised.
fn judge(left: Result<String, Damage>, promised: usize, states: &[String]) -> Result<(), Damage> {
    let left = left?;
    match states.iter().rposition(|state| *state == left) {
        None => Err(Damage::Half),
        Some(after) if after < promised => Err(Damage::Lost(promised, after)),
        Some(_) => Ok(()),
    }
}

impl Run<'_> {
    fn is_off(&self) -> bool {
        self.mount.disk(|disk| disk.powered().is_err())
    }

    /// Counts a failure after which something is tried again.
    fn again(&mut self, error: impl fmt::Display) -> Result<(), Damage> {
        self.failures += 1;
        if self.failures > TRIES { Err(Damage::Stuck(error.to_string())) } else { Ok(()) }
    }

    /// Runs the script, until power fails or to its end, and past other faults.
    async fn drive(&mut self, cut_before_it_closes: bool) -> Result<(), Damage> {
        let fault = self.plan.fault;
        let (mut begin, mut store) = (0, self.open().await?);
        let groups = self.plan.script.steps();
        let groups = groups.iter().flat_map(|group| group.chunks(if fault.fails_all(group) { group.len() } else { 1 }));
        for group in groups {
            let end = begin + group.len();
            if matches!(group, [Step::Reopen]) {
                // The first is closed before the second is opened.
                drop(store.take());
                store = self.open().await?;
            }
            while begin < end {
                let Some(open) = &store else { return Ok(()) };
                let answers = self.together(open, begin, &group[group.len() - (end - begin)..]).await;
                if let Some(last) = answers.iter().rposition(Result::is_ok) {
                    self.acknowledged = self.acknowledged.max(begin + last + 1);
                }
                let Some(error) = answers.into_iter().find_map(Result::err) else { break };
                // What is there says which steps are to be repeated.
                let there = loop {
                    match content(self.path) {
                        _ if self.is_off() => return Ok(()),
                        Ok(there) => break there,
                        Err(unread) => self.again(unread)?,
                    }
                };
                self.again(error)?;
                begin = self.states[..=end].iter().rposition(|state| *state == there).ok_or(Damage::Half)?;
                if begin < self.acknowledged {
                    return Err(Damage::Lost(self.acknowledged, begin));
                }
            }
            begin = end;
        }
        if cut_before_it_closes {
            self.mount.disk(Disk::cut);
        }
        Ok(())
    }

    /// The store; `None` when power fails.
    async fn open(&mut self) -> Result<Option<SqliteStore>, Damage> {
        let store = loop {
            match open(self.plan.durability, self.path).await {
                _ if self.is_off() => return Ok(None),
                Ok(store) => break store,
                Err(error) => self.again(error)?,
            }
        };
        if self.planted == Planted::SynchronousOff {
            let off = "COMMIT; PRAGMA synchronous = OFF; BEGIN IMMEDIATE";
            let set = store.transaction(|host| host.execute_batch(off).map_err(StoreError::failed)).await;
            set.or_else(|error| self.again(error))?;
        }
        Ok(Some(store))
    }

    /// Performs steps, of which the first has this number. Several wait until all have been asked for, so that they are one batch
    /// in each run.
    async fn together(&self, store: &SqliteStore, first: usize, steps: &[Step]) -> Vec<Result<(), Error>> {
        let stage = |number| Stage { store: store.clone(), number, planted: self.planted };
        if let [step] = steps {
            return vec![stage(first).perform(*step, self.path).await];
        }
        let ((go, wait), (holds, held)) = (mpsc::channel::<()>(), oneshot::channel());
        let holder = store.clone();
        let hold = tokio::spawn(async move {
            let wait = move |_: &rusqlite::Transaction<'_>| {
                let _ = holds.send(());
                // It ends when the other side is dropped.
                let _ = wait.recv();
                Ok::<_, StoreError>(())
            };
            holder.transaction(wait).await
        });
        let _ = held.await;
        let mut asked = JoinSet::new();
        for (number, step) in (first..).zip(steps.iter().copied()) {
            let (stage, path) = (stage(number), self.path.to_owned());
            asked.spawn(async move { (number, stage.perform(step, &path).await) });
        }
        yield_now().await;
        drop(go);
        let _ = hold.await;
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;
