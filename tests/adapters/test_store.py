"""What outlives the server, on a real disk: crashes, full disks and second servers included."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from molora.adapters.backbone import Backbone, read_backbone
from molora.adapters.check import Checked, check_adapter, digest_of
from molora.adapters.store import Store, StoredExpert
from molora.errors import ConfigError, MoloraError
from tests.adapters.disks import full_disk
from tests.adapters.faulty import CONFIG, DEMO, WEIGHTS, config, make_good

DIGEST = "0" * 64


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return read_backbone(str(DEMO / "backbone"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    yield store
    store.close()


def expert(description: str = "Where things are.", **fields: object) -> StoredExpert:
    return StoredExpert.model_validate({"description": description, "digest": DIGEST, **fields})


def all_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def bring(incoming: Path, backbone: Backbone, alpha: float = 32) -> Checked:
    folder = make_good(incoming / "adapter")
    config(lora_alpha=alpha)(folder)
    (folder / "README.md").write_text("mine")
    return check_adapter(folder, backbone, max_rank=16, tower=False)


def test_a_new_store_has_no_experts(store: Store, tmp_path: Path) -> None:
    assert store.experts() == {}
    assert all_files(tmp_path / "store") == {"adapters", "incoming", "lock"}


def test_experts_come_back_as_they_were_written(store: Store) -> None:
    full = expert(
        examples=("Where is it?", "\N{SNOWMAN}?"),
        system_prompt="Be brief.",
        response_schema={"type": "object", "properties": {"x": {"type": ["number", "null"]}}},
        defaults={"temperature": 0.5, "stop": ["\ud800"], "seed": None},
    )
    store.write({"spatial": full, "Other.1": expert()})
    assert store.experts() == {"spatial": full, "Other.1": expert()}
    store.write({})
    assert store.experts() == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"experts": {}}',
        '{"version": 2, "experts": {}}',
        '{"version": 1, "experts": {}, "more": 1}',
        '{"version": 1, "experts": {"../x": {"description": "x", "digest": "' + DIGEST + '"}}}',
        '{"version": 1, "experts": {"x": {"description": "x", "digest": "../../etc"}}}',
        '{"version": 1, "experts": {"x": {"description": "x"}}}',
        "[" * 100_000,
    ],
)
def test_a_broken_journal_stops_the_server_and_stays(text: str, store: Store, tmp_path: Path) -> None:
    journal = tmp_path / "store" / "experts.json"
    journal.write_text(text)
    with pytest.raises(ConfigError, match=r"experts\.json"):
        store.experts()
    assert journal.read_text() == text


def test_incoming_folders_are_fresh_and_gone_afterwards(store: Store, tmp_path: Path) -> None:
    with store.incoming() as one, store.incoming() as other:
        assert one != other
        (one / "deep").mkdir()
        (one / "deep" / "file").write_text("x")
    with pytest.raises(ValueError, match="anything"), store.incoming() as one:
        raise ValueError("anything")
    assert not list((tmp_path / "store" / "incoming").iterdir())


def test_an_admitted_adapter_is_kept_under_its_digest_and_cannot_be_written(
    store: Store, tmp_path: Path, backbone: Backbone
) -> None:
    with store.incoming() as folder:
        checked = bring(folder, backbone)
        path = store.keep(checked)
    assert path == store.path(checked.digest) == tmp_path / "store" / "adapters" / checked.digest
    assert sorted(file.name for file in path.iterdir()) == [CONFIG, WEIGHTS]
    assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o444}
    assert digest_of(path) == checked.digest
    assert check_adapter(path, backbone, max_rank=16, tower=False) == replace(checked, folder=path)
    assert not list((tmp_path / "store" / "incoming").iterdir())


def test_an_adapter_that_is_kept_already_is_left_alone(store: Store, backbone: Backbone) -> None:
    with store.incoming() as folder:
        path = store.keep(bring(folder, backbone))
    inode = path.stat().st_ino
    with store.incoming() as folder:
        assert store.keep(bring(folder, backbone)) == path
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("changed")], ids=["lost", "changed"])
def test_an_adapter_that_was_damaged_is_kept_anew(
    store: Store, backbone: Backbone, tmp_path: Path, name: str, damage: Callable[[Path], object]
) -> None:
    with store.incoming() as folder:
        path = store.keep(bring(folder, backbone))
    (path / name).chmod(0o600)
    damage(path / name)
    with store.incoming() as folder:
        assert store.keep(bring(folder, backbone)) == path
    assert digest_of(path) == path.name
    assert all_files(tmp_path / "store") == {
        *("adapters", "incoming", "lock"),
        *(f"adapters/{path.name}{file}" for file in ("", f"/{CONFIG}", f"/{WEIGHTS}")),
    }


def test_sweeping_leaves_only_the_adapters_named_and_what_is_coming(store: Store, backbone: Backbone) -> None:
    kept = []
    for alpha in (1, 2, 3):
        with store.incoming() as folder:
            kept.append(store.keep(bring(folder, backbone, alpha)))
    with store.incoming() as coming:
        (coming / "file").write_text("x")
        store.sweep([kept[1].name, DIGEST])
        assert (coming / "file").exists()
    assert [path.exists() for path in kept] == [False, True, False]


def test_what_a_crash_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "store" / "incoming" / "x"
    left.mkdir(parents=True)
    (left / "half").write_text("x")
    Store(tmp_path / "store").close()
    assert all_files(tmp_path / "store") == {"adapters", "incoming", "lock"}


def test_a_full_disk_changes_nothing_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    store.write({"spatial": expert()})
    before = all_files(tmp_path / "store")
    with full_disk(10_000), pytest.raises(MoloraError) as refused:
        store.write({"spatial": expert(), "other": expert(system_prompt="x" * 50_000)})
    assert refused.value.message == "the store cannot be written: File too large"
    assert (refused.value.status, refused.value.type) == (507, "insufficient_storage")
    assert store.experts() == {"spatial": expert()}
    assert all_files(tmp_path / "store") == before


def test_an_adapter_that_cannot_be_kept_leaves_nothing(store: Store, tmp_path: Path, backbone: Backbone) -> None:
    with store.incoming() as folder:
        checked = bring(folder, backbone)
        store.path(checked.digest).write_text("in the way")
        with pytest.raises(MoloraError, match="the store cannot be written: Not a directory") as refused:
            store.keep(checked)
    assert refused.value.status == 507
    assert all_files(tmp_path / "store") == {"adapters", f"adapters/{checked.digest}", "incoming", "lock"}


def test_a_folder_that_went_away_is_told_without_its_path(store: Store, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "store")
    for act in (lambda: store.write({}), lambda: store.sweep([])):
        with pytest.raises(MoloraError, match="the store cannot be written: No such file") as refused:
            act()
        assert str(tmp_path) not in refused.value.message


def test_a_folder_that_cannot_be_made_is_told_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"store\.folder: .*/file/store cannot be written: Not a directory"):
        Store(tmp_path / "file" / "store")


HOLD = """
import sys, time
from pathlib import Path
from molora.adapters.store import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
time.sleep(600)
"""

CHURN = """
import itertools, shutil, sys
from pathlib import Path
from molora.adapters.check import Checked, digest_of
from molora.adapters.store import Store, StoredExpert

