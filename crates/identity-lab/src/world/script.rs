use identity::ProofBy;
use serde::{Deserialize, Serialize};

/// The number of users that a world has room for. User `n` belongs to tenant `n % TENANTS`.
pub const USERS: u8 = 8;
/// The number of tenants.
pub const TENANTS: u8 = 3;
/// The number of steps of a world that a seed makes.
pub const STEPS: usize = 200;

/// Numbers that a seed determines: SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `sides`.
    pub const fn roll(&mut self, sides: u32) -> u32 {
        (self.number() % sides as u64) as u32
    }

    fn below(&mut self, sides: u8) -> u8 {
        u8::try_from(self.roll(sides.into())).unwrap_or_default()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.number() as usize % from.len()]
    }
}

/// Everything that happens in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Where the randomness of the library comes from.
    pub seed: u64,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What happens at one time. A step names everything that it chooses, so that it means the same when other steps are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What happens: one act, or several side by side.
    pub acts: Vec<Act>,
    /// The process of the first act; the acts are dealt out to the two processes in turn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub process: u8,
    /// The order in which acts side by side get on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub order: u32,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fault: Fault,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What goes wrong in a step. Calls of the store and turns are counted from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// A call of the store fails before it does anything.
    Before(u8),
    /// A call of the store does its work, and its answer is lost.
    After(u8),
    /// A call of the store says that somebody else was faster, if it is a commit; else it fails before it does anything.
    Conflict(u8),
    /// The caller of the first act gives up after so many turns.
    Leave(u8),
    /// The first process ends after so many turns, and begins again.
    Kill(u8),
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Road {
    /// The holder.
    Holder,
    /// An administrator.
    Admin,
}

/// How an address is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// As holders do it.
    Plain,
    /// On an administrator's word.
    Verified,
    /// Whatever the restrictions say.
    Unrestricted,
    /// With somebody who vouches for an address that is not verified.
    Unvouched,
    /// With a text that is too long.
    Long,
    /// With a text that has U+0000 in it.
    Nul,
}

/// What an administrator notes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// That it is verified.
    Verified,
    /// That it is not.
    Unverified,
    /// That messages arrive.
    Deliverable,
    /// That its wrong answers are forgotten.
    Cleared,
}

/// The record of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// One with an unverified address.
    Plain,
    /// One with a verified primary address.
    Verified,
    /// One with as many addresses as a user may have.
    Crowd,
    /// One that names an address twice.
    Twice,
}

/// Which answer somebody gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// The newest that came.
    Newest,
    /// The one that came so many before.
    Older(u8),
    /// One that somebody else got.
    Foreign(u8),
    /// One that nobody got.
    Wrong(u8),
}

/// What somebody does. Users, addresses, usernames, tenants and visitors are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// A user is created with an address, verified or not, and with a username where the number is one.
    Create(u8, u8, bool, u8),
    /// An address is added.
    Add(Road, u8, u8, How),
    /// A code or a link is asked for; `None` with a lifetime of zero.
    Start(Road, u8, u8, Option<ProofBy>),
    /// A code is typed.
    Confirm(u8, u8, Pick),
    /// A link is opened, and its button is pressed.
    Open(u8, u8, Pick),
    /// A code is given to an administrator.
    Issue(u8, u8),
    /// An administrator notes something of an address.
    Mark(u8, u8, Mark),
    /// An address is made primary.
    Primary(Road, u8, u8),
    /// An address is labelled; 0 takes its label away.
    Label(Road, u8, u8, u8),
    /// An address is replaced.
    Replace(Road, u8, u8, u8, How),
    /// An address is removed.
    Remove(Road, u8, u8),
    /// A username is set.
    Name(Road, u8, u8),
    /// A username is removed.
    Unname(Road, u8),
    /// The profile changes: 0 to 9 to a value, from 10 on to what is no profile.
    Profile(u8, u8),
    /// The host reports a number.
    Report(u8, u8),
    /// A user is enabled or disabled.
    Switch(u8, bool),
    /// A user is erased.
    Erase(u8),
    /// A user becomes a part of the second one, with all conflicts accepted or with none.
    Merge(u8, u8, bool),
    /// A user is imported.
    Import(u8, u8, Record),
    /// The claims of a tenant are brought in line.
    Claims(u8),
    /// A user is looked for.
    Look(u8, u8),
    /// A visitor asks for a code or a link to sign in to a tenant with an address.
    SignIn(u8, u8, u8, ProofBy),
    /// A visitor asks for a code with a username.
    SignInName(u8, u8, u8),
    /// A visitor answers, and becomes a user if that is so.
    Answer(u8, Pick, bool),
    /// A user is asked once more.
    StepUp(u8, u8),
    /// A user answers that.
    Again(u8, Pick),
    /// A worker delivers what is due, to a provider in this mood.
    Deliver(u32),
    /// A worker that works for good is started and, after this many seconds, stopped.
    Work(u32),
    /// A provider reports on a message: delivered, failed, bounced or a complaint; one of eight with a forged ticket.
    Callback(u8, u8),
    /// Time passes: seconds.
    Wait(u32),
    /// The clock is set: seconds.
    Set(i32),
    /// A process begins anew, with one of four sets of keys.
    Restart(u8),
}

