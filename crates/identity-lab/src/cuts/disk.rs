//! A disk in memory that keeps what was synced apart from what was only written, and whose power can fail.

use std::collections::BTreeMap;

use super::plan::Fault;

/// The files of a folder, by their names.
pub(super) type Image = BTreeMap<String, Vec<u8>>;

/// A sequence of numbers that follows from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is above 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).unwrap_or_default()
    }
}

/// What a file system promises about writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Device {
    /// The unit in which writes arrive or are lost: 512 or 4,096 bytes.
    pub(super) sector: usize,
    /// Whether bytes beside those that are written are safe when power fails.
    pub(super) powersafe: bool,
}

/// The reason why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// There is no power.
    Off,
    /// An error of the device.
    Broken,
    /// No room is left.
    Full,
}

/// What happens to the disk while it is used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    pub(super) fault: Fault,
    /// The first operation or read that fails, counted from 1; never, if it is 0.
    pub(super) at: u64,
    /// The number of operations or reads that fail.
    pub(super) lasts: u64,
}

/// A change that is not synced.
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
    Enter(String),
    Remove(String),
    /// A sync of a disk that answers early, and keeps its order.
    Barrier,
}

/// What becomes of a change when power fails.
enum Fate {
    Kept,
    Lost,
    Torn,
}

#[derive(Default)]
struct Content {
    live: Vec<u8>,
    synced: Vec<u8>,
}

/// The disk.
pub(super) struct Disk {
    pub(super) device: Device,
    trouble: Trouble,
    dice: Dice,
    /// The operations until now: writes, truncations, syncs, creations and deletions. A cut at a read leaves nothing that a
    /// cut at the next of these could not leave.
    pub(super) operations: u64,
    pub(super) reads: u64,
    off: bool,
    files: Vec<Content>,
    /// The names as programs see them, and those that are synced.
    names: BTreeMap<String, usize>,
    entries: BTreeMap<String, usize>,
    pending: Vec<(usize, Change)>,
}

impl Disk {
    /// A disk with these files on it, all of them synced.
    pub(super) fn new(image: &Image, device: Device, trouble: Trouble, dice: Dice) -> Self {
        let files = image.values().map(|bytes| Content { live: bytes.clone(), synced: bytes.clone() }).collect();
        let names: BTreeMap<_, _> = image.keys().cloned().zip(0..).collect();
        let (entries, pending) = (names.clone(), Vec::new());
        Self { device, trouble, dice, operations: 0, reads: 0, off: false, files, names, entries, pending }
    }

    /// Fails without power.
    pub(super) fn powered(&self) -> Result<(), Failed> {
        if self.off { Err(Failed::Off) } else { Ok(()) }
    }

    /// Whether memory that is to be shared finds no room, which counts as an operation.
    pub(super) fn is_full(&mut self) -> bool {
        let full = self.meets(self.operations + 1, Fault::Full);
        self.operations += u64::from(full);
        full
    }

    fn meets(&self, number: u64, fault: Fault) -> bool {
        let Trouble { fault: planned, at, lasts } = self.trouble;
        planned == fault && at > 0 && (at..at + lasts).contains(&number)
    }

    /// Counts an operation, and fails without power.
    fn count(&mut self) -> Result<(), Failed> {
        self.powered()?;
        self.operations += 1;
        Ok(())
    }

    /// Records a change that is under way. Power may fail at it.
    fn change(&mut self, file: usize, change: Change) -> Result<(), Failed> {
        if let Some(content) = self.files.get_mut(file) {
            apply(&mut content.live, &change);
        }
        self.pending.push((file, change));
        self.power()
    }

    /// Fails if the present operation is the one at which power fails.
    fn power(&mut self) -> Result<(), Failed> {
        let Trouble { fault, at, .. } = self.trouble;
        self.off |= matches!(fault, Fault::Cut | Fault::Lie) && at == self.operations;
        self.powered()
    }

    pub(super) fn find(&self, name: &str) -> Result<Option<usize>, Failed> {
        self.powered().map(|()| self.names.get(name).copied())
    }

