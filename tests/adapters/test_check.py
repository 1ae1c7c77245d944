"""Admission, on real files: a demo adapter, and everything that can be wrong with it."""

import json
import subprocess
from pathlib import Path

import pytest
import torch

from molora.adapters.backbone import Backbone, read_backbone
from molora.adapters.check import Checked, Refused, check_adapter, check_weights, digest_of
from molora.compat import mend_torch_companions
from tests.adapters.faulty import (
    CONFIG,
    DEMO,
    FAULTS,
    FOLDER_FAULTS,
    LAYER,
    WEIGHTS,
    B,
    Edit,
    config,
    edit_tensors,
    file,
    make_good,
    put,
    tensors,
    tower,
    without,
    zero,
)

ALL_FAULTS = FAULTS | FOLDER_FAULTS


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return read_backbone(str(DEMO / "backbone"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_good(tmp_path / "adapter")


def check(folder: Path, backbone: Backbone, *, tower: bool = False) -> Checked:
    return check_adapter(folder, backbone, max_rank=16, tower=tower)


def test_every_demo_adapter_is_admitted(backbone: Backbone) -> None:
    for kind in ("spatial", "quantity", "physical", "social"):
        checked = check(DEMO / kind, backbone)
        assert checked.rank == 16
        assert len(checked.modules) == 35
        assert checked.modules[0] == "layers.0.mlp.down_proj"
        assert list(checked.modules) == sorted(checked.modules)
        assert checked.num_bytes == sum((DEMO / kind / name).stat().st_size for name in (CONFIG, WEIGHTS))


@pytest.mark.parametrize("name", ALL_FAULTS)
def test_a_faulty_adapter_is_refused_with_its_reason(name: str, folder: Path, backbone: Backbone) -> None:
    ALL_FAULTS[name].edit(folder)
    with pytest.raises(Refused) as refused:
        check(folder, backbone)
    assert ALL_FAULTS[name].phrase in refused.value.message
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, "files", "adapter_refused")
    assert str(folder.parent) not in json.dumps(refused.value.to_dict())
    assert len(refused.value.message) < 10_000


@pytest.mark.parametrize("name", ["A wider", "NaN", "wrong base", "DoRA", "a pickle", "weights empty", "no config"])
def test_one_fault_gives_one_reason(name: str, folder: Path, backbone: Backbone) -> None:
    FAULTS[name].edit(folder)
    with pytest.raises(Refused) as refused:
        check(folder, backbone)
    assert len(refused.value.faults) == 1


GOOD: dict[str, Edit] = {
    "float32": tensors(lambda found: found.update({name: one.float() for name, one in found.items()})),
    "float16": tensors(lambda found: found.update({name: one.half() for name, one in found.items()})),
    "few layers": tensors(lambda found: [found.pop(name) for name in [*found] if not name.startswith(LAYER)]),
    "names of older transformers": tensors(
        lambda found: [found.update({name.replace(".language_model", ""): found.pop(name)}) for name in [*found]]
    ),
    "some zeros": put(B, torch.zeros_like),
    "rslora": config(use_rslora=True),
    "alpha a fraction": config(lora_alpha=0.5),
    "gaussian": config(init_lora_weights="gaussian"),
    "eva": config(init_lora_weights="eva", eva_config={"rho": 2.0}),
    "random begin": config(init_lora_weights=False),
    "base elsewhere": config(base_model_name_or_path="/home/someone/models/Backbone/"),
    "base on Windows": config(base_model_name_or_path="D:\\models\\backbone"),
    "no base": config(base_model_name_or_path=None),
    "base left out": without("base_model_name_or_path"),
    "unknown but off": config(use_gravity=False),
    "companions": file("README.md"),
    "tokenizer": file("tokenizer.json", b"{}"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_merely_unusual_is_admitted(name: str, folder: Path, backbone: Backbone) -> None:
    GOOD[name](folder)
    assert check(folder, backbone).rank == 16


def test_what_the_installed_peft_writes_is_admitted(folder: Path, backbone: Backbone) -> None:
    mend_torch_companions()
    from peft import LoraConfig

    LoraConfig(r=16, target_modules=["q_proj"]).save_pretrained(folder)
    assert check(folder, backbone).rank == 16


def test_adapters_of_the_vision_tower_need_an_engine_that_adapts_it(folder: Path, backbone: Backbone) -> None:
    edit_tensors(folder, tower)
    assert "visual.blocks.0.attn.qkv" in check(folder, backbone, tower=True).modules


def test_every_fault_is_told_at_once(folder: Path, backbone: Backbone) -> None:
    for name in ("A wider", "A without B", "DoRA", "wrong base", "a pickle", "rank over the engine's"):
        FAULTS[name].edit(folder)
    edit_tensors(folder, lambda found: found.pop(f"{LAYER.replace('q_proj', 'k_proj')}.lora_A.weight"))
    with pytest.raises(Refused) as refused:
        check(folder, backbone)
    for phrase in ("has B without A", "has A without B", "DoRA", "'qwen2.5-vl", "pickle", "more than this engine's"):
        assert phrase in "; ".join(refused.value.faults)


def test_a_long_list_of_faults_is_cut(folder: Path, backbone: Backbone) -> None:
    edit_tensors(folder, lambda found: found.update({f"stranger.{i}": torch.ones(1) for i in range(1000)}))
    with pytest.raises(Refused) as refused:
        check(folder, backbone)
    assert len(refused.value.faults) == 1000
    assert refused.value.message.endswith("; and 980 more")


def test_names_that_would_break_a_log_or_an_encoder_are_shown_escaped(folder: Path, backbone: Backbone) -> None:
    edit_tensors(folder, lambda found: found.update({"x\n" + "y" * 10_000: torch.ones(1)}))
    (folder / "\udcff.md\x1b").write_text("")
    with pytest.raises(Refused) as refused:
        check(folder, backbone)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 1000


def test_a_folder_that_is_gone_is_refused_without_its_path(tmp_path: Path, backbone: Backbone) -> None:
    for one in (check_adapter, check_weights):
        with pytest.raises(Refused, match=r"its files cannot be read: No such file|is missing") as refused:
            one(tmp_path / "gone", backbone, max_rank=16, tower=False)
        assert str(tmp_path) not in refused.value.message


def test_the_operators_folder_may_hold_links_and_other_files(folder: Path, backbone: Backbone) -> None:
    for name in ("weights linked", "a folder within"):
        FOLDER_FAULTS[name].edit(folder)
    FAULTS["a pickle"].edit(folder)
    assert check_weights(folder, backbone, max_rank=16, tower=False).rank == 16
    zero("lora_B")(folder)
    with pytest.raises(Refused, match="changes nothing"):
        check_weights(folder, backbone, max_rank=16, tower=False)


def test_the_digest_is_that_of_sha256sum_and_covers_both_files(folder: Path) -> None:
    command = f"sha256sum {CONFIG} {WEIGHTS} | sha256sum"
    printed = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True).stdout
    before = digest_of(folder)
    assert printed.split()[0] == before
    config(lora_alpha=31)(folder)
    assert digest_of(folder) != before


def test_companions_are_no_part_of_the_digest(folder: Path) -> None:
    before = digest_of(folder)
    file("README.md")(folder)
    assert digest_of(folder) == before
