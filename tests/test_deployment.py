"""A configuration is read whole, or refused by a line that names the key or the file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from molora.config import ADAPTER_FILES, Config, EncoderConfig, PolicyConfig
from molora.deployment import check_keys, load_config, read_encoder, read_experts, read_policy
from molora.errors import ConfigError

SHIPPED = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))


def values() -> dict[str, Any]:
    return {
        "engine": {"model": "backbone"},
        "experts": {"left": {"adapter": "left", "description": "Left."}},
        "router": {"head": "head.safetensors"},
    }


def make_files(folder: Path, config: Config) -> None:
    """Every file the configuration names, below `folder` and empty."""
    for expert in config.experts.values():
        (folder / expert.adapter).mkdir(parents=True)
        for name in ADAPTER_FILES:
            (folder / expert.adapter / name).touch()
    (folder / config.router.head).parent.mkdir(parents=True, exist_ok=True)
    (folder / config.router.head).touch()
    (folder / config.engine.model).mkdir(parents=True, exist_ok=True)


def write(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "molora.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_files(tmp_path, check_keys(values(), tmp_path))
    return tmp_path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return caught.value.message


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_configuration_loads_once_its_files_are_there(path: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    home = tmp_path / "configs"
    home.mkdir()
    make_files(home, check_keys(content, path))
    config = load_config(write(home, content))
    assert list(config.experts) == ["spatial", "quantity", "physical", "social"]
    assert config.router.head.is_file()


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    config = load_config(write(folder, values()))
    assert config.engine.model == str(folder / "backbone")
    assert config.experts["left"].adapter == folder / "left"
    assert config.router.head == folder / "head.safetensors"


def test_the_encoders_folders_are_relative_to_the_file_too_and_the_head_need_not_be_there(folder: Path) -> None:
    encoder = {"kind": "backbone", "backbone": "backbone", "layer": 2}
    path = write(folder, values() | {"router": {"head": "head.safetensors", "encoder": encoder}})
    expected = EncoderConfig(kind="backbone", backbone=folder / "backbone", layer=2)
    assert load_config(path).router.encoder == expected
    (folder / "head.safetensors").unlink()
    assert read_encoder(path) == expected
    (folder / "backbone").rmdir()
    with pytest.raises(ConfigError, match=r"router.encoder.backbone: no such folder"):
        read_encoder(path)


def test_without_a_deployment_the_encoder_is_the_default() -> None:
    assert read_encoder(None) == EncoderConfig()


def test_a_routers_rules_are_read_without_its_files(tmp_path: Path) -> None:
    content = values() | {"router": {"head": "head.safetensors", "false_alarms": 0.03}}
    assert read_policy(write(tmp_path, content)).false_alarms == 0.03
    assert read_policy(None) == PolicyConfig()


def test_experts_are_told_by_a_deployment_or_by_a_file_of_their_own(tmp_path: Path) -> None:
    assert read_experts(write(tmp_path, values())) == {"left": "Left."}
    assert read_experts(write(tmp_path, {"a": "One.", "b": "Two."})) == {"a": "One.", "b": "Two."}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"a": "One."}, "at least 2"),
        ({"a": "One.", "b": ""}, "b: "),
        ({"a": "One.", "base": "Two."}, "'base' is a reserved name"),
        ({"experts": {"a": "One."}}, "engine: Field required"),
    ],
)
def test_what_tells_of_no_experts_is_refused(tmp_path: Path, content: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_experts(write(tmp_path, content))


def test_a_model_that_is_no_folder_is_a_hub_id(folder: Path) -> None:
    content = values() | {"engine": {"model": "Qwen/Qwen2-VL-2B-Instruct"}}
    assert load_config(write(folder, content)).engine.model == "Qwen/Qwen2-VL-2B-Instruct"


@pytest.mark.parametrize(
    ("section", "change", "named"),
    [
        ("engine", {"model": "backbone", "speed": 11}, "unknown key 'engine.speed'"),
        ("colour", "red", "unknown key 'colour'"),
        ("engine", {}, "engine.model"),
        ("engine", {"model": "./nowhere"}, "engine.model: no such folder"),
        ("experts", {}, "experts"),
        ("experts", {"base": {"adapter": "left", "description": "x"}}, "'base' is a reserved name"),
        ("experts", {"auto": {"adapter": "left", "description": "x"}}, "'auto' is a reserved name"),
        ("experts", {"a/b": {"adapter": "left", "description": "x"}}, "experts.a/b"),
        ("experts", {"left": {"adapter": "left"}}, "experts.left.description"),
        ("experts", {"left": {"adapter": "right", "description": "x"}}, "experts.left.adapter: no such folder"),
        ("experts", {"left": {"adapter": "backbone", "description": "x"}}, "no adapter_config.json"),
        ("router", {"head": "no.safetensors"}, "router.head: no such file"),
        *(
            ("router", {"head": "head.safetensors", "encoder": encoder}, named)
            for encoder, named in [
                ("backbone", "router.encoder"),
                ({"kind": "ears"}, "router.encoder.kind"),
                ({"text": "none"}, "router.encoder.text: no such folder"),
                ({"kind": "sbert+image", "image": "none"}, "router.encoder.image: no such folder"),
                ({"kind": "sbert+image"}, "router.encoder: kind sbert+image needs 'image'"),
                ({"kind": "backbone", "layer": 1}, "router.encoder: kind backbone needs 'backbone'"),
                ({"kind": "backbone", "backbone": "backbone", "layer": 0}, "router.encoder.layer"),
                ({"kind": "backbone", "backbone": "backbone", "text": "a"}, "kind backbone has no use for 'text'"),
                ({"image": "backbone"}, "router.encoder: kind sbert has no use for 'image'"),
                ({"layer": 2}, "router.encoder: kind sbert has no use for 'layer'"),
            ]
        ),
        ("router", {"head": "head.safetensors", "temperature": 0}, "router.temperature"),
        ("router", {"head": "head.safetensors", "temperature": float("nan")}, "router.temperature"),
        ("router", {"head": "head.safetensors", "fallback": "nobody"}, "router.fallback: 'nobody' is neither base nor"),
        ("router", {"head": "head.safetensors", "min_confidence": 1.1}, "router.min_confidence"),
        ("router", {"head": "head.safetensors", "false_alarms": -0.1}, "router.false_alarms"),
        ("router", {"head": "head.safetensors", "sticky": 2}, "router.sticky"),
        ("router", {"head": "head.safetensors", "agent": {"policy": "obey"}}, "router.agent.policy"),
        ("router", {"head": "head.safetensors", "agent": {"veto": 0}}, "router.agent.veto"),
        ("health", {"stalled_s": 3}, "canary_s must be less than stalled_s"),
        ("health", {"failed_s": 19}, "stalled_s no more than failed_s"),
        ("health", {"on_failure": "hope"}, "health.on_failure"),
        ("port", 70000, "port"),
        ("media", {"colours": 3}, "unknown key 'media.colours'"),
        ("media", {"max_pixels": 10**9}, "media.max_pixels"),
        ("media", {"max_side": 0}, "media.max_side"),
        ("media", {"timeout_s": float("inf")}, "media.timeout_s"),
        ("media", {"hosts": "example.org"}, "media.hosts"),
        ("logs", {"format": "xml"}, "logs.format"),
        ("logs", {"level": "loud"}, "logs.level"),
    ],
)
def test_a_refusal_names_the_key_or_the_file(folder: Path, section: str, change: Any, named: str) -> None:
    assert named in refusal(write(folder, values() | {section: change}))


@pytest.mark.parametrize(
    "host",
    [
        *("", "*", "localhost", "*.org", "a.*.org", "*.*.example.org", "https://example.org", "example.org:443"),
        *(
            "example.org/a",
            "user@example.org",
            "example.org.",
            ".example.org",
            "*.10",
            "*.0.0.1",
            "0x7f.0.0.1",
            "127.1",
        ),
        *("2130706433", "0177.0.0.1", "[::1]", "bücher.example", "a..example", "a b.example", f"{'a.' * 130}example"),
    ],
)
def test_a_host_is_a_name_or_an_address_and_nothing_else(folder: Path, host: str) -> None:
    content = values() | {"media": {"hosts": ["example.org", host]}}
    assert "media.hosts.1" in refusal(write(folder, content))


def test_hosts_are_read_in_one_spelling(folder: Path) -> None:
    hosts = ["Example.ORG", "*.Example.org", "93.184.215.14", "2606:4700:0::1111"]
    config = load_config(write(folder, values() | {"media": {"hosts": hosts}}))
    assert config.media.hosts == ("example.org", "*.example.org", "93.184.215.14", "2606:4700::1111")


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "\x00", "engine: 5"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "molora.yaml"
    path.write_text(text)
    assert str(path) in refusal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "nothing.yaml" in refusal(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("section", [EncoderConfig(), EncoderConfig(kind="backbone", backbone=Path("b"), layer=2)])
def test_an_encoder_is_read_again_from_what_was_written_of_it(section: EncoderConfig) -> None:
    assert EncoderConfig.model_validate(section.model_dump(mode="json")) == section
