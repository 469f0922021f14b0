use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use identity::CodeKeys;

/// The key beside a database; it is made when there is none. A service keeps its key elsewhere, because codes can be made from
/// the database and the key together.
pub(crate) fn of(database: &Path) -> Result<CodeKeys, Box<dyn std::error::Error>> {
    let mut file = database.as_os_str().to_owned();
    file.push(".key");
    let file = PathBuf::from(file);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make(&file)?,
        Err(error) => return Err(format!("{}: {error}", file.display()).into()),
    };
    CodeKeys::parse(text.trim()).map_err(|error| format!("{}: {error}", file.display()).into())
}

#[expect(clippy::disallowed_methods, reason = "a key is the host's own randomness")]
fn make(file: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut created = options.open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    writeln!(created, "{text}")?;
    created.sync_all()?;
    Ok(text)
}
