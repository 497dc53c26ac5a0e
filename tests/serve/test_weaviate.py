"""The whole service on a real Weaviate: the README's example, and a kill of the server."""

import pytest

from tests.weaviate_server import OwnedServer

pytestmark = [pytest.mark.serve, pytest.mark.weaviate]


@pytest.fixture
def service(config, launch, tmp_path, weaviate_process):
    collection = f"Serve{tmp_path.name.encode().hex()}"
    environment = {
        "MEM0G_VECTOR_STORE__BACKEND": "weaviate",
        "MEM0G_WEAVIATE__HTTP_URL": weaviate_process.http_url,
        "MEM0G_WEAVIATE__GRPC_URL": weaviate_process.grpc_url,
        "MEM0G_WEAVIATE__COLLECTION": collection,
    }
    yield launch(config(), tmp_path / "data", **environment).ready()
    weaviate_process.remove(collection)


def search(service, query):
    return service.call(
        "POST", "/v1/memories/search", {"query": query, "user_id": "alice", "limit": 100}
    )


def contents(answer):
    status, _, body = answer
    assert status == 200, body
    return [memory["content"] for memory in body["memories"]]


def test_the_example_and_a_kill_of_weaviate(service, weaviate_process):
    for content in ("User prefers Python for scripting", "User knows JavaScript"):
        service.post("/v1/memories", {"content": content, "user_id": "alice"})
    preferences = ["User prefers Python for scripting", "User knows JavaScript"]
    assert contents(search(service, "programming language preferences")) == preferences
    assert contents(search(service, "weather in Paris tomorrow")) == []

    if not isinstance(weaviate_process, OwnedServer):
        return  # somebody else's server is not killed
    batch = [{"content": f"Alice owns boat {n}", "user_id": "alice"} for n in range(30)]
    service.post("/v1/memories/batch", {"memories": batch})
    memory = service.post("/v1/memories", {"content": "Alice sails", "user_id": "alice"})
    weaviate_process.kill()

    for _ in range(3):
        status, headers, body = search(service, "boats")
        assert (status, body["code"]) == (503, "store_unavailable")
        assert int(headers["retry-after"]) >= 1
    status, _, body = service.call("GET", f"/v1/memories/{memory['id']}")
    assert (status, body["content"]) == (200, "Alice sails")
    status, _, body = service.call("GET", "/ready")
    assert (status, body["ready"]) == (503, False)
    draft = {"content": "written while it was down", "user_id": "alice"}
    assert service.call("POST", "/v1/memories", draft)[0] == 503

    weaviate_process.start()
    service.until("/ready", 200)
    found = contents(search(service, "Alice owns a boat and sails"))
    assert {each["content"] for each in batch} | {"Alice sails"} <= set(found)
    service.post("/v1/memories", draft)
    assert "written while it was down" in contents(search(service, "written while down"))
