//! Agent cards: what an A2A agent says about where and how it can be spoken to.

use model::{A2aBinding, A2aVersion};
use serde_json::Value;

use crate::excerpt::{QUOTE_BYTES, excerpt};

/// The path under which a card stands.
const WELL_KNOWN: [&str; 2] = [".well-known", "agent-card.json"];

/// One way to speak to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) url: String,
    pub(super) binding: A2aBinding,
    pub(super) version: A2aVersion,
}

/// What is used of a card.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Card {
    /// What the agent offers and we speak, as the agent prefers it.
    interfaces: Vec<Interface>,
    /// All that it offers, for errors.
    offered: Vec<String>,
    /// Whether it says that it can stream.
    pub(super) streams: bool,
}

/// Where the card of an agent is.
pub(super) fn locate(url: &mut reqwest::Url) {
    if url.path().ends_with(".json") {
        return;
    }
    // It can: an `http` URL has a host.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(WELL_KNOWN);
    }
}

impl Card {
    /// Reads a card of either version.
    pub(super) fn read(card: &Value) -> Result<Self, String> {
        if !card.is_object() {
            return Err("the agent card is not an object".to_owned());
        }
        let mut offers = Vec::new();
        if let Some(interfaces) = card.get("supportedInterfaces") {
            let interfaces = interfaces
                .as_array()
                .ok_or("`supportedInterfaces` of the agent card is not a list")?;
            for interface in interfaces {
                offers.push(Offer::read(
                    interface,
                    "protocolBinding",
                    text(interface, "protocolVersion").or(Some("1.0")),
                )?);
            }
        } else {
            // As 0.3 has it: one address of the card's own, and others beside it.
            let version = text(card, "protocolVersion").or(Some("0.3"));
            let preferred = text(card, "preferredTransport").unwrap_or("JSONRPC");
            offers.push(Offer {
                url: text(card, "url").ok_or("the agent card has neither `supportedInterfaces` nor `url`")?,
                transport: preferred,
                version: version.unwrap_or_default(),
            });
            for interface in card
                .get("additionalInterfaces")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let offer = Offer::read(interface, "transport", version)?;
                // The card's own address is usually repeated here.
                if !offers.contains(&offer) {
                    offers.push(offer);
                }
            }
        }
        Ok(Self {
            interfaces: offers.iter().filter_map(Offer::interface).collect(),
            offered: offers.iter().map(Offer::shown).collect(),
            streams: card.pointer("/capabilities/streaming") == Some(&Value::Bool(true)),
        })
    }

    /// The first interface that is as wanted.
    pub(super) fn choose(
        &self,
        binding: Option<A2aBinding>,
        version: Option<A2aVersion>,
    ) -> Result<&Interface, String> {
        let fits = |interface: &&Interface| {
            binding.is_none_or(|binding| binding == interface.binding)
                && version.is_none_or(|version| version == interface.version)
        };
        self.interfaces.iter().find(fits).ok_or_else(|| {
            let binding = binding.map_or("JSON-RPC or HTTP+JSON", shown_binding);
            let version = version.map_or("1.0 or 0.3", shown_version);
            format!(
                "the agent card offers no {binding} of version {version}, which is what this connection can speak; it offers {}",
                self.offered.join(", ")
            )
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Offer<'a> {
    url: &'a str,
    transport: &'a str,
    version: &'a str,
}

impl<'a> Offer<'a> {
    fn read(interface: &'a Value, transport: &str, version: Option<&'a str>) -> Result<Self, String> {
        let field = |name: &str| {
            text(interface, name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("an interface of the agent card has no `{name}`"))
        };
        Ok(Self {
            url: field("url")?,
            transport: field(transport)?,
            version: version.unwrap_or_default(),
        })
    }

    /// None if it is nothing that is spoken here.
    fn interface(&self) -> Option<Interface> {
        let binding = match self.transport.to_ascii_uppercase().as_str() {
            "JSONRPC" => A2aBinding::JsonRpc,
            "HTTP+JSON" => A2aBinding::HttpJson,
            _ => return None,
        };
        let mut numbers = self.version.split('.');
        let version = match (numbers.next(), numbers.next()) {
            (Some("1"), _) => A2aVersion::V1,
            (Some("0"), Some("3")) => A2aVersion::V0_3,
            (_, _) => return None,
        };
        Some(Interface {
            url: self.url.to_owned(),
            binding,
            version,
        })
    }

    fn shown(&self) -> String {
        let whole = format!("{} {} at {}", self.transport, self.version, self.url);
        excerpt(&whole, QUOTE_BYTES)
    }
}

/// As users write it.
pub(super) const fn shown_version(version: A2aVersion) -> &'static str {
    match version {
        A2aVersion::V1 => "1.0",
        A2aVersion::V0_3 => "0.3",
    }
}

const fn shown_binding(binding: A2aBinding) -> &'static str {
    match binding {
        A2aBinding::JsonRpc => "JSON-RPC",
        A2aBinding::HttpJson => "HTTP+JSON",
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_stands_under_an_address_or_is_named() {
        let located = |url: &str| {
            let mut url = reqwest::Url::parse(url).unwrap();
            locate(&mut url);
            url.to_string()
        };
        let well_known = "https://a.example/.well-known/agent-card.json";
        assert_eq!(located("https://a.example"), well_known);
        assert_eq!(located("https://a.example/"), well_known);
        assert_eq!(located(well_known), well_known);
        assert_eq!(
            located("https://a.example/bots/?assistant_id=3"),
            "https://a.example/bots/.well-known/agent-card.json?assistant_id=3"
        );
    }

    #[test]
    fn the_first_interface_that_fits_is_taken() {
        let interface = |url: &str, binding: &str, version: &str| json!({"url": url, "protocolBinding": binding, "protocolVersion": version});
        let card = json!({
            "supportedInterfaces": [
                interface("grpc://a", "GRPC", "1.0"),
                interface("https://a/old", "JSONRPC", "0.3"),
                interface("https://a/rest", "HTTP+JSON", "1.0.1"),
                interface("https://a/rpc", "JSONRPC", "1.0"),
            ],
            "url": "https://a/ignored", "protocolVersion": "0.3",
            "capabilities": {"streaming": true},
        });
        let card = Card::read(&card).unwrap();
        assert!(card.streams);
        let chosen = |binding, version| {
            card.choose(binding, version)
                .map(|interface| interface.url.as_str())
        };
        assert_eq!(chosen(None, None), Ok("https://a/old"));
        assert_eq!(chosen(None, Some(A2aVersion::V1)), Ok("https://a/rest"));
        assert_eq!(
            chosen(Some(A2aBinding::JsonRpc), Some(A2aVersion::V1)),
            Ok("https://a/rpc")
        );
        let none = chosen(Some(A2aBinding::HttpJson), Some(A2aVersion::V0_3)).unwrap_err();
        assert!(
            none.contains("no HTTP+JSON of version 0.3") && none.contains("GRPC 1.0 at grpc://a"),
            "{none}"
        );
    }

    #[test]
    fn cards_of_0_3_name_their_preferred_transport() {
        let card = json!({
            "url": "https://a/rpc", "protocolVersion": "0.3.0",
            "additionalInterfaces": [
                {"url": "https://a/rpc", "transport": "JSONRPC"},
                {"url": "https://a/rest", "transport": "HTTP+JSON"},
            ],
        });
        let card = Card::read(&card).unwrap();
        assert_eq!(card.interfaces.len(), 2);
        assert!(!card.streams);
        let first = card.choose(None, None).unwrap();
        assert_eq!(
            (first.url.as_str(), first.binding, first.version),
            ("https://a/rpc", A2aBinding::JsonRpc, A2aVersion::V0_3)
        );
        let old = json!({"url": "https://a", "protocolVersion": "0.2.5"});
        let refused = Card::read(&old).unwrap();
        assert!(
            refused
                .choose(None, None)
                .unwrap_err()
                .contains("JSONRPC 0.2.5 at https://a")
        );
    }

    #[test]
    fn what_is_no_card_is_refused() {
        for (card, why) in [
            (json!([]), "not an object"),
            (json!({}), "neither `supportedInterfaces` nor `url`"),
            (json!({"supportedInterfaces": {}}), "not a list"),
            (
                json!({"supportedInterfaces": [{"url": "https://a"}]}),
                "no `protocolBinding`",
            ),
        ] {
            let refused = Card::read(&card).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
