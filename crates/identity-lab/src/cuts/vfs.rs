//! A file system under SQLite that keeps the files of chosen folders on a [`Disk`], and leaves all others to the system's own.
#![expect(unsafe_code, reason = "SQLite calls a file system through C functions and pointers")]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use identity_sqlite::rusqlite::ffi;

use super::disk::{Disk, Failed};

/// A disk and what the processes of its machine share: locks and memory. Both are gone when power fails.
pub(super) struct Machine {
    pub(super) disk: Disk,
    shared: BTreeMap<usize, Shared>,
}

impl Machine {
    pub(super) fn new(disk: Disk) -> Self {
        Self { disk, shared: BTreeMap::new() }
    }
}

/// What the connections to one file share.
#[derive(Default)]
struct Shared {
    /// The number of shared locks, and the holders of the other two.
    readers: usize,
    reserved: Option<usize>,
    pending: Option<usize>,
    /// The index of the write-ahead log: how many use it, its memory, and its locks.
    users: usize,
    memory: Vec<Box<[AtomicU64]>>,
    slots: Slots,
}

/// For each lock the number of its shares, or -1 when one connection holds all of it.
type Slots = [i32; ffi::SQLITE_SHM_NLOCK as usize];

type Place = Arc<Mutex<Machine>>;

/// The machines by their folders.
static MOUNTED: Mutex<BTreeMap<PathBuf, Place>> = Mutex::new(BTreeMap::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder whose files are on a disk of ours, for as long as this lives.
pub(super) struct Mount {
    folder: PathBuf,
    machine: Place,
}

impl Mount {
    /// Puts a machine in the place of whatever was in the folder.
    pub(super) fn new(folder: &Path, machine: Machine) -> Self {
        register();
        let machine = Arc::new(Mutex::new(machine));
        lock(&MOUNTED).insert(folder.to_owned(), Arc::clone(&machine));
        Self { folder: folder.to_owned(), machine }
    }

    pub(super) fn disk<T>(&self, look: impl FnOnce(&mut Disk) -> T) -> T {
        look(&mut lock(&self.machine).disk)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        lock(&MOUNTED).remove(&self.folder);
    }
}

/// Makes this the file system that SQLite uses by default in this process.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the name is null, which asks for the default file system. SQLite never frees it.
        let base = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
        // SAFETY: `base` points to a file system, which is plain data. Its functions that are kept do not look at which file
        // system they are called for.
        let vfs = ffi::sqlite3_vfs {
            zName: c"identity-lab".as_ptr(),
            pNext: ptr::null_mut(),
            pAppData: base.cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            ..unsafe { *base }
        };
        // A handle of the system's has room for one of ours.
        const { assert!(size_of::<Handle>() <= 16) };
        // SAFETY: the structure lives as long as the process, and its functions keep SQLite's contract.
        unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 1) };
    });
}

/// What SQLite keeps of an open file: its own part, and a pointer to ours.
#[repr(C)]
struct Handle {
    file: ffi::sqlite3_file,
    open: *mut Open,
}

