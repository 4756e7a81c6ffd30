//! Requests that depend on what the caller knows, pages, and runs of our own addresses.

use reqwest::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LINK};

use super::*;
use crate::tests::{persona, suite};

async fn made(served: &Served, name: &str) -> String {
    let made = served
        .bench
        .command("persona.create", persona(name))
        .await
        .unwrap();
    made["simulation_persona_id"].as_str().unwrap().to_owned()
}

fn tag(answer: &Response) -> String {
    answer.headers()[ETAG].to_str().unwrap().to_owned()
}

async fn body(answer: Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_change_depends_on_what_the_caller_knows() {
    let served = serve().await;
    let id = made(&served, "Maria").await;
    let get = || served.ask(Method::GET, &format!("rehearse/personas/{id}"));
    let update = |known: &str, team: &str| {
        let body = json!({"tags": {"team": team}}).to_string();
        served
            .ask(Method::POST, &format!("simulation/persona/{id}"))
            .header("content-type", "application/json")
            .header(IF_MATCH, known)
            .body(body)
    };
    let first = tag(&get().send().await.unwrap());
    assert_eq!(first.len(), 34, "{first}");
    assert_eq!(tag(&get().send().await.unwrap()), first, "also from the cache");
    let same = get().header(IF_NONE_MATCH, &first).send().await.unwrap();
    assert_eq!(
        (same.status(), tag(&same)),
        (StatusCode::NOT_MODIFIED, first.clone())
    );
    assert_eq!(same.text().await.unwrap(), "");

    let updated = update(&first, "a").send().await.unwrap();
    assert_eq!(updated.status(), StatusCode::NO_CONTENT);
    let second = tag(&updated);
    assert_ne!(second, first);
    assert_eq!(
        tag(&get().send().await.unwrap()),
        second,
        "what the change told is what is shown"
    );
    let changed = get().header(IF_NONE_MATCH, &first).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);

    let late = problem(update(&first, "b").send().await.unwrap()).await;
    assert_eq!((late.status, late.code.as_str()), (412, "precondition_failed"));
    assert_eq!(
        body(get().send().await.unwrap()).await["tags"],
        json!({"team": "a"})
    );
    let any = update("*", "c").send().await.unwrap();
    assert_eq!(any.status(), StatusCode::NO_CONTENT);
    let malformed = problem(update("unquoted", "d").send().await.unwrap()).await;
    assert_eq!(
        (malformed.status, malformed.errors[0].pointer.as_str()),
        (422, "/If-Match")
    );
    let nobody = served
        .ask(Method::DELETE, &format!("simulation/persona/{}", "0".repeat(24)))
        .header(IF_MATCH, "*");
    assert_eq!(
        nobody.send().await.unwrap().status(),
        StatusCode::PRECONDITION_FAILED
    );
    let list = served.ask(Method::GET, "rehearse/personas").header(IF_MATCH, "*");
    assert_eq!(problem(list.send().await.unwrap()).await.status, 422);
}

