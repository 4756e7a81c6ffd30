use super::*;

#[test]
fn a_place_shows_no_credentials() {
    let request = Request::new(Method::POST, "https://ada:pw@host:8443/v1/chat?key=1#x", "url").unwrap();
    assert_eq!(request.place(), "POST https://host:8443/v1/chat");
    assert!(Request::new(Method::GET, "file:///etc/passwd", "url").is_err());
    assert!(Request::new(Method::GET, "host/path", "url").is_err());
}

#[test]
fn only_this_machine_is_reached_without_a_proxy() {
    let local = |url| crate::net::client::is_here(&Url::parse(url).unwrap());
    assert!(local("http://127.0.0.1:80/") && local("http://[::1]/") && local("http://localhost/"));
    assert!(!local("http://10.0.0.1/") && !local("https://localhost.example.com/"));
}
