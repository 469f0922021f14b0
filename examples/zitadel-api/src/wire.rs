//! The messages as they go over the wire, out of `proto/`, and their descriptors.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

/// `google.rpc`: what errors are made of.
#[expect(missing_docs, clippy::derive_partial_eq_without_eq, reason = "generated; the .proto files say what is what")]
pub mod rpc {
    include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
}

/// `zitadel`, package by package.
#[expect(missing_docs, clippy::derive_partial_eq_without_eq, reason = "generated; the .proto files say what is what")]
pub mod zitadel {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/zitadel.v1.rs"));
    }
    pub mod object {
        pub mod v2 {
            include!(concat!(env!("OUT_DIR"), "/zitadel.object.v2.rs"));
        }
    }
    pub mod user {
        pub mod v2 {
            include!(concat!(env!("OUT_DIR"), "/zitadel.user.v2.rs"));
        }
    }
}

pub use zitadel::object::v2::{Details, Organization};
pub use zitadel::user::v2::*;
pub use zitadel::v1::ErrorDetail;

/// The service's full name, as it stands in paths.
pub const SERVICE: &str = "zitadel.user.v2.UserService";

/// The descriptors of every message, as a serialized `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).ok());

/// The descriptor of a message; `None` for one that is not in `proto/`.
#[must_use]
pub fn descriptor<M: prost::Name>() -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(&M::full_name())
}
