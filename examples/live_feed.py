"""Listen to the changes of one user's memories while they happen.

python examples/live_feed.py [URL]
"""

import json
import os
import sys
from uuid import uuid4

import httpx

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEMORY_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MEMORY_API_KEY")  # only a service with keys asks for one
HEADERS = {"Authorization": f"Token {KEY}"} if KEY else {}
USER = f"ann-{uuid4().hex[:8]}"  # a user of this run alone


def change(http: httpx.Client) -> None:
    """One memory from its beginning to its end."""
    body = {"content": "Ann drinks coffee", "user_id": USER}
    memory_id = http.post("/v1/memories", json=body).raise_for_status().json()["id"]
    http.put(f"/v1/memories/{memory_id}", json={"content": "Ann drinks tea"}).raise_for_status()
    http.delete(f"/v1/memories/{memory_id}").raise_for_status()


def main() -> None:
    with httpx.Client(base_url=URL, headers=HEADERS, timeout=30) as http:
        with http.stream("GET", "/v1/events/stream", params={"user_id": USER}) as feed:
            feed.raise_for_status()
            for line in feed.iter_lines():
                if line.startswith(":"):  # the ping that says: the stream has begun
                    print("listening")
                    change(http)
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    print(event["event"], "version", event["version"])
                    last = event["id"]
                    if event["event"] == "DELETE":
                        break

        # A reader that was away sends the last id it has seen, and misses nothing.
        change(http)
        params = {"user_id": USER, "since": last}
        with http.stream("GET", "/v1/events/stream", params=params) as feed:
            lines = (line for line in feed.iter_lines() if line.startswith("data: "))
            event = json.loads(next(lines).removeprefix("data: "))
            print("after the break:", event["event"], "version", event["version"])

        http.post("/v1/erasures", json={"user_id": USER}).raise_for_status()


if __name__ == "__main__":
    main()
