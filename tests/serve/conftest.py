"""A config on a free port, and services that end with their test."""

import pytest
import yaml

from tests.serve.running import ROOT, Service, free_port


@pytest.fixture
def config(tmp_path):
    """The shipped config on a free port; returns a writer that can change it."""

    def write(change=lambda document: None):
        document = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
        document["http_options"]["port"] = free_port()
        change(document)
        path = tmp_path / "serve_config.yaml"
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture
def launch():
    services = []

    def start(config, data_dir, **environment):
        services.append(Service(config, data_dir, **environment))
        return services[-1]

    yield start
    for service in services:
        service.end()