struct Open {
    machine: Place,
    file: usize,
    /// Whether it is a log or a journal.
    log: bool,
    /// Whether the next sync is one of the folder too, because the log may be new.
    syncs_folder: bool,
    level: c_int,
    maps: bool,
    /// What it holds of the locks of the shared memory.
    slots: Slots,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(unlock_file),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Calls the same function of the system's file system.
macro_rules! leave {
    ($method:ident, $vfs:expr, $($argument:expr),*) => {{
        // SAFETY: `pAppData` is the file system that was registered before, and the arguments are those of the caller.
        unsafe {
            let base = (*$vfs).pAppData.cast::<ffi::sqlite3_vfs>();
            (*base).$method.map_or(ffi::SQLITE_ERROR, |call| call(base, $($argument),*))
        }
    }};
}

/// The machine of a path, and the name of the file; `None` for a file that has no name or is on no disk of ours.
///
/// # Safety
/// The name is null or ends with a zero byte.
unsafe fn place(name: *const c_char) -> Option<(Place, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let path = Path::new(unsafe { CStr::from_ptr(name) }.to_str().ok()?);
    let machine = lock(&MOUNTED).get(path.parent()?).map(Arc::clone)?;
    Some((machine, path.file_name()?.to_str()?.to_owned()))
}

/// Runs an operation and gives its code; `broken` is what an error of the device is for it.
fn code(broken: c_int, run: impl FnOnce() -> Result<c_int, Failed>) -> c_int {
    match run() {
        Ok(code) => code,
        Err(Failed::Full) => ffi::SQLITE_FULL,
        Err(Failed::Broken) => broken,
        Err(Failed::Off) => ffi::SQLITE_IOERR,
    }
}

fn length(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(0)
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes null or a text.
    let Some((machine, text)) = (unsafe { place(name) }) else { return leave!(xOpen, vfs, name, file, flags, out) };
    // SAFETY: SQLite passes `szOsFile` bytes, which have room for a handle. Without methods it does not close the file.
    unsafe { (*file).pMethods = ptr::null() };
    let Ok(Some(number)) = lock(&machine).disk.open(&text, flags & ffi::SQLITE_OPEN_CREATE != 0) else {
        return ffi::SQLITE_CANTOPEN;
    };
    let log = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL) != 0;
    let syncs_folder = log && flags & ffi::SQLITE_OPEN_CREATE != 0;
    let level = ffi::SQLITE_LOCK_NONE;
    let open = Open { machine, file: number, log, syncs_folder, level, maps: false, slots: Slots::default() };
    // SAFETY: as above; `out` is null or points to an integer.
    unsafe {
        (*file.cast::<Handle>()).open = Box::into_raw(Box::new(open));
        (*file).pMethods = &raw const METHODS;
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite passes a text.
    let Some((machine, text)) = (unsafe { place(name) }) else { return leave!(xDelete, vfs, name, sync) };
    code(ffi::SQLITE_IOERR_DELETE, || {
        let removed = lock(&machine).disk.remove(&text, sync != 0)?;
        Ok(if removed { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_DELETE_NOENT })
    })
}

unsafe extern "C" fn access(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: SQLite passes a text.
    let Some((machine, text)) = (unsafe { place(name) }) else { return leave!(xAccess, vfs, name, flags, out) };
    code(ffi::SQLITE_IOERR_ACCESS, || {
        let disk = &lock(&machine).disk;
        let length = disk.find(&text)?.map(|file| disk.length(file)).transpose()?;
        // An empty file counts as none, as on Unix.
        let there = length.is_some_and(|length| length > 0 || flags != ffi::SQLITE_ACCESS_EXISTS);
        // SAFETY: SQLite passes a pointer to an integer.
        unsafe { *out = c_int::from(there) };
        Ok(ffi::SQLITE_OK)
    })
}

unsafe extern "C" fn full_path(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a text.
    if unsafe { place(name) }.is_none() {
        return leave!(xFullPathname, vfs, name, room, out);
    }
    // SAFETY: as above.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if bytes.len() > length(room) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for `room` bytes, and is no part of the name.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), out.cast(), bytes.len()) };
    ffi::SQLITE_OK
}

/// Makes a method of an open file: a C function that locks the machine and gives the code of what the body says, where the named
/// code stands for an error of the device.
macro_rules! methods {
    ($($name:ident($open:ident, $machine:ident $(, $argument:ident: $type:ty)*) or $broken:ident $body:block)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $type)*) -> c_int {
            // SAFETY: SQLite passes a file that `open` has opened and `close` has not closed, and no other call uses its handle
            // meanwhile, because that of its connection holds a lock.
            let $open = unsafe { &mut *(*file.cast::<Handle>()).open };
            let place = Arc::clone(&$open.machine);
            let mut guard = lock(&place);
            let $machine = &mut *guard;
            code(ffi::$broken, || $body)
        }
    )*};
}

