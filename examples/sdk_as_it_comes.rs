//! A yardstick for the benchmarks: the SDK with its defaults, three attempts included, as a peer would
//! use it. Fetches all below a path and exits.
#![allow(clippy::print_stdout)]

use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;

fn main() {
    #[allow(clippy::disallowed_methods)] // This is its main.
    let path = std::env::args().nth(1).expect("a path");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let fetched = runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().build_http())
            .load()
            .await;
        let client = aws_sdk_ssm::Client::new(&config);
        let pages =
            client.get_parameters_by_path().path(path).recursive(true).with_decryption(true);
        let mut pages = pages.into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += page.ok()?.parameters().len();
        }
        Some(count)
    });
    match fetched {
        Some(count) => println!("{count}"),
        None => panic!("the SDK gave up"),
    }
}
