from pathlib import Path

import torch

from molora.router.encoders.digest import digest_folder, digest_weights


def test_what_a_folder_holds_and_where_makes_its_digest(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "config.json").write_text("{}")
    digests = [digest_folder(tmp_path, (".json",))]
    (tmp_path / "README.md").write_text("not read")
    assert digest_folder(tmp_path, (".json",)) == digests[0]
    (tmp_path / "a" / "config.json").rename(tmp_path / "config.json")
    digests.append(digest_folder(tmp_path, (".json",)))
    (tmp_path / "config.json").write_text("[]")
    digests.append(digest_folder(tmp_path, (".json",)))
    assert len(set(digests)) == 3


def test_weights_count_whatever_their_names_are():
    one, other = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    renamed = torch.nn.ModuleDict({"layer": one})
    assert digest_weights(renamed) == digest_weights(one) != digest_weights(other)
