//! Webhooks to an endpoint on loopback. Time is tokio's, and moves when nothing else does.

mod endpoints;
mod kit;
mod sending;
mod tries;
