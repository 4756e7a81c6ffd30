//! A run followed over HTTP, by a reader whose connection is cut in the middle and who goes on where it was.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use harness::{Up, write_suite};
use serde_json::{Value, json};

/// Tests of the set, and repetitions of each.
const TESTS: u32 = 2;
const REPETITIONS: u32 = 30;

/// Sends a request and reads the head of its answer: the status, and the bytes that follow.
fn ask(
    up: &Up,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, BufReader<TcpStream>) {
    let url = up.base_url();
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n{body}",
        body.len(),
        headers.concat()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(
            reader.read_line(&mut head).unwrap() > 0,
            "the answer ends in its head: {head}"
        );
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, reader)
}

/// The same, for an answer in JSON.
fn ask_json(up: &Up, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let (status, mut reader) = ask(up, method, path, headers, body);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!((200..300).contains(&status), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// Reads the lines of a stream of events as they come; those that are lengths of chunks are passed over as any unknown field.
fn next(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Value)> {
    let mut fields = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            fields.insert(name.to_owned(), value.to_owned());
        }
        if fields.len() == 3 && fields.contains_key("data") {
            let data = serde_json::from_str(&fields["data"]).unwrap();
            return Some((fields["id"].clone(), fields["event"].clone(), data));
        }
        fields.remove("retry");
    }
}

#[test]
fn a_reader_whose_connection_is_cut_sees_every_conversation_once() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), TESTS, REPETITIONS, 0.01);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);

    let credentials = up.credentials();
    let text = |key: &str| credentials[key].as_str().unwrap();
    let organization = format!("/v1/{}", text("organization_id"));
    let sign_in = [
        ("x-api-key", text("api_key")),
        ("x-api-key-id", text("api_key_id")),
        ("x-user-id", text("user_id")),
    ];
    let path = format!("{organization}/user/signin_with_api_key");
    let signed_in = ask_json(&up, "POST", &path, &sign_in, "");
    let bearer = format!("Bearer {}", signed_in["id_token"].as_str().unwrap());
    let bearer = ("Authorization", bearer.as_str());
    let by_name = format!("{organization}/rehearse/unit_test_sets/~?name=all");
    let set = ask_json(&up, "GET", &by_name, &[bearer], "");
    let start = json!({"simulation_unit_test_set_id": set["id"]}).to_string();
    let headers = [bearer, ("Content-Type", "application/json")];
    let path = format!("{organization}/simulation/unit_test_set_run/");
    let started = ask_json(&up, "POST", &path, &headers, &start);
    let run = started["simulation_unit_test_set_run_id"].as_str().unwrap();

    let path = format!("{organization}/rehearse/runs/{run}/events");
    let planned = u64::from(TESTS * REPETITIONS);
    let mut told: Vec<(String, String, Value)> = Vec::new();
    let mut n_connections = 0_u64;
    let is_over =
        |told: &[(String, String, Value)]| told.last().is_some_and(|(_, name, _)| name == "run.completed");
    while !is_over(&told) {
        assert!(n_connections < planned, "it does not come to an end");
        n_connections += 1;
        let last = told.last().map(|(id, ..)| id.clone());
        let mut headers = vec![bearer];
        headers.extend(last.as_deref().map(|id| ("Last-Event-ID", id)));
        let (status, mut reader) = ask(&up, "GET", &path, &headers, "");
        assert_eq!(status, 200);
        // Some events, then the connection is gone.
        for _ in 0..planned / 4 {
            told.extend(next(&mut reader));
            if is_over(&told) {
                break;
            }
        }
    }
    assert!(n_connections > 1, "it was cut in the middle");

    assert_eq!(told[0].1, "run.started");
    let mut seen = BTreeMap::new();
    for (_, _, data) in told.iter().filter(|(_, name, _)| name == "conversation.finished") {
        assert_eq!(data["conversation"]["verdict"], "passed", "{data}");
        *seen
            .entry(data["conversation"]["n"].as_u64().unwrap())
            .or_insert(0_u32) += 1;
    }
    assert_eq!(
        seen.keys().copied().collect::<Vec<_>>(),
        (0..planned).collect::<Vec<_>>()
    );
    assert!(seen.values().all(|count| *count == 1), "each once");
    let (id, _, completed) = told.last().unwrap();
    assert_eq!(completed["rehearse"]["tally"]["passed"], json!(planned));
    let (status, _) = ask(&up, "GET", &path, &[bearer, ("Last-Event-ID", id)], "");
    assert_eq!(status, 204, "nothing follows");

    // The artifact that the end tells of is there, in two halves.
    let path = format!("{organization}/simulation/unit_test_set_run/{run}/artifacts/");
    let address = ask_json(&up, "GET", &path, &[bearer], "");
    let address = address["presigned_url"].as_str().unwrap();
    let address = address.strip_prefix(&up.base_url()).unwrap();
    let mut halves = Vec::new();
    for range in ["bytes=0-999", "bytes=1000-"] {
        let (status, mut reader) = ask(&up, "GET", address, &[("Range", range)], "");
        assert_eq!(status, 206);
        reader.read_to_end(&mut halves).unwrap();
    }
    assert_eq!(
        json!(halves.len()),
        completed["rehearse"]["artifact"]["size_bytes"]
    );
    let zip = up.path("run.zip");
    up.run(&["artifacts", run, "-o", zip.to_str().unwrap()]).expect(0);
    assert_eq!(halves, std::fs::read(zip).unwrap());
}
