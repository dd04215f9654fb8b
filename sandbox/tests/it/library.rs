//! The library's interface: overrides, injected errors, and the example in the README.

use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{Answer, RpcError};

use crate::common::login::{ada, client, error_text, number, sandbox, send_code, sign_in};

const NEAREST: functions::help::GetNearestDc = functions::help::GetNearestDc {};

#[tokio::test]
async fn any_answer_can_be_overridden() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    sandbox.on::<functions::help::GetNearestDc>(|session, _| match session.dc {
        2 => Answer::Value(enums::NearestDc::Dc(types::NearestDc {
            country: "XX".to_owned(),
            this_dc: 2,
            nearest_dc: 4,
        })),
        _ => Answer::Default,
    });
    let enums::NearestDc::Dc(nearest) = client.invoke(&NEAREST).await.unwrap();
    assert_eq!((nearest.country.as_str(), nearest.nearest_dc), ("XX", 4));
    let flooded = ada();
    sandbox.on::<functions::auth::SendCode>(move |session, request| {
        assert!(request.api_id == 7);
        if session.number.as_ref() == Some(&flooded) {
            Answer::Error(RpcError::new(420, "FLOOD_WAIT_3600"))
        } else {
            Answer::Default
        }
    });
    assert_eq!(error_text(send_code(&mut client, "9996621234").await), "420 FLOOD_WAIT_3600");
    sign_in(&mut client, &number("9996630000")).await.unwrap();
    sandbox.on::<functions::help::GetNearestDc>(|_, _| Answer::NoReply);
    let id = client.send(&telescope_sandbox::tl::Serializable::to_bytes(&NEAREST)).await;
    let enums::MsgsAck::Ack(ack) = client.wait_as().await;
    assert_eq!(ack.msg_ids, [id], "acknowledged, and nothing else");
}

#[tokio::test]
async fn an_unimplemented_method_can_be_added() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    sandbox.on::<functions::langpack::GetLanguages>(|_, request| {
        assert_eq!(request.lang_pack, "android");
        Answer::Value(Vec::new())
    });
    let request = functions::langpack::GetLanguages { lang_pack: "android".to_owned() };
    assert_eq!(client.invoke(&request).await, Ok(Vec::new()));
}

#[tokio::test]
async fn errors_can_be_injected() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let error = || RpcError::new(420, "FLOOD_WAIT_5");
    sandbox.inject_error("auth.sendCode", Some(&ada()), error(), 2);
    for _ in 0..2 {
        assert_eq!(error_text(send_code(&mut client, "9996621234").await), "420 FLOOD_WAIT_5");
        send_code(&mut client, "9996630000").await.unwrap();
    }
    send_code(&mut client, "9996621234").await.unwrap();
    sandbox.inject_error("auth.sendCode", None, error(), 0);
    send_code(&mut client, "9996621234").await.unwrap();
}

#[test]
fn the_readme_contains_the_example_and_it_runs() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/override_answer.rs");
    assert!(readme.contains(&format!("```rust\n{example}```")), "copy the example into the README");
    let program = crate::launch::example("override_answer");
    let output = std::process::Command::new(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.starts_with("proxy: socks5://127.0.0.1:") && text.contains("BEGIN RSA PUBLIC KEY"),
        "{text}"
    );
}