impl Script {
    /// The world of this seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // Few users and few addresses meet often.
        let (users, addresses) = (2 + dice.below(4), 2 + dice.below(5));
        let users: Vec<u8> = (0..users).map(|_| dice.below(USERS)).collect();
        let addresses: Vec<u8> = (0..addresses).map(|_| dice.below(super::people::ADDRESSES)).collect();
        let mut maker = Maker { dice, users, addresses, steps: Vec::with_capacity(STEPS) };
        while maker.steps.len() < STEPS {
            maker.scene();
        }
        maker.steps.truncate(STEPS);
        Self { seed, steps: maker.steps }
    }
}

struct Maker {
    dice: Dice,
    users: Vec<u8>,
    addresses: Vec<u8>,
    steps: Vec<Step>,
}

impl Maker {
    fn user(&mut self) -> u8 {
        self.dice.pick(&self.users)
    }

    fn address(&mut self) -> u8 {
        self.dice.pick(&self.addresses)
    }

    fn road(&mut self) -> Road {
        self.dice.pick(&[Road::Holder, Road::Holder, Road::Admin])
    }

    fn how(&mut self) -> How {
        use How::{Long, Nul, Plain, Unrestricted, Unvouched, Verified};
        match self.dice.roll(20) {
            0 => self.dice.pick(&[Unvouched, Long, Nul]),
            1..=4 => Verified,
            5 => Unrestricted,
            _ => Plain,
        }
    }

    fn proof(&mut self) -> ProofBy {
        self.dice.pick(&[ProofBy::Code, ProofBy::Code, ProofBy::Code, ProofBy::Link, ProofBy::Either])
    }

    fn answer(&mut self) -> Pick {
        match self.dice.roll(10) {
            0..=3 => Pick::Newest,
            4 => Pick::Older(1 + self.dice.below(3)),
            5 => Pick::Foreign(self.dice.below(8)),
            _ => Pick::Wrong(self.dice.below(10)),
        }
    }

    /// A story of several steps about one user and one address, or one act, or several side by side.
    fn scene(&mut self) {
        let (user, address) = (self.user(), self.address());
        match self.dice.roll(24) {
            0..=2 => {
                let proof = self.proof();
                self.step(&[Act::Add(Road::Holder, user, address, How::Plain)]);
                self.step(&[Act::Start(Road::Holder, user, address, Some(proof))]);
                self.deliver();
                let right = if proof.by_code() { Act::Confirm } else { Act::Open };
                self.step(&[right(user, address, Pick::Newest)]);
            }
            // A thief guesses.
            3 | 4 => {
                self.step(&[Act::Start(Road::Holder, user, address, Some(ProofBy::Code))]);
                for _ in 0..2 + self.dice.roll(6) {
                    let wrong = Pick::Wrong(self.dice.below(10));
                    let acts = [Act::Confirm(user, address, wrong); 3];
                    let few = 1 + self.dice.roll(3) as usize;
                    self.step(&acts[..few]);
                }
            }
            // A thief asks for messages.
            5 => {
                for _ in 0..3 + self.dice.roll(6) {
                    let user = self.user();
                    let road = self.road();
                    self.step(&[Act::Start(road, user, address, Some(ProofBy::Code))]);
                    let wait = self.dice.pick(&[0, 31, 31, 130]);
                    self.step(&[Act::Wait(wait)]);
                    self.deliver();
                }
            }
            6 | 7 => {
                let (visitor, tenant, by) = (self.dice.below(3), user % TENANTS, self.proof());
                self.step(&[Act::SignIn(visitor, tenant, address, by)]);
                self.deliver();
                let (create, pick) =
                    (self.dice.roll(2) == 0, self.dice.pick(&[Pick::Newest, Pick::Newest, Pick::Wrong(1)]));
                let answers = [Act::Answer(visitor, pick, create); 2];
                let few = 1 + self.dice.roll(2) as usize;
                self.step(&answers[..few]);
            }
            8 => {
                self.step(&[Act::StepUp(user, address)]);
                self.deliver();
                self.step(&[Act::Again(user, Pick::Newest)]);
            }
            // An owner replaces an address.
            9 => {
                let new = self.address();
                self.step(&[Act::Replace(Road::Holder, user, address, new, How::Plain)]);
                self.step(&[Act::Start(Road::Holder, user, new, Some(ProofBy::Code))]);
                self.deliver();
                self.step(&[Act::Confirm(user, new, Pick::Newest)]);
            }
            10 => {
                self.deliver();
                let nth = self.dice.below(4);
                for _ in 0..2 {
                    let state = self.dice.below(8);
                    self.step(&[Act::Callback(nth, state)]);
                }
            }
            11..=13 => {
                let acts: Vec<Act> = (0..2 + self.dice.roll(2)).map(|_| self.act(user, address)).collect();
                self.step(&acts);
            }
            14 => {
                let act = self.around();
                self.step(&[act]);
            }
            _ => {
                let act = self.act(user, address);
                self.step(&[act]);
            }
        }
    }

