"""Relate memories with typed, timed edges, and walk along them.

python examples/graph.py [URL]
"""

import os
import sys
from uuid import uuid4

import httpx

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEMORY_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MEMORY_API_KEY")  # only a service with keys asks for one
HEADERS = {"Authorization": f"Token {KEY}"} if KEY else {}
USER = f"team-{uuid4().hex[:8]}"  # a user of this run alone


def main() -> None:
    with httpx.Client(base_url=URL, headers=HEADERS, timeout=30) as http:

        def add(content: str) -> str:
            body = {"content": content, "user_id": USER, "valid_from": "2026-01-01"}
            return http.post("/v1/memories", json=body).raise_for_status().json()["id"]

        def relate(source: str, relation: str, target: str, valid_from: str) -> None:
            body = {"target_id": target, "relation": relation, "valid_from": valid_from}
            path = f"/v1/memories/{source}/relationships"
            http.post(path, json=body).raise_for_status()

        def related(memory: str, **params: object) -> None:
            path = f"/v1/memories/{memory}/related"
            reached = http.get(path, params=params).raise_for_status().json()["memories"]
            for memory in reached:
                print(f"  {memory['depth']} {memory['relation']} {memory['content']}")

        ann = add("Ann leads the search team")
        search = add("The search team owns the ranking service")
        ranking = add("The ranking service runs on two machines")
        relate(ann, "LEADS", search, valid_from="2026-01-01")
        relate(search, "OWNS", ranking, valid_from="2026-06-01")

        print("from Ann, two steps:")
        related(ann, depth=2)
        print("from Ann, two steps, as of March:")
        related(ann, depth=2, as_of="2026-03-01")

        params = {"from": ann, "to": ranking}
        path = http.get("/v1/memories/path", params=params).raise_for_status().json()
        print("the way:", " -> ".join(edge["relation"] for edge in path["edges"]))

        http.post("/v1/erasures", json={"user_id": USER}).raise_for_status()


if __name__ == "__main__":
    main()