methods! {
    read(open, machine, to: *mut c_void, count: c_int, at: i64) or SQLITE_IOERR_READ {
        // SAFETY: SQLite passes a buffer of this many bytes, which are made zeros first.
        let buffer = unsafe {
            to.cast::<u8>().write_bytes(0, length(count));
            std::slice::from_raw_parts_mut(to.cast::<u8>(), length(count))
        };
        let read = machine.disk.read(open.file, length(at), buffer, open.log)?;
        Ok(if read < buffer.len() { ffi::SQLITE_IOERR_SHORT_READ } else { ffi::SQLITE_OK })
    }

    write(open, machine, from: *const c_void, count: c_int, at: i64) or SQLITE_IOERR_WRITE {
        // SAFETY: SQLite passes this many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length(count)) };
        machine.disk.write(open.file, length(at), bytes).map(|()| ffi::SQLITE_OK)
    }

    truncate(open, machine, size: i64) or SQLITE_IOERR_TRUNCATE {
        machine.disk.truncate(open.file, length(size)).map(|()| ffi::SQLITE_OK)
    }

    sync(open, machine, _flags: c_int) or SQLITE_IOERR_FSYNC {
        machine.disk.sync(open.file, open.syncs_folder)?;
        open.syncs_folder = false;
        Ok(ffi::SQLITE_OK)
    }

    file_size(open, machine, out: *mut i64) or SQLITE_IOERR_FSTAT {
        let size = i64::try_from(machine.disk.length(open.file)?).unwrap_or(i64::MAX);
        // SAFETY: SQLite passes a pointer to a number.
        unsafe { *out = size };
        Ok(ffi::SQLITE_OK)
    }

    lock_file(open, machine, wanted: c_int) or SQLITE_IOERR_LOCK {
        machine.disk.powered()?;
        let (own, shared) = (ptr::from_ref(open).addr(), machine.shared.entry(open.file).or_default());
        if open.level >= wanted {
            return Ok(ffi::SQLITE_OK);
        }
        let is_free = match wanted {
            ffi::SQLITE_LOCK_SHARED => shared.pending.is_none(),
            ffi::SQLITE_LOCK_RESERVED => *shared.reserved.get_or_insert(own) == own,
            // No new readers come while those that are there leave.
            _ => *shared.pending.get_or_insert(own) == own && shared.readers == 1,
        };
        if !is_free {
            return Ok(ffi::SQLITE_BUSY);
        }
        shared.readers += usize::from(wanted == ffi::SQLITE_LOCK_SHARED);
        open.level = wanted;
        Ok(ffi::SQLITE_OK)
    }

    unlock_file(open, machine, wanted: c_int) or SQLITE_IOERR_UNLOCK {
        let (own, shared) = (ptr::from_ref(open).addr(), machine.shared.entry(open.file).or_default());
        shared.reserved.take_if(|holder| *holder == own);
        shared.pending.take_if(|holder| *holder == own);
        if open.level > wanted {
            shared.readers -= usize::from(wanted == ffi::SQLITE_LOCK_NONE);
            open.level = wanted;
        }
        Ok(ffi::SQLITE_OK)
    }

    check_reserved(open, machine, out: *mut c_int) or SQLITE_IOERR_CHECKRESERVEDLOCK {
        let shared = machine.shared.entry(open.file).or_default();
        // SAFETY: SQLite passes a pointer to an integer.
        unsafe { *out = c_int::from(shared.reserved.or(shared.pending).is_some()) };
        Ok(ffi::SQLITE_OK)
    }

    sector_size(_open, machine) or SQLITE_OK {
        Ok(c_int::try_from(machine.disk.device.sector).unwrap_or(0))
    }

    characteristics(_open, machine) or SQLITE_OK {
        Ok(c_int::from(machine.disk.device.powersafe) * ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE)
    }

    shm_map(open, machine, region: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) or SQLITE_IOERR_SHMMAP {
        machine.disk.powered()?;
        let shared = machine.shared.entry(open.file).or_default();
        shared.users += usize::from(!open.maps);
        open.maps = true;
        while extend != 0 && shared.memory.len() <= length(region) {
            if machine.disk.is_full() {
                return Ok(ffi::SQLITE_IOERR_SHMSIZE);
            }
            shared.memory.push((0..length(size) / 8).map(|_| AtomicU64::new(0)).collect());
        }
        let memory = shared.memory.get(length(region));
        // SAFETY: SQLite passes a pointer to a pointer. The memory stays where it is until its last user leaves, and what is in
        // it may change behind a shared reference.
        unsafe { *out = memory.map_or(ptr::null_mut(), |memory| memory.as_ptr().cast_mut().cast()) };
        Ok(ffi::SQLITE_OK)
    }

    shm_lock(open, machine, first: c_int, count: c_int, flags: c_int) or SQLITE_IOERR_SHMLOCK {
        let shared = machine.shared.entry(open.file).or_default();
        // What this connection is to hold of each lock: nothing, a share, or all of it.
        let wanted = match flags {
            _ if flags & ffi::SQLITE_SHM_UNLOCK != 0 => 0,
            _ if flags & ffi::SQLITE_SHM_EXCLUSIVE != 0 => -1,
            _ => 1,
        };
        if wanted != 0 {
            machine.disk.powered()?;
        }
        let slots = length(first)..length(first + count);
        let others = |slot: usize| shared.slots[slot] - open.slots[slot];
        if slots.clone().any(|slot| wanted == -1 && others(slot) != 0 || wanted == 1 && others(slot) < 0) {
            return Ok(ffi::SQLITE_BUSY);
        }
        for slot in slots {
            shared.slots[slot] += wanted - open.slots[slot];
            open.slots[slot] = wanted;
        }
        Ok(ffi::SQLITE_OK)
    }

    shm_unmap(open, machine, _delete: c_int) or SQLITE_IOERR_SHMMAP {
        let shared = machine.shared.entry(open.file).or_default();
        let held = std::mem::take(&mut open.slots);
        shared.slots.iter_mut().zip(held).for_each(|(all, own)| *all -= own);
        shared.users -= usize::from(std::mem::take(&mut open.maps));
        if shared.users == 0 {
            shared.memory.clear();
        }
        Ok(ffi::SQLITE_OK)
    }
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite passes an open file, and does not use it afterwards.
    unsafe {
        unlock_file(file, ffi::SQLITE_LOCK_NONE);
        shm_unmap(file, 0);
        drop(Box::from_raw((*file.cast::<Handle>()).open));
    }
    ffi::SQLITE_OK
}
