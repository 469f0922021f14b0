//! The real server process, as ZITADEL's own clients meet it: one story, told by each of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod agreement;
mod client;
mod driver;
mod outages;
mod postgres;
mod race;
mod refused;
mod rest;
mod server;
mod stops;
mod story;

/// Every story, by every client.
macro_rules! clients {
    ($($name:ident: $kind:ident),*) => {
        $(mod $name {
            use crate::client::Kind::$kind as CLIENT;
            use crate::story;

            #[tokio::test]
            async fn an_email_and_a_phone_are_set_resent_verified_read_and_removed() {
                story::life(CLIENT).await;
            }

            #[tokio::test]
            async fn a_user_who_asks_for_little_gets_an_id_and_a_name() {
                story::creation(CLIENT).await;
            }

            #[tokio::test]
            async fn a_code_verifies_the_address_that_it_was_made_for_alone() {
                story::codes(CLIENT).await;
            }

            #[tokio::test]
            async fn every_refusal_has_its_code_its_id_and_its_text() {
                story::refusals(CLIENT).await;
            }

            #[tokio::test]
            async fn a_user_may_do_what_is_theirs_and_no_more() {
                story::permissions(CLIENT).await;
            }

            #[tokio::test]
            async fn after_five_wrong_codes_the_right_one_has_to_wait() {
                story::too_many_tries(CLIENT).await;
            }

            #[tokio::test]
            async fn a_code_is_sent_again_when_the_wait_is_over_and_stays_the_same() {
                story::resends(CLIENT).await;
            }

            #[tokio::test]
            async fn what_is_too_large_or_not_there_is_refused_and_the_next_call_works() {
                story::limits(CLIENT).await;
            }

            #[tokio::test]
            async fn errors_are_in_the_callers_language() {
                story::languages(CLIENT).await;
            }
        })*
    };
}

clients! {
    rest_by_reqwest: Rest,
    grpc_by_the_crate: Rust,
    grpc_by_node: NodeGrpc,
    grpc_web_by_node: NodeGrpcWeb,
    connect_by_python: Python
}
