//! Phone numbers in E.164 form that are valid by the numbering plan of their country.

mod error;
mod fold;
mod number_type;
mod parser;
mod plan;
mod region;
mod value;

pub use error::PhoneError;
pub(crate) use fold::{digit, is_hyphen};
pub use number_type::NumberType;
pub use region::{Region, UnknownRegion};
pub use value::Phone;
