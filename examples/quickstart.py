"""Store two facts about a user, and find the one that answers a question.

python examples/quickstart.py [URL]
"""

import os
import sys
from uuid import uuid4

import httpx

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEMORY_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MEMORY_API_KEY")  # only a service with keys asks for one
HEADERS = {"Authorization": f"Token {KEY}"} if KEY else {}
USER = f"alice-{uuid4().hex[:8]}"  # a user of this run alone


def main() -> None:
    with httpx.Client(base_url=URL, headers=HEADERS, timeout=30) as http:
        for fact in ("User prefers Python for scripting", "User moved to Bergen in March"):
            stored = http.post("/v1/memories", json={"content": fact, "user_id": USER})
            stored.raise_for_status()
            print("stored:", stored.json()["content"])

        query = {"query": "Which language does the user prefer?", "user_id": USER, "limit": 1}
        found = http.post("/v1/memories/search", json=query).raise_for_status().json()
        for memory in found["memories"]:
            print("found:", memory["content"])

        # the same content is not stored a second time
        again = {"content": "user prefers python for scripting.", "user_id": USER}
        print("known already:", http.post("/v1/memories", json=again).json()["deduplicated"])

        receipt = http.post("/v1/erasures", json={"user_id": USER}).raise_for_status().json()
        print("erased:", receipt["counts"]["memories"], "memories")


if __name__ == "__main__":
    main()