    fn deliver(&mut self) {
        let mood = self.dice.roll(u32::MAX);
        self.step(&[Act::Deliver(mood)]);
    }

    fn step(&mut self, acts: &[Act]) {
        let nth = |dice: &mut Dice| dice.below(9);
        let fault = match self.dice.roll(30) {
            0 => Fault::Before(nth(&mut self.dice)),
            1 => Fault::After(nth(&mut self.dice)),
            2 => Fault::Conflict(nth(&mut self.dice)),
            3 => Fault::Leave(nth(&mut self.dice)),
            4 => Fault::Kill(nth(&mut self.dice)),
            _ => Fault::None,
        };
        let order = if acts.len() > 1 { self.dice.roll(u32::MAX) } else { 0 };
        self.steps.push(Step { acts: acts.to_vec(), process: self.dice.below(2), order, fault });
    }

    /// What happens around the users: time, clocks, processes, providers.
    fn around(&mut self) -> Act {
        match self.dice.roll(8) {
            0..=3 => Act::Wait(self.dice.pick(&[1, 31, 121, 301, 601, 3_601, 86_401])),
            4 => Act::Set(self.dice.pick(&[-7_200, -60, -1, 1, 3_600, 172_800])),
            5 => Act::Restart(self.dice.below(16)),
            6 => Act::Work(self.dice.pick(&[0, 1, 60])),
            _ => Act::Callback(self.dice.below(12), self.dice.below(8)),
        }
    }

    fn act(&mut self, user: u8, address: u8) -> Act {
        let tenant = user % TENANTS;
        match self.dice.roll(62) {
            0..=4 => Act::Create(user, address, self.dice.roll(2) == 0, self.dice.below(12)),
            5..=10 => Act::Add(self.road(), user, address, self.how()),
            11..=15 => {
                let proof = match self.dice.roll(12) {
                    0 => None,
                    1 => Some(ProofBy::Issued),
                    _ => Some(self.proof()),
                };
                Act::Start(self.road(), user, address, proof)
            }
            16..=20 => Act::Confirm(user, address, self.answer()),
            21 | 22 => Act::Open(user, address, self.answer()),
            23 => Act::Issue(user, address),
            24..=27 => {
                let mark = self.dice.pick(&[
                    Mark::Verified,
                    Mark::Verified,
                    Mark::Unverified,
                    Mark::Deliverable,
                    Mark::Cleared,
                ]);
                Act::Mark(user, address, mark)
            }
            28..=30 => Act::Primary(self.road(), user, address),
            31..=33 => Act::Replace(self.road(), user, address, self.address(), self.how()),
            34..=36 => Act::Remove(self.road(), user, address),
            37 | 38 => Act::Name(self.road(), user, self.dice.below(6)),
            39 => Act::Unname(self.road(), user),
            40 => Act::Profile(user, self.dice.below(13)),
            41 => match self.dice.below(4) {
                0 => Act::Label([Road::Holder, Road::Admin][usize::from(address % 2)], user, address, address % 3),
                number => Act::Report(user, number),
            },
            42 | 43 => Act::Switch(user, self.dice.roll(3) > 0),
            44 => Act::Erase(user),
            45 | 46 => {
                let record = match self.dice.roll(12) {
                    0 => Record::Crowd,
                    1 => Record::Twice,
                    2..=5 => Record::Plain,
                    _ => Record::Verified,
                };
                Act::Import(user, address, record)
            }
            47 => Act::Claims(tenant),
            48 => Act::Look(tenant, address),
            49 => Act::SignIn(self.dice.below(3), tenant, address, ProofBy::Code),
            50 => Act::SignInName(self.dice.below(3), tenant, self.dice.below(6)),
            51 | 52 => Act::Answer(self.dice.below(3), self.answer(), self.dice.roll(2) == 0),
            53 => Act::StepUp(user, address),
            54 => Act::Again(user, self.answer()),
            55 => Act::Callback(self.dice.below(12), self.dice.below(8)),
            56..=58 => Act::Deliver(self.dice.roll(u32::MAX)),
            60 | 61 => Act::Merge(user, self.user(), self.dice.roll(4) > 0),
            _ => self.around(),
        }
    }
}
