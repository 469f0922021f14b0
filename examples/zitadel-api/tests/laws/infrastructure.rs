//! Reflection and health, as every gRPC service has them, and the paths for whoever runs processes.

use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use zitadel_api::wire::SERVICE;

use crate::kit::{Host, framed};

const GRPC: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

async fn reflect(host: &Host, version: &str, request: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
    let answer = host.raw("POST", &path, &GRPC, framed(&request)).await;
    answer.message::<ServerReflectionResponse>().message_response.unwrap()
}

#[tokio::test]
async fn reflection_names_the_service_and_shows_its_methods() {
    let host = Host::new().await;
    for version in ["v1", "v1alpha"] {
        let MessageResponse::ListServicesResponse(list) =
            reflect(&host, version, MessageRequest::ListServices(String::new())).await
        else {
            panic!("a list")
        };
        let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
        assert!(names.contains(&SERVICE) && names.contains(&"grpc.health.v1.Health"), "{names:?}");
        let symbol = MessageRequest::FileContainingSymbol(SERVICE.to_owned());
        let MessageResponse::FileDescriptorResponse(files) = reflect(&host, version, symbol).await else {
            panic!("a file")
        };
        let file = String::from_utf8_lossy(&files.file_descriptor_proto[0]).into_owned();
        for method in ["SetPhone", "VerifyPhone", "ResendPhoneCode", "AddHumanUser", "GetUserByID"] {
            assert!(file.contains(method), "{method}");
        }
    }
}

#[tokio::test]
async fn health_says_serving() {
    let host = Host::new().await;
    for service in ["", SERVICE] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = host.raw("POST", "/grpc.health.v1.Health/Check", &GRPC, framed(&request)).await;
        assert_eq!(answer.message::<HealthCheckResponse>().status, 1, "{service}: serving");
    }
    let request = HealthCheckRequest { service: "nothing".to_owned() };
    let answer = host.raw("POST", "/grpc.health.v1.Health/Check", &GRPC, framed(&request)).await;
    assert_eq!(answer.grpc_status().0, 5);
    for path in ["/healthz", "/readyz"] {
        let answer = host.raw("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.body.as_ref()), (200, b"ok\n".as_slice()), "{path}");
    }
}
