"""One YAML file describes a deployment: it is read and checked, and the files that it names, beside it, are found."""

import os
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from molora.config import ADAPTER_FILES, RESERVED, Config, Description, EncoderConfig, ExpertName, PolicyConfig
from molora.errors import ConfigError

ENCODER_FOLDERS = ("text", "image", "backbone")
DESCRIPTIONS: TypeAdapter[dict[str, str]] = TypeAdapter(Annotated[dict[ExpertName, Description], Field(min_length=2)])


def load_config(path: str | Path) -> Config:
    """Read and check a deployment. Raises ConfigError that names the key or the file at fault."""
    config = check_keys(_read_yaml(Path(path)), Path(path))
    config = _resolve_paths(config, Path(path).resolve().parent)
    _check_files(config)
    return config


def read_encoder(path: Path | None) -> EncoderConfig:
    """The `router.encoder` of a deployment, whose other files need not exist; without one the default.

    Raises ConfigError as `load_config` does.
    """
    if path is None:
        return EncoderConfig()
    config = check_keys(_read_yaml(path), path)
    encoder = _resolve_encoder(path.resolve().parent, config.router.encoder)
    _check_encoder(encoder)
    return encoder


def read_policy(path: Path | None) -> PolicyConfig:
    """The rules of a deployment's router, whose files need not exist; without one the defaults.

    Raises ConfigError as `load_config` does.
    """
    return PolicyConfig() if path is None else check_keys(_read_yaml(path), path).router


def read_experts(path: Path) -> dict[str, str]:
    """Names and descriptions of experts: a deployment's, whose files need not exist, or a mapping of just these.

    Raises ConfigError as `load_config` does.
    """
    values = _read_yaml(path)
    if isinstance(values, dict) and "experts" in values:
        return {name: expert.description for name, expert in check_keys(values, path).experts.items()}
    try:
        experts = DESCRIPTIONS.validate_python(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from None
    for name in RESERVED:
        if name in experts:
            raise ConfigError(f"{path}: '{name}' is a reserved name")
    return experts


def check_keys(values: Any, path: Path) -> Config:
    """Validate keys and values alone; no file that the configuration names has to exist."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from None


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def _explain(error: ValidationError) -> str:
    return "; ".join(_explain_one(dict(e)) for e in error.errors(include_url=False))


def _explain_one(error: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return f"unknown key '{key}'"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


def _resolve_paths(config: Config, folder: Path) -> Config:
    experts = {
        name: expert.model_copy(update={"adapter": _resolve(folder, expert.adapter)})
        for name, expert in config.experts.items()
    }
    router = config.router.model_copy(
        update={
            "head": _resolve(folder, config.router.head),
            "encoder": _resolve_encoder(folder, config.router.encoder),
        }
    )
    model = _local_or_hub(folder, config.engine.model)
    engine = config.engine.model_copy(update={"model": model})
    store = config.store and config.store.model_copy(
        update={
            "folder": _resolve(folder, config.store.folder),
            "imports": config.store.imports and _resolve(folder, config.store.imports),
        }
    )
    return config.model_copy(update={"engine": engine, "experts": experts, "router": router, "store": store})


def _resolve(folder: Path, path: Path) -> Path:
    # normpath, not Path.resolve: a model store is often a folder of symlinks.
    return Path(os.path.normpath(folder / path.expanduser()))


def _resolve_encoder(folder: Path, encoder: EncoderConfig) -> EncoderConfig:
    given = {key: getattr(encoder, key) for key in ENCODER_FOLDERS}
    return encoder.model_copy(update={key: _resolve(folder, path) for key, path in given.items() if path})


def _local_or_hub(folder: Path, model: str) -> str:
    """A folder beside the configuration if there is one or the name is spelt as a path; else a hub id."""
    local = _resolve(folder, Path(model))
    is_path = model.startswith((".", "/", "~"))
    return str(local) if is_path or local.is_dir() else model


def _check_files(config: Config) -> None:
    model = Path(config.engine.model)
    if model.is_absolute() and not model.is_dir():
        raise ConfigError(f"engine.model: no such folder: {model}")
    for name, expert in config.experts.items():
        _check_adapter(name, expert.adapter)
    if not config.router.head.is_file():
        raise ConfigError(f"router.head: no such file: {config.router.head}")
    _check_encoder(config.router.encoder)
    if config.store and config.store.imports and not config.store.imports.is_dir():
        raise ConfigError(f"store.imports: no such folder: {config.store.imports}")


def _check_encoder(encoder: EncoderConfig) -> None:
    for key in ENCODER_FOLDERS:
        path = getattr(encoder, key)
        if path and not path.is_dir():
            raise ConfigError(f"router.encoder.{key}: no such folder: {path}")


def _check_adapter(name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError(f"experts.{name}.adapter: no such folder: {folder}")
    for file in ADAPTER_FILES:
        if not (folder / file).is_file():
            raise ConfigError(f"experts.{name}.adapter: no {file} in {folder}")
