use super::bugs::Bug;
use super::model::Broken;
use super::run::run;
use super::script::{Fault, Script, Step};

/// Leaves out of a script whatever is not needed to break the same law. It runs the script at most `runs` times.
#[must_use]
pub fn shrunk(script: &Script, bug: Option<Bug>, broken: &Broken, runs: usize) -> Script {
    let mut left = runs;
    let mut breaks = |script: &Script| {
        left = left.saturating_sub(1);
        left > 0 && run(script, bug).broken.is_some_and(|(_, other)| other.law == broken.law)
    };
    let mut best = script.clone();
    if let Some((at, _)) = run(script, bug).broken {
        best.steps.truncate(at + 1);
    }
    loop {
        let before = best.clone();
        let mut size = best.steps.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < best.steps.len() {
                let mut fewer = best.clone();
                fewer.steps.drain(from..(from + size).min(best.steps.len()));
                if breaks(&fewer) { best = fewer } else { from += size }
            }
            size /= 2;
        }
        let mut place = 0;
        while place < best.steps.len() {
            for simpler in simpler(&best.steps[place]) {
                let mut script = best.clone();
                script.steps[place] = simpler;
                if breaks(&script) {
                    best = script;
                }
            }
            place += 1;
        }
        if best == before {
            return best;
        }
    }
}

/// The same step with less in it.
fn simpler(step: &Step) -> Vec<Step> {
    let mut simpler = vec![Step { fault: Fault::None, ..step.clone() }];
    if step.acts.len() > 1 {
        simpler.extend(step.acts.iter().map(|act| Step { acts: vec![*act], order: 0, ..step.clone() }));
    }
    simpler.retain(|other| other != step);
    simpler
}

impl Script {
    /// The number of acts.
    #[must_use]
    pub fn acts(&self) -> usize {
        self.steps.iter().map(|step| step.acts.len()).sum()
    }

    /// The script as a test, to be pasted into the crate's tests.
    ///
    /// # Panics
    /// Never: a script is plain data.
    #[must_use]
    pub fn as_test(&self, broken: &Broken) -> String {
        let script = serde_json::to_string(self).expect("a script is plain data");
        let name = broken.law.replace([' ', '-', '\''], "_");
        let said = &broken.found;
        format!("/// {said}\n#[test]\nfn {name}() {{\n    holds(r#\"{script}\"#);\n}}\n")
    }
}
