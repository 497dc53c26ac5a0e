"""Settings, which every process loads itself.

They come from `args` in serve_config.yaml, and an environment variable MEM0G_<SECTION>__<NAME> wins
over that. Secrets come from the environment only, so no config, log or checkpoint of Ray holds one.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

_CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


class InvalidSettings(Exception):
    """The settings cannot be used. `message` says why, in one line and without a secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(Section):
    """`admin_key` is a secret. The mode none is for 127.0.0.1 only."""

    mode: Literal["none", "api_key"] = "none"
    admin_key: SecretStr | None = Field(default=None, min_length=16)

    @model_validator(mode="after")
    def _key_with_mode(self) -> Self:
        if self.mode == "api_key" and self.admin_key is None:
            raise ValueError("mode api_key needs MEM0G_AUTH__ADMIN_KEY")
        return self


class Api(Section):
    """Limits of one Ingress replica."""

    deadline_s: float = Field(default=30, gt=0)
    max_in_flight: int = Field(default=200, ge=1)
    max_body_bytes: int = Field(default=4_000_000, ge=1_000)
    max_streams: int = Field(default=500, ge=1)
    access_log: bool = True


def _is_a_limit(notation: str) -> str:
    try:
        limits = parse_many(notation) if notation else []
    except ValueError:
        limits = None
    if limits is None or any(limit.amount < 1 for limit in limits):
        raise ValueError("not a rate limit such as 600/minute or 600/minute;20000/day")
    return notation


RateLimit = Annotated[str, AfterValidator(_is_a_limit)]


class Limits(Section):
    """Calls in a sliding window, in the notation of the library `limits`. "" is no limit. The admin
    key has no limit."""

    key_read: RateLimit = ""
    key_write: RateLimit = "12000/minute"
    project_read: RateLimit = ""
    project_write: RateLimit = ""


class Calibration(Section):
    """score = 1 / (1 + exp(-(slope · fused + intercept))), fitted per model (docs/ranking.md)."""

    slope: float = Field(gt=0)
    intercept: float


class EmbedderSettings(Section):
    """`threads` 0 means half of the cores. More threads win no throughput and cost latency if the
    rest of the service runs on the same machine. `tokens_per_step` bounds one forward pass."""

    model: str = DEFAULT_MODEL
    device: str = "auto"
    tokens_per_step: int = Field(default=16_384, ge=256)
    threads: int = Field(default=0, ge=0)


class Ranking(Section):
    """`calibrations` maps a model's name to the curve that was fitted for it. A memory
    `half_life_days` old scores half; None is without decay. From `similar_cosine` on two texts are
    similar."""

    lexical_weight: float = Field(default=0.4, ge=0)
    half_life_days: float | None = Field(default=None, gt=0)
    similar_cosine: float = Field(default=0.85, ge=-1, le=1)
    calibrations: dict[str, Calibration] = {DEFAULT_MODEL: Calibration(slope=8.79, intercept=-1.67)}


class GraphSettings(Section):
    """`follows` derives an edge between two consecutive memories of a session."""

    follows: bool = True


class VectorStoreSettings(Section):
    """`buckets` is fixed for a project when it is made. `cache_mb` is for the embedded store."""

    backend: Literal["embedded", "weaviate"] = "embedded"
    buckets: int = Field(default=1, ge=1, le=1024)
    cache_mb: int = Field(default=256, ge=1)


class WeaviateSettings(Section):
    """`api_key` is a secret."""

    http_url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://[^/]+/?$")
    grpc_url: str = Field(default="grpc://127.0.0.1:50051", pattern=r"^grpcs?://[^/]+/?$")
    api_key: SecretStr | None = None
    collection: str = Field(default="Memory", pattern=r"^[A-Z][A-Za-z0-9_]*$")
    replication_factor: int = Field(default=1, ge=1)
    deadline_s: float = Field(default=3, gt=0)


