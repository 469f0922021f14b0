use crate::base::named_enum;

named_enum! {
    /// The purpose of a challenge. A code for one purpose is not valid for another.
    pub enum Purpose {
        /// To verify an address that was added.
        Verification = "verification",
        /// To verify an address that replaces another one.
        Replacement = "replacement",
    }
}
