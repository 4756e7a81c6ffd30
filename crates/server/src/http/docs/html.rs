//! Writing HTML: text is escaped wherever it stands.

use std::fmt;

/// Text within an element or an attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_str(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        Ok(())
    }
}

/// Text in which `code` stands between backticks and paragraphs between empty lines.
pub(super) fn prose(text: &str) -> String {
    let paragraph = |text: &str| {
        let parts = text.split('`').enumerate().map(|(index, part)| {
            if index % 2 == 1 {
                format!("<code>{}</code>", Escaped(part))
            } else {
                Escaped(part).to_string()
            }
        });
        parts.collect::<String>()
    };
    let paragraphs: Vec<String> = text.split("\n\n").map(paragraph).collect();
    match paragraphs.as_slice() {
        [only] => only.clone(),
        several => several.iter().map(|text| format!("<p>{text}</p>")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_means_something_in_html_gets_through() {
        assert_eq!(
            Escaped("<a href='x'>\"&</a>").to_string(),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&lt;/a&gt;"
        );
        assert_eq!(prose("say `<b>`"), "say <code>&lt;b&gt;</code>");
        assert_eq!(prose("one\n\ntwo"), "<p>one</p><p>two</p>");
    }
}
