//! Cells in the text format of COPY, as PostgreSQL writes them too, so that both sides can be compared byte by byte.

use std::fmt::Write as _;

use identity_sqlite::rusqlite::types::ValueRef;

use crate::tables::Kind;

/// Writes a cell, or returns what is wrong with it.
pub(crate) fn write(cell: ValueRef<'_>, kind: Kind, line: &mut String) -> Result<(), &'static str> {
    match (cell, kind) {
        (ValueRef::Null, _) => line.push_str("\\N"),
        (ValueRef::Integer(0), Kind::Flag) => line.push('f'),
        (ValueRef::Integer(1), Kind::Flag) => line.push('t'),
        (ValueRef::Integer(number), Kind::Number) => {
            let _ = write!(line, "{number}");
        }
        (ValueRef::Text(text), Kind::Text) => escape(std::str::from_utf8(text).map_err(|_| "is not UTF-8")?, line)?,
        (ValueRef::Blob(bytes), Kind::Id) => {
            if bytes.len() != 16 {
                return Err("is not an id of 16 bytes");
            }
            for (place, byte) in bytes.iter().enumerate() {
                if matches!(place, 4 | 6 | 8 | 10) {
                    line.push('-');
                }
                let _ = write!(line, "{byte:02x}");
            }
        }
        (ValueRef::Blob(bytes), Kind::Bytes) => {
            line.push_str("\\\\x");
            for byte in bytes {
                let _ = write!(line, "{byte:02x}");
            }
        }
        _ => return Err("has another type than the column of the target"),
    }
    Ok(())
}

fn escape(text: &str, line: &mut String) -> Result<(), &'static str> {
    for character in text.chars() {
        match character {
            '\0' => return Err("contains the character NUL, which PostgreSQL cannot store"),
            '\\' => line.push_str("\\\\"),
            '\u{8}' => line.push_str("\\b"),
            '\u{c}' => line.push_str("\\f"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\u{b}' => line.push_str("\\v"),
            character => line.push(character),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_copy_has_them() {
        let written = |cell, kind| {
            let mut line = String::new();
            write(cell, kind, &mut line).map(|()| line)
        };
        assert_eq!(written(ValueRef::Null, Kind::Id).unwrap(), "\\N");
        assert_eq!(written(ValueRef::Integer(1), Kind::Flag).unwrap(), "t");
        assert_eq!(written(ValueRef::Integer(i64::MIN), Kind::Number).unwrap(), "-9223372036854775808");
        assert_eq!(written(ValueRef::Text(b"a\\N\tb\n"), Kind::Text).unwrap(), "a\\\\N\\tb\\n");
        assert_eq!(written(ValueRef::Blob(&[0xab, 1]), Kind::Bytes).unwrap(), "\\\\xab01");
        let id: Vec<u8> = (0..16).collect();
        assert_eq!(written(ValueRef::Blob(&id), Kind::Id).unwrap(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert!(written(ValueRef::Text(b"a\0b"), Kind::Text).unwrap_err().contains("NUL"));
        assert!(written(ValueRef::Text(&[0xff]), Kind::Text).unwrap_err().contains("UTF-8"));
        assert!(written(ValueRef::Integer(2), Kind::Flag).is_err());
        assert!(written(ValueRef::Blob(&[1]), Kind::Id).is_err());
    }
}
