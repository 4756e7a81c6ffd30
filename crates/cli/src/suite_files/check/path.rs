//! From the paths of the checks (`steps[2].say`, names as in the domain) to JSON Pointers into suite documents.

/// Maps whose keys people choose; what follows their name is one key.
const MAPS: [&str; 4] = ["env", "headers", "parameters", "open.extract"];

/// The pointer, relative to what was checked.
pub(super) fn to_pointer(path: &str) -> String {
    let mut pointer = String::new();
    // In a document a CEL judge is its expression.
    let mut rest = if path == "judge.cel.expression" {
        "judge.cel"
    } else {
        path
    };
    // A script is a list: its first level has no key of its own.
    if let Some(steps) = rest.strip_prefix("steps") {
        rest = steps;
    }
    let mut seen = String::new();
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (digits, after) = index.split_once(']').unwrap_or((index, ""));
            push(&mut pointer, digits);
            rest = after;
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if MAPS
            .iter()
            .any(|map| seen == *map || seen.ends_with(&format!(".{map}")))
        {
            push(&mut pointer, rest);
            break;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !seen.is_empty() {
            seen.push('.');
        }
        seen.push_str(name);
        // What a loop holds stands beside its count, not below it.
        if name != "repeat" || after.is_empty() {
            push(&mut pointer, &camel_case(name));
        }
        rest = after;
    }
    pointer
}

fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// `open_ai` as `openAi`. `openai_chat` and the like have no capitals inside their words.
pub(super) fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_pointers() {
        for (path, pointer) in [
            ("", ""),
            ("steps[2].say", "/2/say"),
            ("steps[0].steps[3].when.not_matches", "/0/steps/3/when/notMatches"),
            ("steps[1].repeat.steps[0].say", "/1/steps/0/say"),
            ("steps[1].repeat", "/1/repeat"),
            ("judge.tool_called.arguments", "/judge/toolCalled/arguments"),
            ("judge.cel.expression", "/judge/cel"),
            ("headers.X-Trace.Id", "/headers/X-Trace.Id"),
            ("request.headers.a/b", "/request/headers/a~1b"),
            ("open.extract.session_id", "/open/extract/session_id"),
            ("env.MY_VAR", "/env/MY_VAR"),
        ] {
            assert_eq!(to_pointer(path), pointer, "{path}");
        }
        assert_eq!(camel_case("openai_chat"), "openaiChat");
        assert_eq!(camel_case("stdio"), "stdio");
    }
}