folder, adapter = Path(sys.argv[1]), Path(sys.argv[2])
store = Store(folder)
print("ready", flush=True)
for number in itertools.count():
    with store.incoming() as incoming:
        shutil.copytree(adapter, incoming / "a")
        with (incoming / "a" / "adapter_config.json").open("a") as config:
            config.write(" " * (number % 50))
        digest = digest_of(incoming / "a")
        store.keep(Checked(incoming / "a", digest, 16, (), 0))
    experts = {f"e{i}": StoredExpert(description=f"{number}", digest=digest) for i in range(200)}
    store.write(experts)
    store.sweep([digest])
"""


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """Once it has the store."""
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.send_signal(signal.SIGKILL)


def test_a_second_server_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    process = start(HOLD, tmp_path)
    try:
        with pytest.raises(ConfigError, match=r"store\.folder: another server"):
            Store(tmp_path)
    finally:
        kill(process)
    Store(tmp_path).close()


def test_a_closed_store_can_be_opened_again(tmp_path: Path) -> None:
    first = Store(tmp_path)
    with pytest.raises(ConfigError, match="another server"):
        Store(tmp_path)
    first.close()
    first.close()
    Store(tmp_path).close()


def test_a_kill_at_any_instant_leaves_a_set_that_was_written_and_whole_adapters(tmp_path: Path) -> None:
    chance, numbers = random.Random(0), []
    for _ in range(20):
        process = start(CHURN, tmp_path / "store", DEMO / "spatial")
        time.sleep(chance.uniform(0, 0.2))
        kill(process)
        assert process.returncode == -signal.SIGKILL
        store = Store(tmp_path / "store")
        experts = store.experts()
        store.close()
        numbers.append(len(experts))
        assert len({(one.description, one.digest) for one in experts.values()}) <= 1
        assert all(store.path(one.digest).is_dir() for one in experts.values())
        for path in (tmp_path / "store" / "adapters").iterdir():
            assert digest_of(path) == path.name
        assert not list((tmp_path / "store" / "incoming").iterdir())
    assert set(numbers) <= {0, 200}
    assert 200 in numbers


def test_the_journal_is_for_people_too(store: Store, tmp_path: Path) -> None:
    store.write({"spatial": expert()})
    journal = json.loads((tmp_path / "store" / "experts.json").read_text())
    assert journal["version"] == 1
    assert journal["experts"]["spatial"]["digest"] == DIGEST
