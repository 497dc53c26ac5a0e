# The service run from source: `deployments.app` imports here as it does in a checkout.
FROM python:3.11-slim-bookworm

# KubeRay starts Ray in bash and probes it with wget.
RUN apt-get update \
    && apt-get install -y --no-install-recommends bash wget \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app

# Dependencies first, so that a change of ours leaves this layer alone. The default model is among
# them: nothing is downloaded at start.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
    && pip install --no-cache-dir -r requirements.txt -c constraints.txt

COPY config ./config
COPY memory ./memory
COPY vector_store ./vector_store
COPY graph_store ./graph_store
COPY access ./access
COPY deployments ./deployments

ENV PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    HF_HUB_DISABLE_TELEMETRY=1

RUN useradd --uid 1000 --create-home mem0g
USER 1000
