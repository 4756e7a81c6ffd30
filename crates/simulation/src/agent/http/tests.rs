use super::*;

#[test]
fn a_place_shows_no_credentials() {
    let request = Request::new(Method::POST, "https://ada:pw@host:8443/v1/chat?key=1#x", "url").unwrap();
    assert_eq!(request.place(), "POST https://host:8443/v1/chat");
    assert!(Request::new(Method::GET, "file:///etc/passwd", "url").is_err());
    assert!(Request::new(Method::GET, "host/path", "url").is_err());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = UNIX_EPOCH + Duration::from_secs(1_445_412_470);
    let read = |text| retry_after_ms(&HeaderValue::from_static(text), now);
    assert_eq!(read("12"), Some(12_000));
    assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(10_000));
    assert_eq!(read("Wed, 21 Oct 2009 07:28:00 GMT"), Some(0));
    assert_eq!(read("soon"), None);
    assert_eq!(read("-1"), None);
}

#[test]
fn only_this_machine_is_reached_without_a_proxy() {
    let local = |url| is_local(&Url::parse(url).unwrap());
    assert!(local("http://127.0.0.1:80/") && local("http://[::1]/") && local("http://localhost/"));
    assert!(!local("http://10.0.0.1/") && !local("https://localhost.example.com/"));
}
