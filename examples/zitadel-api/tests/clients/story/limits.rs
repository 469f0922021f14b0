//! What no client should send, and what is not there.

use serde_json::json;

use super::addresses::{add, read};
use super::{RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNIMPLEMENTED};
use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};

pub(crate) async fn limits(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    add(&mut client, "ada").await;

    // The answer comes while the client still sends: it has to arrive all the same, and the next call too. Node's own HTTP/2
    // session has room for 10 MB, of all that it has not sent or given up yet.
    let sizes = if kind == Kind::NodeGrpc { [64, 1_024, 2_048] } else { [64, 5_120, 20_480] };
    for kib in sizes {
        let large = json!({ "userId": "ada", "phone": "1".repeat(kib * 1_024) });
        let refused = client.fails(ADA, "SetPhone", large.clone()).await;
        refused.is(RESOURCE_EXHAUSTED, "", "the message is larger than 65536 bytes; send less");
        let refused = client.fails(Some("a-wrong-token"), "SetPhone", large).await;
        refused.is(UNAUTHENTICATED, "AUTH-7fs1e", "Token is invalid");
    }
    assert_eq!(read(&mut client, ADA, "ada").await["user"]["human"]["phone"], json!({}));

    // A method of the service that this host does not have.
    let missing = client.fails(ROOT, "DeleteUser", json!({ "userId": "ada" })).await;
    assert_eq!(missing.code, UNIMPLEMENTED, "{missing:?}");
    read(&mut client, ADA, "ada").await;
}
