//! A Telegram that is in a bad mood: one method gets another answer than usual.

use telescope_sandbox::tl::functions::{auth, help};
use telescope_sandbox::{Answer, Options, RpcError, Sandbox, number};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let ada = number("99966 2 1234")?;

    // Ada has asked for too many codes; everybody else gets one as usual.
    sandbox.on::<auth::SendCode>(move |session, _request| match &session.number {
        Some(number) if *number == ada => Answer::Refuse(RpcError::new(420, "FLOOD_WAIT_3600")),
        _ => Answer::Usual,
    });

    // Nobody hears where the nearest data centre is.
    sandbox.on::<help::GetNearestDc>(|_session, _request| Answer::Never);

    println!("proxy: socks5://{}", sandbox.socks_address());
    println!("{}", sandbox.public_key_pem());
    Ok(())
}
