//! Generates the tables of `address::phone` from the numbering plans in the crate `phonenumber`.
//!
//! It writes two files. `numbers.bin` is a minimal automaton over the digits of an E.164 number. Each node has eleven
//! little-endian `u16`: the successors for the digits 0 to 9, and the verdict on the number that ends at the node (see
//! `verdict`). Libphonenumber's rules for choosing region and type are applied here, so that the program that uses the
//! tables has nothing to load, to compile or to lock. `plans.rs` lists what is needed to read national forms: prefixes,
//! the rules that rewrite them, and lengths.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// E.164 clause 6.2.1: at most 15 digits, country code included.
const MAX_DIGITS: usize = 15;
/// The bit of a verdict that is set when the pattern of the national prefix matches the beginning of the number.
const PREFIX_LIKE: u16 = 1 << 15;

// The codes of types in verdicts, which `NumberType::from_code` reads.
const FIXED_LINE: u16 = 0;
const MOBILE: u16 = 1;
const FIXED_LINE_OR_MOBILE: u16 = 2;

/// The numbering plans with which this library is tested: their version, and the hash of the data that is used. The
/// crate
/// `phonenumber` does not offer its version to programs.
const TESTED: (&str, u64) = ("9.0.33", 0xe022_a547_34cd_d950);

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");

    let mut plans: Vec<Plan> = Vec::new();
    for code in 1..=999u16 {
        for (rank, metadata) in DATABASE.by_code(&code).unwrap_or_default().into_iter().enumerate() {
            plans.push(Plan::new(metadata, rank));
        }
    }
    if plans.len() > 0xff {
        return Err("more plans than a verdict's 8 bits can number".into());
    }
    plans.sort_by(|a, b| (&a.id, a.code).cmp(&(&b.id, b.code)));

    let mut numbers = Numbers::default();
    numbers.intern([0; 10], 0)?;
    let mut by_code: HashMap<u16, Vec<(usize, &Plan)>> = HashMap::new();
    for (index, plan) in plans.iter().enumerate() {
        by_code.entry(plan.code).or_default().push((index, plan));
    }
    let root = numbers.country_codes(0, 0, &mut by_code)?;

    let out = env::var("OUT_DIR")?;
    let bytes: Vec<u8> = numbers.nodes.iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(Path::new(&out).join("numbers.bin"), bytes)?;
    let mut source = source(&plans, root)?;
    writeln!(source, "pub(super) const VERSION: &str = {:?};", version(&plans))?;
    fs::write(Path::new(&out).join("plans.rs"), source)?;
    Ok(())
}

