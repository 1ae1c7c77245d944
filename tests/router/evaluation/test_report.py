import json
from pathlib import Path

import pytest
from PIL import Image

from molora.errors import ConfigError
from molora.router.evaluation.ablation import ablate
from molora.router.evaluation.evaluate import evaluate
from molora.router.evaluation.heads import Measured
from molora.router.evaluation.report import prepare, write_report
from tests.router.evaluation.test_evaluate import case, sample


def test_a_head_leaves_its_figures_and_four_pictures(tmp_path: Path):
    one = case(sample("who?", "social"), sample("where?", "spatial"), sample("who?", "spatial"))
    write_report([Measured("head", evaluate(one), ablate(one), None)], {"arms": {}}, tmp_path)
    pictures = {"confusion.png", "reliability.png", "risk_coverage.png", "gates.png"}
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", *pictures}
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200
            assert len(picture.convert("L").getcolors() or []) > 8
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["answers"] == {"arms": {}}
    assert report["heads"][0]["report"]["num"] == 3
    assert report["heads"][0]["gates"]["top1"]["experts"]["social"][-1] == 2


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"--output: .*file: File exists"):
        prepare(tmp_path / "file")
