"""The feed's application as a process of its own, to be killed: `… REDIS_URL PORT`."""

import sys

import uvicorn

from config import Settings
from tests.deployments.api.feed.streams import feed_app

if __name__ == "__main__":
    url, port = sys.argv[1:]
    uvicorn.run(feed_app(url, Settings()), port=int(port), log_level="critical")
