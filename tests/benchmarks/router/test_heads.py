import json
from pathlib import Path

from molora.benchmarks.router.heads import fit_head
from molora.config import EncoderConfig
from molora.router.training.data import draw_scene_questions


def write_rows(path: Path, seed: int, num: int) -> Path:
    drawn = draw_scene_questions(seed, num, two_type_share=0.0)
    path.write_text(
        "".join(json.dumps({"question": s.query.text, "expert": next(iter(s.targets))}) + "\n" for s in drawn)
    )
    return path


def test_a_head_is_fitted_to_the_rows_given_and_measured_on_others(tmp_path: Path):
    data, check = write_rows(tmp_path / "data.jsonl", 1, 300), write_rows(tmp_path / "check.jsonl", 2, 60)
    fitted = fit_head(EncoderConfig(), [data], [check], lambda *_: None)
    assert set(fitted.head.classes) == {"spatial", "quantity", "physical", "social"}
    assert fitted.accuracy is not None
    assert fitted.accuracy > 0.9


def test_without_rows_to_measure_on_nothing_is_said(tmp_path: Path):
    data = write_rows(tmp_path / "data.jsonl", 1, 100)
    assert fit_head(EncoderConfig(), [data], [], lambda *_: None).accuracy is None