    /// The file of this name, which is made if it is wanted and not there.
    pub(super) fn open(&mut self, name: &str, create: bool) -> Result<Option<usize>, Failed> {
        let found = self.find(name)?;
        if found.is_some() || !create {
            return Ok(found);
        }
        self.count()?;
        let file = self.files.len();
        self.files.push(Content::default());
        self.names.insert(name.to_owned(), file);
        self.change(file, Change::Enter(name.to_owned())).map(|()| Some(file))
    }

    /// Removes a file, and says whether there was one.
    pub(super) fn remove(&mut self, name: &str, sync: bool) -> Result<bool, Failed> {
        let Some(file) = self.find(name)? else { return Ok(false) };
        self.count()?;
        self.names.remove(name);
        self.change(file, Change::Remove(name.to_owned()))?;
        if sync {
            self.settle(None, true);
        }
        Ok(true)
    }

    pub(super) fn length(&self, file: usize) -> Result<usize, Failed> {
        self.powered().map(|()| self.files.get(file).map_or(0, |content| content.live.len()))
    }

    /// Reads into the buffer, and gives the number of bytes until the end of the file, or until a read of a log ends early.
    pub(super) fn read(&mut self, file: usize, at: usize, buffer: &mut [u8], log: bool) -> Result<usize, Failed> {
        self.powered()?;
        self.reads += 1;
        if self.meets(self.reads, Fault::Read) {
            return Err(Failed::Broken);
        }
        let there = self.files.get(file).and_then(|content| content.live.get(at..)).unwrap_or_default();
        let mut length = there.len().min(buffer.len());
        if log && self.meets(self.reads, Fault::Short) {
            length = self.dice.below(length + 1);
        }
        buffer[..length].copy_from_slice(&there[..length]);
        Ok(length)
    }

    pub(super) fn write(&mut self, file: usize, at: usize, bytes: &[u8]) -> Result<(), Failed> {
        self.count()?;
        let grows = at + bytes.len() > self.length(file)?;
        let failed = if self.meets(self.operations, Fault::Write) {
            Failed::Broken
        } else if grows && self.meets(self.operations, Fault::Full) {
            Failed::Full
        } else {
            return self.change(file, Change::Write(at, bytes.to_vec()));
        };
        // A part was written before the error.
        let part = self.dice.below(bytes.len() + 1);
        self.change(file, Change::Write(at, bytes[..part].to_vec()))?;
        Err(failed)
    }

    pub(super) fn truncate(&mut self, file: usize, length: usize) -> Result<(), Failed> {
        self.count()?;
        self.change(file, Change::Truncate(length))
    }

