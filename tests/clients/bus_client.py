"""A NATS client that knows nothing of Rehearse but docs/bus.md: it applies a suite, starts a run and prints its verdict.

Usage: bus_client.py URL USER PASSWORD ORGANIZATION USER_ID SUITE.json SET
"""

import asyncio
import json
import sys

import nats


async def main() -> None:
    url, user, password, org, user_id, suite, unit_test_set = sys.argv[1:]
    client = await nats.connect(
        url, user=user, password=password, inbox_prefix=f"_INBOX.{org}.{user_id}".encode(), max_reconnect_attempts=0
    )

    async def ask(family: str, what: str, body: dict, **headers: str) -> dict:
        message = await client.request(
            f"{family}.{org}.{user_id}.{what}", json.dumps(body).encode(), timeout=30, headers=headers or None
        )
        answer = json.loads(message.data)
        if message.headers and "Nats-Service-Error-Code" in message.headers:
            raise SystemExit(f"{what}: {json.dumps(answer)}")
        return answer

    with open(suite, encoding="utf-8") as file:
        documents = json.load(file)
    applied = await ask("cmd", "suite.apply", {"documents": documents}, **{"Rehearse-Command-Id": "apply-1"})
    again = await ask("cmd", "suite.apply", {"documents": documents}, **{"Rehearse-Command-Id": "apply-1"})
    assert len(applied["changes"]) == len(documents), applied
    assert {change["id"] for change in applied["changes"]} <= {change["id"] for change in again["changes"]}, again

    found = await ask("qry", "unit_test_set.get", {"name": unit_test_set})
    started = await ask("cmd", "run.start", {"simulation_unit_test_set_id": found["id"]})
    run_id = started["simulation_unit_test_set_run_id"]
    run: dict = {}
    while not run.get("artifacts_generated"):
        run = await ask("qry", "run.wait", {"id": run_id, "wait_ms": 5000})
    first = await ask("qry", "run.transcript", {"id": run_id, "n": 0})
    services = await client.request("$SRV.INFO.rehearse", b"", timeout=5)
    print(
        json.dumps(
            {
                "run": run_id,
                "verdict": run["rehearse"]["verdict"],
                "tally": run["rehearse"]["tally"],
                "texts": [turn["text"] for turn in first["turns"]],
                "endpoints": len(json.loads(services.data)["endpoints"]),
            }
        )
    )
    await client.close()


asyncio.run(main())
