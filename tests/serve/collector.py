"""A collector of traces: takes what an OTLP exporter posts, and keeps the spans."""

import gzip
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def traces(self):
        """Names of the spans, by trace."""
        found = defaultdict(list)
        for span in list(self.spans):
            found[span.trace_id].append(span.name)
        return list(found.values())

    def until(self, wanted, within_s=30):
        """Return once a trace holds spans of all these names."""
        deadline = time.monotonic() + within_s
        while not any(wanted <= set(names) for names in self.traces()):
            assert time.monotonic() < deadline, self.traces()
            time.sleep(0.2)


@contextmanager
def collector():
    started = Collector()
    thread = threading.Thread(target=started.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield started
    finally:
        started.server.shutdown()
        started.server.server_close()
        thread.join()
