//! Compiles the messages, without a protoc, and keeps their descriptors for JSON and for reflection.

use std::error::Error;
use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 4] = [
    "zitadel/user/v2/user_service.proto",
    "zitadel/v1/message.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let mut config = prost_build::Config::new();
    // The messages know their names, so that their descriptors are found.
    config.enable_type_names();
    // Addresses and codes are in them: they do not print.
    config.skip_debug(["."]);
    config.compile_fds(descriptors)?;
    Ok(())
}