#[tokio::test]
async fn of_two_who_know_the_same_one_changes_it() {
    let served = serve().await;
    let id = made(&served, "Maria").await;
    let known = tag(&served
        .ask(Method::GET, &format!("rehearse/personas/{id}"))
        .send()
        .await
        .unwrap());
    let update = |team: usize| {
        served
            .ask(Method::POST, &format!("simulation/persona/{id}"))
            .header("content-type", "application/json")
            .header(IF_MATCH, &known)
            .body(json!({"tags": {"team": team.to_string()}}).to_string())
            .send()
    };
    let answers = futures::future::join_all((0..8).map(update)).await;
    let statuses: Vec<u16> = answers
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 204).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 412).count(),
        7,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn pages_lead_to_one_another() {
    let served = serve().await;
    for n in 0..5 {
        made(&served, &format!("P{n}")).await;
    }
    let mut address = "/v1/acme/rehearse/personas?limit=2&order=oldest".to_owned();
    let mut names = Vec::new();
    loop {
        let asked = served
            .client
            .get(served.url(&address))
            .bearer_auth(served.token());
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        let link = answer
            .headers()
            .get(LINK)
            .map(|link| link.to_str().unwrap().to_owned());
        let page = body(answer).await;
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        assert_eq!(link.is_some(), page["next_cursor"].is_string());
        match link {
            Some(link) => {
                assert!(link.ends_with(">; rel=\"next\""), "{link}");
                address = link[1..].split('>').next().unwrap().to_owned();
            }
            None => break,
        }
        if names.len() == 2 {
            made(&served, "late").await;
        }
    }
    // Some were made within the same millisecond.
    names[..5].sort();
    assert_eq!(names, ["P0", "P1", "P2", "P3", "P4", "late"]);
    let first = served
        .ask(Method::GET, "rehearse/personas?limit=1")
        .send()
        .await
        .unwrap();
    let cursor = body(first).await["next_cursor"].as_str().unwrap().to_owned();
    for wrong in [
        format!("rehearse/scenarios?cursor={cursor}"),
        format!("rehearse/personas?order=oldest&cursor={cursor}"),
        "rehearse/personas?cursor=garbage".to_owned(),
        "rehearse/personas?limit=201".to_owned(),
        "rehearse/personas?order=sideways".to_owned(),
    ] {
        let refused = problem(served.ask(Method::GET, &wrong).send().await.unwrap()).await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn a_run_is_started_and_cancelled_at_our_own_addresses() {
    let served = serve().await;
    served.bench.command("suite.apply", suite()).await.unwrap();
    let set = served
        .bench
        .query("unit_test_set.get", json!({"name": "all"}))
        .await
        .unwrap();
    let post = |path: &str, body: Value| {
        served
            .ask(Method::POST, path)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    let start = |extension: Value| {
        post(
            "rehearse/runs",
            json!({"simulation_unit_test_set_id": set["id"], "rehearse": extension}),
        )
    };
    let unknown = problem(start(json!({"simulator": "psychic"})).send().await.unwrap()).await;
    assert_eq!(
        (unknown.status, unknown.code.as_str()),
        (422, "validation_failed")
    );
    let started = start(json!({"simulator": "scripted", "budget": {"max_tokens": 5}}))
        .send()
        .await
        .unwrap();
    assert_eq!(started.status(), StatusCode::CREATED);
    let id = body(started).await["simulation_unit_test_set_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let running = post(&format!("rehearse/runs/{id}/rerun"), json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(running).await.code.as_str(), "nothing_to_rerun");
    let get = || served.ask(Method::GET, &format!("rehearse/runs/{id}")).send();
    let known = tag(&get().await.unwrap());
    let cancel = post(&format!("rehearse/runs/{id}/cancel"), json!({})).header(IF_MATCH, &known);
    assert_eq!(cancel.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let run = get().await.unwrap();
    assert_ne!(tag(&run), known);
    let run = body(run).await;
    assert_eq!(run["rehearse"]["cancel_reason"], json!("asked"));
    assert_eq!(run["rehearse"]["budget"]["max_tokens"], json!(5));
    let page = body(served.ask(Method::GET, "rehearse/runs").send().await.unwrap()).await;
    assert_eq!(page["items"][0]["id"], json!(id));
    assert_eq!(page["items"][0]["unit_test_run_specs"], json!([]));
}

#[tokio::test]
async fn a_suite_is_applied_once_per_key_with_every_error_listed() {
    let served = serve().await;
    let apply = |body: &Value| {
        served
            .ask(Method::POST, "rehearse/suite/apply")
            .header("content-type", "application/json")
            .header("idempotency-key", "k1")
            .body(body.to_string())
    };
    let wrong = json!({"documents": [
        {"apiVersion": "rehearse/v1", "kind": "Persona", "metadata": {"name": "x"}, "spec": {}}, 1,
    ]});
    let refused = problem(apply(&wrong).send().await.unwrap()).await;
    assert_eq!((refused.status, refused.errors.len()), (422, 3), "{refused:?}");
    let first = body(apply(&suite()).send().await.unwrap()).await;
    let again = apply(&suite()).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert!(!first["changes"].as_array().unwrap().is_empty());
    let mut other = suite();
    other["documents"].as_array_mut().unwrap().pop();
    let reused = problem(apply(&other).send().await.unwrap()).await;
    assert_eq!(
        (reused.status, reused.code.as_str()),
        (422, "idempotency_key_reused")
    );
    let conditional = apply(&suite()).header(IF_MATCH, "*").send().await.unwrap();
    assert_eq!(problem(conditional).await.status, 422);
}
