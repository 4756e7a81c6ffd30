//! The form that carries a message: `multipart/form-data` (RFC 7578).

use model::Digest;

/// A message as a form: its content type and its body. The boundary follows from the parts, so every try sends the same bytes.
pub(super) fn form(kind: &str, text: &str, key: &str) -> (String, String) {
    let mut boundary = boundary(key);
    // A text cannot end its part: a boundary that stands in it is not used.
    while text.contains(&boundary) {
        boundary = self::boundary(&boundary);
    }
    let body = format!(
        "--{boundary}\r\n\
         content-disposition: form-data; name=\"initial_message_type\"\r\n\r\n\
         {kind}\r\n\
         --{boundary}\r\n\
         content-disposition: form-data; name=\"recorded_message\"; filename=\"message.txt\"\r\n\
         content-type: text/plain; charset=utf-8\r\n\r\n\
         {text}\r\n\
         --{boundary}--\r\n"
    );
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn boundary(of: &str) -> String {
    let digest = Digest::of_parts(&[b"boundary", of.as_bytes()]).to_string();
    format!("rehearse-{}", digest.chars().take(32).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_own_part() {
        let (_, first) = form("user-message", "hi", "key");
        let used = first.lines().next().unwrap().trim_start_matches("--").to_owned();
        let hostile = format!("hi\r\n--{used}\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\ny");
        let (content_type, body) = form("user-message", &hostile, "key");
        let boundary = content_type.rsplit('=').next().unwrap();
        assert_ne!(boundary, used);
        assert_eq!(body.matches(boundary).count(), 3, "{body}");
        assert!(body.contains(&hostile));
        assert_eq!(
            form("user-message", &hostile, "key"),
            (content_type.clone(), body)
        );
    }
}
