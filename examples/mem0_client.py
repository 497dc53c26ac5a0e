"""Use the published Mem0 client, unchanged, with Mem0g as its host.

python examples/mem0_client.py [URL]
"""

import os
import sys
from uuid import uuid4

os.environ.setdefault("MEM0_TELEMETRY", "False")  # read when mem0 is imported

from mem0 import MemoryClient

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEMORY_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MEMORY_API_KEY", "m0-local")  # the client wants one; without keys any will do
USER = f"ann-{uuid4().hex[:8]}"  # a user of this run alone


def main() -> None:
    client = MemoryClient(api_key=KEY, host=URL)
    mine = {"user_id": USER}

    # infer=False stores the messages as they stand, with a language model and without one
    messages = [{"role": "user", "content": "I moved to Bergen and love the rain"}]
    [stored] = client.add(messages, user_id=USER, infer=False)["results"]
    print("stored:", stored["memory"])

    [hit] = client.search("Does she love the rain?", filters=mine)["results"]
    print("found:", hit["memory"])

    client.update(stored["id"], text="I moved to Oslo and miss the rain")
    print("updated:", client.get(stored["id"])["memory"])
    print("history:", *(version["event"] for version in client.history(stored["id"])))

    client.delete_all(user_id=USER)
    print("left:", client.get_all(filters=mine)["count"])


if __name__ == "__main__":
    main()
