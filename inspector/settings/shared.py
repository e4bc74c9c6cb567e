"""Settings that the box, the page and the commands share: broker, databases, networks, sentences, page."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from inspector.describing.words import Language
from inspector.settings.section import Section


class TlsSettings(Section):
    """Encryption to the broker, and who it and this box are."""

    enabled: bool = Field(False, title="Enabled")
    ca_file: Path | None = Field(
        None, title="Authority", description="PEM file of the broker's authority; without one, the system's"
    )
    certificate: Path | None = Field(
        None,
        title="Certificate",
        description="PEM file of this box's own certificate, where the broker wants one",
    )
    key: Path | None = Field(
        None,
        title="Key",
        description="PEM file of its key; without one, the key is in the certificate's file",
    )
    verify_hostname: bool = Field(
        True, title="Verify the name", description="The certificate must be for mqtt.host"
    )


class MqttSettings(Section):
    """The broker that cameras publish to."""

    host: str = Field("127.0.0.1", title="Host", description="Name or address of the broker")
    port: int = Field(1883, title="Port", description="TCP port of the broker", ge=1, le=65535)
    username: str | None = Field(None, title="User name")
    password: SecretStr | None = Field(None, title="Password", description="Better by environment")
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        "auto", title="Protocol", description="auto tries MQTT 5 and falls back to 3.1.1"
    )
    keepalive_s: int = Field(30, title="Keep-alive", description="Seconds between pings", ge=5, le=3600)
    tls: TlsSettings = Field(TlsSettings(), title="TLS")
    embedded: bool = Field(
        False, title="Embedded broker", description="Start a broker inside the service at this host and port"
    )


class DatabaseSettings(Section):
    """Where inspections are recorded."""

    url: str = Field(
        "sqlite:///var/inspector.db",
        title="URL",
        description="SQLAlchemy URL; sqlite:///… or postgresql+psycopg://…",
    )


class CentralSettings(Section):
    """The plant's database, to which every inspection is copied."""

    url: SecretStr | None = Field(
        None,
        title="URL",
        description="SQLAlchemy URL; without one, inspections are recorded under [database] only",
    )


class RegistrySettings(Section):
    """Where bundles are kept, by product and version. Stages are in the central database, or our own."""

    url: str = Field(
        "var/registry",
        title="Store",
        description="Folder or fsspec URL with <product>/<version>/, such as s3://models",
        min_length=1,
    )


class SigningSettings(Section):
    """Signatures of the bundles that are trained here."""

    signing_key: Path | None = Field(
        None,
        title="Signing key",
        description="Private key that `inspector key new` made; new bundles are signed with it",
    )
    signing_passphrase: SecretStr | None = Field(
        None, title="Passphrase", description="Of the signing key; better by environment"
    )
    signing_passphrase_file: Path | None = Field(
        None, title="Passphrase file", description="File whose first line is the passphrase, mode 0600"
    )


class EngineSettings(Section):
    """What runs the networks."""

    runtime: Literal["onnxruntime", "tensorrt"] = Field(
        "onnxruntime", title="Runtime", description="ONNX Runtime, or TensorRT itself on an NVIDIA GPU"
    )
    precision: Literal["fp32", "fp16", "int8"] = Field(
        "fp32", title="Precision", description="Of TensorRT, as provider or itself; int8 only itself"
    )
    cache_dir: Path = Field(
        Path("var/engines"), title="Cache", description="Where built TensorRT engines are kept"
    )
    largest_batch: int = Field(
        16,
        title="Largest batch",
        description="Most frames in one forward pass; a TensorRT engine is built for 1 to so many",
        ge=1,
        le=256,
    )
    providers: tuple[str, ...] = Field(
        ("CPUExecutionProvider",),
        title="Providers",
        description="ONNX Runtime providers in order of preference",
    )
    threads: int = Field(
        0, title="Threads", description="Threads of one forward pass; 0 takes all cores", ge=0
    )


class DescribingSettings(Section):
    """The sentences that say what is wrong with a rejected part."""

    enabled: bool = Field(True, title="Enabled", description="Describe rejects; without it, verdicts only")
    language: Language = Field("en", title="Language", description="Language of the sentences: en or zh")
    language_model: Path = Field(
        Path("var/language-model"),
        title="Language model",
        description="Folder that `inspector prepare-llm` wrote; without one, templates write the sentences",
    )
    adapter: Path | None = Field(
        None, title="Adapter", description="Folder of another adapter than the one that inspector brings"
    )
    deadline_s: float = Field(
        5.0,
        title="Deadline",
        description="Seconds from the verdict after which the template's sentence stands",
        gt=0,
        le=600,
    )
    threads: int = Field(1, title="Threads", description="Threads of the language model", ge=1)
    providers: tuple[str, ...] = Field(
        ("CPUExecutionProvider",),
        title="Providers",
        description="ONNX Runtime providers of the language model, in order of preference",
    )
    queue_size: int = Field(
        64, title="Queue", description="Rejects that wait for the language model", ge=1, le=10_000
    )


class DashboardSettings(Section):
    """The page."""

    host: str = Field("127.0.0.1", title="Host", description="Address the page listens on")
    port: int = Field(8501, title="Port", ge=1, le=65535)
    refresh_s: float = Field(
        2.0, title="Refresh", description="Seconds between updates of the live page", ge=0.2, le=3600
    )
    boxes: tuple[str, ...] = Field(
        (),
        title="Boxes",
        description="Addresses of the boxes' health, such as http://box-1:9464; without any, this machine's",
    )
    uploads_dir: Path = Field(
        Path("var/uploads"),
        title="Uploads",
        description="Folder of uploaded pictures; the worker that learns from them must see it too",
    )
    training_config: Path | None = Field(
        None,
        title="Training settings",
        description="TOML file of training settings for what is trained from the page; else the defaults",
    )
    require_sign_in: bool = Field(
        False,
        title="Require sign-in",
        description="Nobody looks without an account; else looking is free, and changes need an account",
    )
    visit_hours: float = Field(
        12.0, title="Visit", description="Hours after which a local account signs in again", gt=0, le=720
    )
    secrets_file: Path | None = Field(
        None,
        title="Secrets",
        description="TOML file whose [auth] names the identity provider; else Streamlit's own places",
    )
    provided_role: Literal["viewer", "operator", "engineer", "admin"] = Field(
        "viewer",
        title="Provided role",
        description="Role of who signs in by the identity provider and has no account here",
    )
