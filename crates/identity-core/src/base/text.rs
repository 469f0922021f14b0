//! What a type has that is known by its text.

/// The traits of a value whose methods `parse` and `as_str` read and give its text: two are equal, and ordered, as their
/// texts are; `Display` and `Serialize` give the text, `FromStr` and `Deserialize` parse it. `Debug` gives what the
/// function makes of the text.
macro_rules! text_value {
    ($name:ident, $error:ty, $expected:literal, $debug:path) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$debug(self.as_str()))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// Parses one string. A list or a map is an error (CVE-2023-7028).
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

/// An enum whose values have stable names, which serde writes and reads as well.
macro_rules! named_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$of:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $text)] $value,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$value),+];

            /// The stable name of the value, as stores keep it and logs show it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }

            /// Reads the name that [`as_str`](Self::as_str) returns; `None` for any other text.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$value),)+
                    _ => None,
                }
            }
        }
    };
}

/// A slug for each value of an error, and the list of them. The second list has the values whose slug is that of the error within.
macro_rules! codes {
    ($error:ident { $($value:pat => $code:literal),+ $(,)? } $({ $($nested:pat => $inner:expr),+ $(,)? })?) => {
        impl $error {
            /// Every slug of this type, without those of errors within it.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// A stable slug of the error, for hosts to put on their wire. The manual of the crate `identity` lists all of them.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $($value => $code,)+
                    $($($nested => $inner,)+)?
                }
            }
        }
    };
}

pub(crate) use {codes, named_enum, text_value};
