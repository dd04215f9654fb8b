//! x
fn main() {
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).init();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let sandbox = telescope_sandbox::sandbox::Sandbox::start(telescope_sandbox::sandbox::Options {
            data: Some("data/sandbox".into()),
            socks: Some(std::net::TcpListener::bind("127.0.0.1:1080").unwrap()),
            ..Default::default()
        })
        .await
        .unwrap();
        println!("{}", sandbox.mtproto_address());
        std::future::pending::<()>().await
    });
}
