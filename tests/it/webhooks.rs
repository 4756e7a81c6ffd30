//! Webhooks of a running installation, received by a program that checks them as Amigo's SDK does.

use harness::Up;

use crate::sdk::pytest;

#[test]
fn a_completed_run_is_told_signed_and_listed() {
    let environment = [
        ("REHEARSE__HTTP__SIGN_INS_PER_MINUTE", "10000"),
        ("REHEARSE__WEBHOOKS__ALLOW_HTTP", "true"),
        ("REHEARSE__WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true"),
    ];
    let up = Up::start_with(1, &[], &environment);
    pytest(&up, &["webhooks_received.py"]);
}