/// The version of the plans; for plans other than [`TESTED`], `unknown-` and their hash (FNV-1a).
fn version(plans: &[Plan]) -> String {
    let hash = format!("{plans:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    if hash == TESTED.1 { TESTED.0.to_owned() } else { format!("unknown-{hash:016x}") }
}

/// The data of a region's numbering plan that are used here.
#[derive(Debug)]
struct Plan {
    id: String,
    code: u16,
    /// The rank among the regions that share the country code. The main region has rank 0, as in libphonenumber.
    rank: usize,
    general: String,
    lengths: u32,
    local_lengths: u32,
    /// In the order in which libphonenumber tries the types.
    kinds: Vec<Kind>,
    leading_digits: Option<String>,
    prefix: Option<String>,
    rewrite: Option<String>,
    idd: Option<String>,
}

#[derive(Debug)]
struct Kind {
    code: u16,
    pattern: String,
    lengths: u32,
}

impl Plan {
    fn new(metadata: &Metadata, rank: usize) -> Self {
        let of = metadata.descriptors();
        let kinds: Vec<(u16, &Descriptor)> = [
            (4, of.premium_rate()),
            (3, of.toll_free()),
            (5, of.shared_cost()),
            (6, of.voip()),
            (7, of.personal_number()),
            (8, of.pager()),
            (9, of.uan()),
            (10, of.voicemail()),
            (FIXED_LINE, of.fixed_line()),
            (MOBILE, of.mobile()),
        ]
        .into_iter()
        .filter_map(|(code, descriptor)| Some((code, descriptor?)))
        .collect();
        // The source states lengths only for types. Those of the plan are the union.
        let lengths = kinds.iter().fold(0, |all, (_, kind)| all | mask(kind.possible_length()));
        let local_lengths = kinds.iter().fold(0, |all, (_, kind)| all | mask(kind.possible_local_length()));
        Self {
            id: metadata.id().to_owned(),
            code: metadata.country_code(),
            rank,
            general: pattern(of.general().national_number().as_str()),
            lengths,
            local_lengths: local_lengths & !lengths,
            kinds: kinds
                .into_iter()
                .map(|(code, kind)| Kind {
                    code,
                    pattern: pattern(kind.national_number().as_str()),
                    lengths: mask(kind.possible_length()),
                })
                .collect(),
            leading_digits: metadata.leading_digits().map(|regex| pattern(regex.as_str())),
            prefix: metadata
                .national_prefix_for_parsing()
                .map(|regex| pattern(regex.as_str()))
                .or_else(|| metadata.national_prefix().map(str::to_owned)),
            rewrite: metadata.national_prefix_transform_rule().map(str::to_owned),
            idd: metadata.international_prefix().map(|regex| pattern(regex.as_str())),
        }
    }
}

/// The pattern without white space, because the source spreads patterns over several lines.
fn pattern(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn mask(lengths: &[u16]) -> u32 {
    lengths.iter().fold(0, |all, length| all | 1u32.checked_shl(u32::from(*length)).unwrap_or(0))
}

fn has(lengths: u32, length: usize) -> bool {
    lengths >> length & 1 == 1
}

/// The automaton under construction. Equal nodes are stored once, so that it is minimal.
#[derive(Default)]
struct Numbers {
    nodes: Vec<[u16; 11]>,
    known: HashMap<[u16; 11], u16>,
}

impl Numbers {
    fn intern(&mut self, next: [u16; 10], verdict: u16) -> Result<u16> {
        let mut node = [verdict; 11];
        for (slot, successor) in node.iter_mut().zip(next) {
            *slot = successor;
        }
        if let Some(known) = self.known.get(&node) {
            return Ok(*known);
        }
        let id = u16::try_from(self.nodes.len()).map_err(|_| "more nodes than 16 bits can number: widen the table")?;
        self.nodes.push(node);
        self.known.insert(node, id);
        Ok(id)
    }

    /// The node that is reached by the `length` digits of `read`, which are a country code or the beginning of one.
    fn country_codes(&mut self, read: u16, length: usize, of: &mut HashMap<u16, Vec<(usize, &Plan)>>) -> Result<u16> {
        if let Some(mut plans) = of.remove(&read) {
            plans.sort_by_key(|(_, plan)| plan.rank);
            let country = Country::new(plans)?;
            return self.nationals(&country, country.start()?, 0, MAX_DIGITS - length, &mut HashMap::new());
        }
        let mut next = [0; 10];
        if length < 3 {
            // No country code begins with 0.
            for (digit, slot) in (0u16..).zip(&mut next).skip(usize::from(length == 0)) {
                *slot = self.country_codes(read * 10 + digit, length + 1, of)?;
            }
        }
        self.intern(next, 0)
    }

    fn nationals(
        &mut self,
        country: &Country<'_>,
        state: StateID,
        length: usize,
        longest: usize,
        done: &mut HashMap<(StateID, usize), u16>,
    ) -> Result<u16> {
        if country.dfa.is_dead_state(state) {
            return Ok(0);
        }
        if let Some(node) = done.get(&(state, length)) {
            return Ok(*node);
        }
        let mut next = [0; 10];
        if length < longest {
            for (digit, slot) in (b'0'..).zip(&mut next) {
                let state = country.dfa.next_state(state, digit);
                *slot = self.nationals(country, state, length + 1, longest, done)?;
            }
        }
        let node = self.intern(next, country.verdict(state, length))?;
        done.insert((state, length), node);
        Ok(node)
    }
}

/// All plans of a country code, with an automaton that says which of their patterns match.
struct Country<'a> {
    plans: Vec<(usize, &'a Plan)>,
    roles: Vec<Role>,
    dfa: dense::DFA<Vec<u32>>,
}

/// The role of a pattern in the automaton. The number is the index of its plan in `Country::plans`.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    General(usize),
    Kind(usize, u16),
    LeadingDigits(usize),
    NationalPrefix,
}

impl<'a> Country<'a> {
    fn new(plans: Vec<(usize, &'a Plan)>) -> Result<Self> {
        let (mut roles, mut patterns) = (Vec::new(), Vec::new());
        let mut add = |role, pattern: &str, whole: bool| {
            roles.push(role);
            patterns.push(format!(r"\A(?:{pattern}){}\z", if whole { "" } else { "[0-9]*" }));
        };
        for (place, (_, plan)) in plans.iter().enumerate() {
            add(Role::General(place), &plan.general, true);
            for kind in &plan.kinds {
                add(Role::Kind(place, kind.code), &kind.pattern, true);
            }
            if let Some(digits) = &plan.leading_digits {
                add(Role::LeadingDigits(place), digits, false);
            }
            // An international number is read by the plan of the code's main region.
            if let (0, Some(prefix)) = (place, &plan.prefix) {
                add(Role::NationalPrefix, prefix, false);
            }
        }
        let dfa = dense::Builder::new()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .configure(dense::Config::new().match_kind(MatchKind::All).start_kind(StartKind::Anchored))
            .build_many(&patterns)?;
        Ok(Self { plans, roles, dfa })
    }

    fn start(&self) -> Result<StateID> {
        Ok(self.dfa.start_state_forward(&Input::new("").anchored(Anchored::Yes))?)
    }

    /// 0 for a number that is not valid; otherwise the index of its plan plus 1, the code of its type shifted left by
    /// 8, and `PREFIX_LIKE` where it applies.
    fn verdict(&self, state: StateID, length: usize) -> u16 {
        let end = self.dfa.next_eoi_state(state);
        if !self.dfa.is_match_state(end) {
            return 0;
        }
        let matched: Vec<Role> = (0..self.dfa.match_len(end))
            .filter_map(|i| self.roles.get(self.dfa.match_pattern(end, i).as_usize()).copied())
            .collect();
        // A code with a single region leaves no choice. Otherwise the leading digits decide where the plan has any,
        // even when the number is not valid there.
        let alone = self.plans.len() == 1;
        for (place, (index, plan)) in self.plans.iter().enumerate() {
            let kind = kind(place, plan, &matched, length);
            let chosen = match plan.leading_digits {
                _ if alone => true,
                Some(_) => matched.contains(&Role::LeadingDigits(place)),
                None => kind.is_some(),
            };
            if chosen {
                let prefix_like = if matched.contains(&Role::NationalPrefix) { PREFIX_LIKE } else { 0 };
                let index = u16::try_from(*index).unwrap_or(u16::MAX);
                return kind.map_or(0, |kind| (index + 1) | kind << 8 | prefix_like);
            }
        }
        0
    }
}

/// The type of a number in a plan; `None` when the plan does not list the number.
fn kind(place: usize, plan: &Plan, matched: &[Role], length: usize) -> Option<u16> {
    if !has(plan.lengths, length) || !matched.contains(&Role::General(place)) {
        return None;
    }
    let matches = |kind: &&Kind| has(kind.lengths, length) && matched.contains(&Role::Kind(place, kind.code));
    let of = |code: u16| plan.kinds.iter().find(|kind| kind.code == code);
    let (fixed, mobile) = (of(FIXED_LINE), of(MOBILE));
    // Equal patterns stand for both types at once, whatever lengths the second states.
    let same = matches!((fixed, mobile), (Some(fixed), Some(mobile)) if fixed.pattern == mobile.pattern);
    match plan.kinds.iter().find(matches)?.code {
        FIXED_LINE if same || mobile.is_some_and(|mobile| matches(&mobile)) => Some(FIXED_LINE_OR_MOBILE),
        MOBILE if same => None,
        code => Some(code),
    }
}

fn source(plans: &[Plan], root: u16) -> Result<String> {
    let mut text = format!("pub(super) const ROOT: u16 = {root};\n");
    writeln!(text, "pub(super) static PLANS: [Plan; {}] = [", plans.len())?;
    for plan in plans {
        let Plan { id, code, general, lengths, local_lengths, prefix, rewrite, idd, .. } = plan;
        writeln!(
            text,
            "Plan {{ id: {id:?}, code: {code}, general: {general:?}, lengths: {lengths:#x}, \
             local_lengths: {local_lengths:#x}, prefix: {prefix:?}, rewrite: {rewrite:?}, idd: {idd:?} }},"
        )?;
    }
    let mut main: Vec<(u16, usize)> = (0..).zip(plans).filter(|(_, p)| p.rank == 0).map(|(i, p)| (p.code, i)).collect();
    main.sort_unstable();
    writeln!(text, "];\npub(super) static MAIN: [(u16, usize); {}] = {main:?};", main.len())?;
    Ok(text)
}
