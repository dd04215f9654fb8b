//! Overrides the answers of two methods.

use telescope_sandbox::tl::functions::{auth, help};
use telescope_sandbox::{Answer, Options, PhoneNumber, RpcError, Sandbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let ada: PhoneNumber = "99966 2 1234".parse()?;

    // Ada has requested too many codes; other numbers get one.
    sandbox.on::<auth::SendCode>(move |caller, _request| match &caller.number {
        Some(number) if *number == ada => Answer::Error(RpcError::new(420, "FLOOD_WAIT_3600")),
        _ => Answer::Default,
    });

    // This method never gets a result.
    sandbox.on::<help::GetNearestDc>(|_caller, _request| Answer::NoReply);

    println!("proxy: socks5://{}", sandbox.socks_address());
    println!("{}", sandbox.public_key_pem());
    Ok(())
}
