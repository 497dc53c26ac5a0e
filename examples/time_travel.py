"""Ask where Ann lived in March, as we know it now and as we knew it earlier.

python examples/time_travel.py [URL]
"""

import os
import sys
from uuid import uuid4

import httpx

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEMORY_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MEMORY_API_KEY")  # only a service with keys asks for one
HEADERS = {"Authorization": f"Token {KEY}"} if KEY else {}
USER = f"ann-{uuid4().hex[:8]}"  # a user of this run alone


def main() -> None:
    with httpx.Client(base_url=URL, headers=HEADERS, timeout=30) as http:

        def add(content: str, valid_from: str, **fields: object) -> dict:
            body = {"content": content, "user_id": USER, "valid_from": valid_from, **fields}
            return http.post("/v1/memories", json=body).raise_for_status().json()

        def correct(memory: dict, **fields: object) -> dict:
            answer = http.put(f"/v1/memories/{memory['id']}", json=fields)
            return answer.raise_for_status().json()

        def show(**instants: str) -> None:
            params = {"user_id": USER, **instants}
            page = http.get("/v1/memories", params=params).raise_for_status().json()
            asked = " ".join(f"{name} {instant}" for name, instant in instants.items())
            print(f"{asked}:", *(memory["content"] for memory in page["memories"]))

        # January: Ann lives in Oslo. From April on she lives in Bergen, so Oslo ends there.
        oslo = add("Ann lives in Oslo", "2026-01-01")
        bergen = add("Ann lives in Bergen", "2026-04-01", supersedes=[oslo["id"]])
        known_then = bergen["updated_at"]  # the service's clock, before we learn more

        # Later we learn that she moved a month earlier, and correct both.
        correct(oslo, valid_to="2026-03-01")
        correct(bergen, valid_from="2026-03-01")

        show(as_of="2026-02-15")
        show(as_of="2026-03-15")
        show(as_of="2026-03-15", known_at=known_then)

        history = http.get(f"/v1/memories/{oslo['id']}/history").raise_for_status().json()
        print("versions of Oslo:", *(version["event"] for version in history))

        http.post("/v1/erasures", json={"user_id": USER}).raise_for_status()


if __name__ == "__main__":
    main()
