"""The committed head, with the real encoder."""

import pytest

from molora.deployment import load_config
from molora.errors import ConfigError
from molora.router.encoders.sbert import SbertEncoder
from molora.router.evaluation.evaluate import evaluate, make_case
from molora.router.head import Head
from molora.router.query import Query, Wishes
from molora.router.router import Router, build_router
from molora.router.scoring import Scorer
from molora.router.training.data import draw_scene_questions
from molora.router.training.examples import make_examples
from tests.conftest import DEMO, ROOT

UNSEEN_SEED = 5_000_000


def test_unseen_scene_questions_go_to_their_expert(demo_head: Head, encoder: SbertEncoder):
    samples = draw_scene_questions(UNSEEN_SEED, 800, two_type_share=0.0)
    examples = make_examples(samples, demo_head.classes, encoder, lambda _done, _all: None)
    report = evaluate(make_case(demo_head, examples)).report
    assert report.accuracy >= 0.97
    assert min(report.recall.values()) >= 0.94


def test_the_head_is_the_demo_configurations(demo_head: Head):
    config = load_config(DEMO)
    assert config.router.head.samefile(ROOT / "molora" / "router" / "demo" / "head.safetensors")
    assert demo_head.classes == tuple(config.experts)


def test_a_configured_expert_that_the_head_was_not_trained_for_is_refused_by_name():
    config = load_config(DEMO)
    experts = {**config.experts, "taste": config.experts["social"]}
    with pytest.raises(ConfigError, match=r"router\.head.*taste"):
        build_router(config.model_copy(update={"experts": experts}))


async def test_a_class_that_is_not_configured_sleeps_until_an_expert_of_its_name_comes(
    demo_head: Head, encoder: SbertEncoder
):
    router = Router(Scorer(encoder, demo_head), ("spatial", "quantity", "physical"))
    await router.start()
    question = Query("Is the woman happy?")
    asleep = await router.route(question, Wishes())
    router.set_expert("social", await router.read(["Whatever."]))
    awake = await router.route(question, Wishes())
    await router.stop()
    assert "social" not in asleep.probabilities
    assert (awake.expert, router.routed_by("social")) == ("social", "head")


def test_the_file_is_small():
    assert (ROOT / "molora" / "router" / "demo" / "head.safetensors").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("text", "expert"),
    [
        ("Is the dog to the left of the couch?", "spatial"),
        ("How many boxes are there?", "quantity"),
        ("How many people are there?", "quantity"),
        ("How many children are in the photo?", "quantity"),
        ("Are there any people in the picture?", "spatial"),
        ("Is there a man in the photo?", "spatial"),
        ("Are there any forks?", "spatial"),
        ("What color is the car?", "physical"),
        ("Is the woman happy?", "social"),
    ],
)
async def test_plain_questions_go_where_a_person_would_send_them(
    demo_head: Head, encoder: SbertEncoder, text: str, expert: str
):
    router = Router(Scorer(encoder, demo_head), demo_head.classes)
    await router.start()
    decision = await router.route(Query(text), Wishes())
    await router.stop()
    assert decision.expert == expert


@pytest.mark.parametrize(
    "text",
    [
        "Is there evidence of a pneumothorax?",
        "Which lobe of the lung is the lesion located in?",
        "Write a haiku about compound interest.",
        "",
    ],
)
async def test_a_question_like_none_that_it_learnt_goes_to_the_backbone(
    demo_head: Head, encoder: SbertEncoder, text: str
):
    router = Router(Scorer(encoder, demo_head), demo_head.classes)
    await router.start()
    decision = await router.route(Query(text), Wishes())
    await router.stop()
    assert (decision.expert, decision.source, decision.reason) == ("base", "fallback", "unlike")


async def test_few_questions_of_its_own_kind_go_to_the_backbone(demo_head: Head, encoder: SbertEncoder):
    queries = [sample.query for sample in draw_scene_questions(UNSEEN_SEED, 400)]
    typicality = [reading.typicality for reading in Scorer(encoder, demo_head).score(queries)]
    assert sum(typical < 0.01 for typical in typicality) <= 8