class RedisSettings(Section):
    """`url` is a secret: it may hold a password. Without it the service runs a valkey of its own.
    Only that valkey uses `fsync`."""

    url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, url: SecretStr | None) -> SecretStr | None:
        """The URL is checked here, because a client's own error would quote the password."""
        if url is not None:
            try:
                parts = urlsplit(url.get_secret_value())
                known_scheme = parts.scheme in ("redis", "rediss", "unix") and parts.port != 0
            except ValueError:
                known_scheme = False
            if not known_scheme:
                raise ValueError(
                    "no redis://, rediss:// or unix:// URL (percent-encode / : @ in a password)"
                )
        return url

    deadline_s: float = Field(default=3, gt=0)
    max_connections: int = Field(default=32, ge=1)
    fsync: Literal["always", "everysec"] = "always"


class Llm(Section):
    """A language model behind an OpenAI-compatible API. Without `base_url` there is none, and
    conversations are stored as they stand. `api_key` is a secret. `deadline_s` is for one answer.
    A conversation has FAILED after so many `attempts` that brought no usable answer, or if the
    model was down for `patience_s`."""

    base_url: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+(/[^?#@]*)?$")
    api_key: SecretStr | None = None
    model: str = ""
    deadline_s: float = Field(default=60, gt=0)
    attempts: int = Field(default=12, ge=1)
    patience_s: float = Field(default=86_400, ge=0)

    @model_validator(mode="after")
    def _model_with_url(self) -> Self:
        if self.base_url is not None and not self.model:
            raise ValueError("base_url needs MEM0G_LLM__MODEL, the model's name there")
        return self


class Metrics(Section):
    """`port` of Prometheus' page. 0 takes any free port, which `python -m deployments` names."""

    port: int = Field(default=0, ge=0, le=65535)


class Tracing(Section):
    """Traces go to `endpoint`/v1/traces, by OTLP over HTTP. Without an endpoint there are none.
    `python -m deployments` uses both settings. Elsewhere tracing_config decides, and only the
    endpoint is taken from here."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+(/[^?#@]*)?$")
    sampling_ratio: float = Field(default=0.1, ge=0, le=1)


class Settings(BaseSettings):
    """Everything that may be set."""

    model_config = SettingsConfigDict(
        env_prefix="MEM0G_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = _CHECKOUT / "data"
    auth: Auth = Auth()
    api: Api = Api()
    limits: Limits = Limits()
    embedder: EmbedderSettings = EmbedderSettings()
    ranking: Ranking = Ranking()
    graph: GraphSettings = GraphSettings()
    vector_store: VectorStoreSettings = VectorStoreSettings()
    weaviate: WeaviateSettings = WeaviateSettings()
    redis: RedisSettings = RedisSettings()
    llm: Llm = Llm()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        """A relative folder is in the checkout: every process of the service has its own cwd."""
        return _CHECKOUT / folder

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings

    @classmethod
    def load(cls, args: Mapping[str, Any] | None = None) -> Self:
        """The settings of this process. Raises InvalidSettings, which names the first mistake."""
        for section, name in SECRETS:
            if name in (dict(args or {}).get(section) or {}):
                raise InvalidSettings(
                    f"config: {section}.{name} is a secret and belongs in the environment, "
                    f"as {variable(section, name)}"
                )
        unknown = sorted(name for name in os.environ if _looks_ours(name) and name not in known())
        if unknown:
            raise InvalidSettings(
                f"config: no setting is called {unknown[0]}; docs/settings.md lists them all"
            )
        try:
            return cls(**(args or {}))
        except (ValidationError, SettingsError) as error:
            raise InvalidSettings(f"config: {_first(error)}") from None


# (section, name) of each setting that is a secret.
SECRETS = (("auth", "admin_key"), ("weaviate", "api_key"), ("redis", "url"), ("llm", "api_key"))
_PREFIX = "MEM0G_"
_FOR_TESTS = "MEM0G_TEST_"


def variable(section: str, name: str = "") -> str:
    """The environment variable of a setting."""
    return _PREFIX + "__".join(filter(None, (section, name))).upper()


def known() -> frozenset[str]:
    """Every environment variable that sets something."""
    names = set()
    for section, field in Settings.model_fields.items():
        names.add(variable(section))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= {variable(section, name) for name in field.annotation.model_fields}
    return frozenset(names)


def _looks_ours(name: str) -> bool:
    return name.startswith(_PREFIX) and not name.startswith(_FOR_TESTS)


def _first(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
