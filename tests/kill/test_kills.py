"""Writers at work while parts of a real service are killed: nothing acknowledged is lost.

`make test` kills a replica, the local server and then everything at once; `make soak` kills at
random, MEM0G_TEST_KILLS times, on every backend there is.
"""

import os
import random
import secrets
import time
from contextlib import suppress

import httpx
import pytest

from tests.kill.verifying import verify
from tests.kill.victims import EVERYTHING, LOCAL, found, kill
from tests.kill.writers import Crew
from tests.weaviate_server import OwnedServer

pytestmark = pytest.mark.serve

WRITERS = 8
WRITES_BETWEEN = 40
READY_S = 120
soak = pytest.mark.skipif(not os.environ.get("MEM0G_TEST_SOAK"), reason="only in `make soak`")


class Site:
    """A service on data that outlives it, and the writers that write to it."""

    def __init__(self, launch, config, data, weaviate=None, **environment):
        self._start = lambda: launch(config, data, **environment).ready()
        self._weaviate = weaviate
        self.service = self._start()
        self.url = f"http://127.0.0.1:{self.service.port}"

    def endure(self, victims, seed):
        """Kill the victims one after the other, each amid writes, and compare what is there in the
        end with what was acknowledged."""
        crew = Crew(self.url, WRITERS, seed)
        for victim in victims:
            crew.until(crew.acknowledged + WRITES_BETWEEN)
            self._kill(victim, crew)
            self._until_ready()
        crew.until(crew.acknowledged + WRITES_BETWEEN)
        ledger = crew.stop()
        assert len(ledger.memories) > WRITES_BETWEEN
        assert ledger.edges
        assert ledger.erased
        assert len(ledger.valid()) < len(ledger.memories)
        verify(self.url, ledger)
        return crew

    def _until_ready(self):
        """A service that lost a part may keep a question waiting, or break it off."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.2)
        raise AssertionError(f"not ready {READY_S} s after a kill")

    def _kill(self, victim, crew):
        if victim == "weaviate":
            assert crew.under_way()
            self._weaviate.kill()
            self._weaviate.start()
            return
        processes = found(self.service, victim)
        assert crew.under_way()
        kill(processes)
        if victim == EVERYTHING:
            self.service.end()
            self.service = self._start()


def test_what_was_acknowledged_survives_three_kills(config, launch, tmp_path):
    site = Site(launch, config(), tmp_path / "data")
    crew = site.endure(["Store", "valkey", EVERYTHING], seed=3)
    assert 500 not in crew.statuses


@soak
@pytest.mark.parametrize(
    "backend", ["embedded", pytest.param("weaviate", marks=pytest.mark.weaviate)]
)
def test_what_was_acknowledged_survives_random_kills(config, launch, tmp_path, request, backend):
    seed = int(os.environ.get("MEM0G_TEST_SEED") or secrets.randbelow(10**6))
    print(f"seed {seed}: MEM0G_TEST_SEED={seed} kills the same again")
    victims, weaviate, environment = [*LOCAL, EVERYTHING], None, {}
    if backend == "weaviate":
        weaviate = request.getfixturevalue("weaviate_process")
        collection = f"Kill{tmp_path.name.encode().hex()}"
        environment = {
            "MEM0G_VECTOR_STORE__BACKEND": "weaviate",
            "MEM0G_WEAVIATE__HTTP_URL": weaviate.http_url,
            "MEM0G_WEAVIATE__GRPC_URL": weaviate.grpc_url,
            "MEM0G_WEAVIATE__COLLECTION": collection,
        }
        request.addfinalizer(lambda: weaviate.remove(collection))
        if isinstance(weaviate, OwnedServer):  # somebody else's server is not killed
            victims += ["weaviate"] * 2
    site = Site(launch, config(), tmp_path / "data", weaviate, **environment)
    drawn = random.Random(seed).choices(victims, k=int(os.environ.get("MEM0G_TEST_KILLS") or 20))
    print("kills", *drawn)
    crew = site.endure(drawn, seed)
    print("answers", dict(crew.statuses))
    assert 500 not in crew.statuses
