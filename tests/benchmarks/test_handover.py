from pathlib import Path

import pytest
import torch
from torch.nn.functional import cosine_similarity

from molora.compat import mend_torch_companions

mend_torch_companions()

from molora.benchmarks.handover import Tower, is_trained, plan_turns, taking_embeddings  # noqa: E402
from molora.config import Config  # noqa: E402
from molora.deployment import load_config  # noqa: E402

pytestmark = pytest.mark.engine

DEMO = Path(__file__).parents[2] / "configs" / "demo.yaml"
SIDE = 56


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(DEMO)


def test_every_size_takes_its_turn_in_every_round_and_no_picture_is_asked_about_twice() -> None:
    plans = list(plan_turns(2, [1, 8], [1, 4], SIDE))
    for number in range(3):
        kinds = sorted((len(plan.questions), plan.num_tokens) for plan in plans if plan.round == number)
        assert kinds == [(1, 1), (1, 4), (8, 1), (8, 4)]
    pictures = [question.picture for plan in plans for question in plan.questions]
    assert {picture.size for picture in pictures} == {(SIDE, SIDE)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert {plan.pictures_first for plan in plans} == {True, False}


def test_only_the_engines_options_change(config: Config) -> None:
    taking = taking_embeddings(config, SIDE)
    assert taking.engine.options["enable_mm_embeds"] is True
    assert taking.engine.options | config.engine.options == taking.engine.options
    assert taking.model_dump(exclude={"engine"}) == config.model_dump(exclude={"engine"})


def test_embeddings_are_those_of_each_picture_alone(config: Config) -> None:
    assert is_trained(config)
    tower = Tower(Path(config.engine.model), SIDE, trained=True)
    (plan,) = plan_turns(0, [2], [1], SIDE)
    pictures = [question.picture for question in plan.questions]
    together = tower.embed(pictures)
    for picture, embedded in zip(pictures, together, strict=True):
        (alone,) = tower.embed([picture])
        assert embedded["image_grid_thw"].tolist() == [[1, SIDE // 14, SIDE // 14]]
        assert embedded["image_embeds"].shape == ((SIDE // 28) ** 2, 192)
        torch.testing.assert_close(embedded["image_embeds"], alone["image_embeds"], rtol=1e-4, atol=1e-4)
    first, second = (one["image_embeds"].flatten() for one in together)
    assert cosine_similarity(first, second, dim=0) < 0.99
