//! The proxies that the environment names.

use reqwest::Url;

/// The variables that HTTP clients take proxies from.
const VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The hosts of the proxies that the environment names.
pub(super) fn hosts() -> Vec<String> {
    VARIABLES
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter_map(|value| host(&value))
        .collect()
}

/// The host of a proxy, which may be written with or without a scheme.
fn host(proxy: &str) -> Option<String> {
    let with_scheme = if proxy.contains("://") {
        proxy.to_owned()
    } else {
        format!("http://{proxy}")
    };
    let url = Url::parse(&with_scheme).ok()?;
    url.host_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_known_by_its_host() {
        for written in [
            "http://proxy.corp:3128",
            "proxy.corp:3128",
            "https://ada:pw@proxy.corp/",
        ] {
            assert_eq!(host(written).as_deref(), Some("proxy.corp"), "{written}");
        }
        assert_eq!(host(""), None);
    }
}
