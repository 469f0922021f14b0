-- Deleted content is overwritten with zeros, free pages included.
PRAGMA secure_delete = ON;
-- The cells of a page are checked when the page is read.
PRAGMA cell_size_check = ON;
-- On macOS a plain sync leaves the data in the memory of the disk.
PRAGMA checkpoint_fullfsync = ON;
-- Functions that a damaged or malicious schema names are not run.
PRAGMA trusted_schema = OFF;
-- Automatic checkpoints would run inside a commit.
PRAGMA wal_autocheckpoint = 0;
