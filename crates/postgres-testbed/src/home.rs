use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Whom servers run as, where it is not ourselves: user and group.
fn server_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        // What is ours belongs to us: the plainest way to learn who we are.
        let ours = tempfile::tempdir().expect("a temporary folder");
        if ours.path().metadata().expect("its owner").uid() != 0 {
            return None;
        }
        let users = std::fs::read_to_string("/etc/passwd").expect("the users of this machine");
        let ids = |name: &str| {
            let fields: Vec<&str> =
                users.lines().map(|line| line.split(':').collect()).find(|fields: &Vec<&str>| fields[0] == name)?;
            Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
        };
        let found = ids("postgres").or_else(|| ids("nobody"));
        Some(found.expect("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`"))
    })
}

/// A command as the user that servers run as, in a process group of its own, so that Ctrl-C is our affair alone.
pub(crate) fn as_server_user(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command.process_group(0).current_dir("/").stdin(Stdio::null());
    command
}

/// A new folder that belongs to the user that servers run as. Whoever serves from it removes it.
pub(crate) fn folder() -> PathBuf {
    let places = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into(), "/dev/shm".into()];
    let made = places.iter().find_map(|place| {
        let made = tempfile::Builder::new().prefix("postgres-testbed-").tempdir_in(place).ok()?;
        if let Some((user, group)) = server_user() {
            chown(made.path(), Some(user), Some(group)).ok()?;
        }
        reachable(made.path()).then(|| made.keep())
    });
    made.unwrap_or_else(|| panic!("no temporary folder that the server's user can reach: tried {places:?}"))
}

fn reachable(folder: &Path) -> bool {
    let mut test = as_server_user("/bin/sh");
    test.args(["-c", "cd \"$1\" && : > probe && rm probe", "sh"]).arg(folder).stderr(Stdio::null());
    test.status().is_ok_and(|status| status.success())
}

/// A file that the server's user can read.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("its permissions");
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).expect("its owner");
    }
}