    /// Syncs a file and, if it is asked for, the names of the folder.
    pub(super) fn sync(&mut self, file: usize, folder: bool) -> Result<(), Failed> {
        self.count()?;
        self.power()?;
        if self.meets(self.operations, Fault::Sync) {
            // The system forgets which writes it tried: each of them is on the disk or never will be.
            let (lost, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
                .into_iter()
                .partition(|(of, change)| *of == file && matches!(change, Change::Write(..) | Change::Truncate(_)));
            self.pending = rest;
            for (file, change) in lost {
                self.meet(file, change, None);
            }
            return Err(Failed::Broken);
        }
        self.settle(Some(file), folder);
        Ok(())
    }

    /// Makes the changes of a file, or those of the names, durable.
    fn settle(&mut self, file: Option<usize>, names: bool) {
        if self.trouble.fault == Fault::Lie {
            return self.pending.push((0, Change::Barrier));
        }
        for (of, change) in std::mem::take(&mut self.pending) {
            let is_name = matches!(change, Change::Enter(_) | Change::Remove(_));
            if if is_name { names } else { file == Some(of) } {
                self.meet(of, change, Some(Fate::Kept));
            } else {
                self.pending.push((of, change));
            }
        }
    }

    /// Lets a change meet its fate on the disk, or one of the dice.
    fn meet(&mut self, file: usize, change: Change, fate: Option<Fate>) {
        let dice = &mut self.dice;
        let fate = fate.unwrap_or_else(|| {
            [Fate::Kept, Fate::Lost, Fate::Torn].into_iter().nth(dice.below(3)).unwrap_or(Fate::Lost)
        });
        let Some(content) = self.files.get_mut(file) else { return };
        match (fate, change) {
            (Fate::Lost, _) | (_, Change::Barrier) => {}
            (Fate::Torn, Change::Write(at, bytes)) => tear(&mut content.synced, at, &bytes, self.device, dice),
            (Fate::Torn, _) if dice.below(2) == 0 => {}
            (_, Change::Enter(name)) => drop(self.entries.insert(name, file)),
            // The name may be another file's by now.
            (_, Change::Remove(name)) => self.entries.retain(|entry, of| *entry != name || *of != file),
            (_, change) => apply(&mut content.synced, &change),
        }
    }

    /// Cuts the power, unless it has failed before, and gives what is left.
    pub(super) fn cut(&mut self) -> Image {
        self.off = true;
        let mut pending = std::mem::take(&mut self.pending);
        if self.trouble.fault == Fault::Lie {
            // What was written before some barrier is there, and nothing that was written after the next one.
            let barriers = pending.iter().enumerate().filter(|(_, (_, change))| matches!(change, Change::Barrier));
            let mut barriers: Vec<_> = barriers.map(|(at, _)| at).collect();
            barriers.push(pending.len());
            let which = self.dice.below(barriers.len());
            pending.truncate(barriers[which]);
            let loose = pending.split_off(if which == 0 { 0 } else { barriers[which - 1] });
            pending.into_iter().for_each(|(file, change)| self.meet(file, change, Some(Fate::Kept)));
            pending = loose;
        }
        // Nothing arrived, or everything, or what was written first, or any of it.
        let (manner, turn) = (self.dice.below(4), self.dice.below(pending.len() + 1));
        for (number, (file, change)) in pending.into_iter().enumerate() {
            let fate = match (manner, number.cmp(&turn)) {
                (0, _) | (2, std::cmp::Ordering::Greater) => Some(Fate::Lost),
                (1, _) | (2, std::cmp::Ordering::Less) => Some(Fate::Kept),
                (2, _) => Some(Fate::Torn),
                _ => None,
            };
            self.meet(file, change, fate);
        }
        let content = |file: &usize| self.files.get(*file).map(|content| content.synced.clone()).unwrap_or_default();
        self.entries.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// The files as programs see them.
    pub(super) fn image(&self) -> Image {
        let content = |file: &usize| self.files.get(*file).map(|content| content.live.clone()).unwrap_or_default();
        self.names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }
}

/// Applies a change to the bytes of a file.
fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, bytes) => {
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(bytes);
        }
        Change::Truncate(length) => content.truncate(*length),
        Change::Enter(_) | Change::Remove(_) | Change::Barrier => {}
    }
}

/// Writes some sectors, some not, some in part, and leaves noise in others.
fn tear(content: &mut Vec<u8>, at: usize, bytes: &[u8], Device { sector, powersafe }: Device, dice: &mut Dice) {
    let end = at + bytes.len();
    if content.len() < end {
        // A file may have grown before its bytes arrived.
        let noise = u8::try_from(dice.below(256)).unwrap_or(0) * u8::from(dice.below(2) == 0);
        content.resize(end, noise);
    }
    for begin in (at / sector * sector..end).step_by(sector) {
        let (from, to) = (begin.max(at), (begin + sector).min(end));
        let arrived = match dice.below(4) {
            0 => from,
            1 => to,
            2 => from + dice.below(to - from),
            _ => {
                let damaged = if powersafe { from..to } else { begin..(begin + sector).min(content.len()) };
                content[damaged].iter_mut().for_each(|byte| *byte = dice.roll().to_le_bytes()[0]);
                continue;
            }
        };
        content[from..arrived].copy_from_slice(&bytes[from - at..arrived - at]);
    }
}
