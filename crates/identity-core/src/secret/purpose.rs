use crate::base::named_enum;

named_enum! {
    /// The purpose of a challenge. A code for one purpose is not valid for another.
    pub enum Purpose {
        /// To verify an address that was added.
        Verification = "verification",
        /// To verify an address that replaces another one.
        Replacement = "replacement",
        /// To sign in with an address, whether somebody has it or not.
        SignIn = "sign_in",
        /// To show once more that one has an address, before something dangerous.
        StepUp = "step_up",
    }
}
