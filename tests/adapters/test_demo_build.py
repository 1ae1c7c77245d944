"""Training must see exactly what the served model will see; a short build must make loadable weights."""

import random
from pathlib import Path

import pytest
import torch

from molora.compat import mend_torch_companions

mend_torch_companions()

from peft import PeftModel  # noqa: E402
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: E402

from molora.adapters.demo_build.beginning import begin  # noqa: E402
from molora.adapters.demo_build.build import build_demo  # noqa: E402
from molora.adapters.demo_build.measure import UNSEEN_SEED, measure  # noqa: E402
from molora.adapters.demo_build.model import make_model  # noqa: E402
from molora.adapters.demo_build.notes import ASKED, FAR, NEAR, make_notes  # noqa: E402
from molora.adapters.demo_build.packing import Packer, conversation, note  # noqa: E402
from molora.adapters.demo_build.sights import CELLS, CLASSES, IGNORED, KINDS, LABELS, Code, label  # noqa: E402
from molora.adapters.demo_build.training import Plan, read  # noqa: E402
from molora.adapters.demo_build.vision import render, see  # noqa: E402
from molora.benchmarks.questions import make_examples  # noqa: E402
from molora.benchmarks.scenes import Scene, Thing  # noqa: E402

BACKBONE = Path("molora/adapters/demo/backbone")
TINY = Plan(
    seeing_steps=2,
    seeing_pictures=2,
    seeing_pool=4,
    telling_steps=2,
    choosing_steps=2,
    hearing_steps=2,
    telling_pictures=2,
    adapter_steps=2,
    adapter_pictures=2,
    adapter_questions=2,
    seed=3,
)
QUESTIONS = [
    ("Where is the red ball?", "top left"),
    ("How many boxes are there?", "3"),
    ("Is anyone sad?", "yes"),
]


@pytest.fixture(scope="module")
def model() -> Qwen2VLForConditionalGeneration:
    return Qwen2VLForConditionalGeneration.from_pretrained(BACKBONE, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def processor() -> AutoProcessor:
    return AutoProcessor.from_pretrained(BACKBONE)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rng = random.Random(7)
    return [Scene.draw(rng) for _ in range(3)]


@torch.no_grad()
def test_batched_vision_agrees_with_the_tower_fed_by_the_processor(model, processor, scenes):
    pixels = processor.image_processor(images=[scene.render() for scene in scenes], return_tensors="pt")
    expected = model.model.visual(pixels["pixel_values"], pixels["image_grid_thw"]).pooler_output
    assert torch.allclose(see(model.model.visual, render(scenes)).flatten(0, 1), expected, atol=1e-4)


@torch.no_grad()
def test_a_packed_turn_is_the_conversation_the_chat_template_makes(model, processor, scenes):
    packer = Packer(processor.tokenizer)
    batch = packer.pack([[conversation(*asked) for asked in QUESTIONS]])
    packed = model.lm_head(read(model, packer, batch, scenes[:1])).log_softmax(-1)
    alone = []
    for question, answer in QUESTIONS:
        asked = [{"role": "user", "content": [{"type": "text", "text": question}, {"type": "image"}]}]
        text = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        said = len(processor.tokenizer(f"{answer}<|im_end|>").input_ids)
        inputs = processor(text=[f"{text}{answer}<|im_end|>"], images=[scenes[0].render()], return_tensors="pt")
        alone.append(model(**inputs).logits[0, -said - 1 : -1].log_softmax(-1))
    assert torch.allclose(packed, torch.cat(alone), atol=1e-3)
    assert processor.tokenizer.decode(batch.wanted) == "".join(f"{answer}<|im_end|>" for _, answer in QUESTIONS)


def test_gaps_move_the_tokens_of_a_note_and_nothing_else(processor):
    packer = Packer(processor.tokenizer)
    tight, loose = (packer.pack([[note("box where", "left"), note("people", "1", gaps)]]) for gaps in ((), (3, 1)))
    assert torch.equal(tight.ids, loose.ids)
    assert torch.equal(tight.mask, loose.mask)
    moved = (loose.positions - tight.positions)[0, 0]
    assert moved[moved > 0].tolist() == [3, 4, 4]  # "people", the end of the line, "1"


def test_labels_name_what_stands_in_each_cell(scenes):
    kinds = [[KINDS[cell[0]] for cell in scene] for scene in label(scenes).tolist()]
    assert kinds == [[thing.kind if (thing := scene.at(*cell)) else "nothing" for cell in CELLS] for scene in scenes]


def test_labels_tell_surroundings_place_and_counts():
    boxes = [Thing(1, 1, "box", "red"), Thing(1, 2, "box", "blue"), Thing(2, 1, "cone", "red")]
    person = Thing(1, 3, "person", "red", side="left")
    labels = label([Scene((*boxes, person), 0)])[0]
    first, watcher, nobody = labels[5].tolist(), labels[7].tolist(), labels[0].tolist()
    around = len(CLASSES) - 5
    nothing, box, cone = (KINDS.index(kind) for kind in ("nothing", "box", "cone"))
    assert first[around : around + 5] == [nothing, box, nothing, cone, IGNORED]  # left of, right of, above, below, sees
    assert watcher[around + 4] == box
    rows, columns, same_kind, same_colour, both = (first[start : start + 3] for start in (12, 15, 18, 24, 30))
    assert (rows, columns) == ([1, 0, 0], [1, 0, 0])
    assert (same_kind, same_colour, both) == ([1, 0, 0], [1, 0, 0], [0, 0, 0])
    assert watcher[18:24] == [0] * 6  # the only person, and shirts give nobody a colour
    assert watcher[24:] == nobody[18:30] == [IGNORED] * 12


def test_a_token_made_of_the_right_directions_is_read_right(scenes):
    code = Code.draw(192, torch.Generator().manual_seed(0))
    labels = label(scenes)
    starts = torch.tensor([0, *torch.tensor([len(names) for names in CLASSES]).cumsum(0)])
    tokens = torch.zeros(len(scenes), len(CELLS), 192)
    for scene, cell in ((s, c) for s in range(len(scenes)) for c in range(len(CELLS))):
        for number, value in enumerate(labels[scene, cell].tolist()):
            if value != IGNORED and number < len(CLASSES):
                tokens[scene, cell] += code.classes[starts[number] + value]
            elif value != IGNORED:
                tokens[scene, cell] += (2 * value - 1) * code.thresholds[number - len(CLASSES)]
    assert len(code.read(tokens)) == LABELS
    assert code.mark(tokens, labels)[1] == 1
    assert code.mark(-tokens, labels)[1] < 0.2


@torch.no_grad()
def test_words_begin_near_the_directions_of_what_they_name(processor):
    code = Code.draw(192, torch.Generator().manual_seed(0))
    model = make_model(processor.tokenizer)
    begin(model, processor.tokenizer, code)
    embeddings = model.get_input_embeddings().weight
    (red,), (boxes,) = processor.tokenizer(" red").input_ids, processor.tokenizer(" boxes").input_ids
    assert torch.cosine_similarity(embeddings[red], code.words()["red"], dim=0) > 0.9
    assert torch.cosine_similarity(embeddings[boxes], code.words()["box"], dim=0) > 0.9
    assert torch.cosine_similarity(embeddings[red], code.words()["box"], dim=0).abs() < 0.2


def test_notes_are_true():
    things = (Thing(0, 0, "box", "red", "striped", "small"), Thing(0, 3, "person", "blue", side="left", mood="sad"))
    noted = set(make_notes(Scene(things, 0), random.Random(0), 4000, (NEAR, FAR), reach=0.9))
    assert len(dict(noted)) == len(noted), "a note with two values"
    assert noted >= {
        ("box pattern", "striped"),
        ("box where", "top left"),
        ("person mood", "sad"),
        ("person sees", "box"),
        ("left of person", "nothing"),
        ("box left of person", "yes"),
        ("box right of person", "no"),
        ("right of, box or person", "person"),
        ("top left corner", "box"),
        ("people", "1"),
        ("red things", "1"),
        ("boxes and people", "2"),
    }
    asked = dict(make_notes(Scene(things, 0), random.Random(0), 4000, (FAR, ASKED), reach=1.0))
    assert asked.items() >= {
        ("directly left of the person", "nothing"),
        ("by the box, below it", "nothing"),
        ("the box to the left of the person", "yes"),
        ("the person to the left of the box", "no"),
        ("further to the right, the box or the person", "person"),
        ("anyone sad", "yes"),
        ("anyone waving", "no"),
    }
    looks = make_notes(Scene(things, 0), random.Random(0), 500, (NEAR, FAR), reach=0.0)
    assert not any(word in noted for noted, _ in looks for word in ("where", " or ", "more", "corner"))


@torch.no_grad()
def test_measured_exact_match_is_that_of_greedy_decoding(model, processor):
    right = 0
    for example in make_examples(UNSEEN_SEED, 12, [("social",)]):
        asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": example.question.text}]}]
        text = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        inputs = processor(text=[text], images=[example.scene.render()], return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        right += processor.tokenizer.decode(output) == f"{example.question.answer}<|im_end|>"
    assert measure(model, Packer(processor.tokenizer), ("social",), 12) == pytest.approx(right / 12)


def test_a_short_build_makes_weights_that_load_and_a_second_run_keeps_them(tmp_path):
    stages = []
    build_demo(tmp_path, TINY, lambda stage, *_: stages.append(stage))
    adapters = [f"adapter {kind}" for kind in ("spatial", "quantity", "physical", "social")]
    assert list(dict.fromkeys(stages)) == [
        "tower",
        "backbone, telling",
        "backbone, choosing",
        "backbone, hearing",
        *adapters,
    ]
    base = Qwen2VLForConditionalGeneration.from_pretrained(tmp_path / "backbone", dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, tmp_path / "social")
    learnt = [p for name, p in tuned.named_parameters() if "lora_B" in name]
    assert len(learnt) == 5 * 7
    assert all(p.abs().max() > 0 for p in learnt)
    stages.clear()
    build_demo(tmp_path, TINY, lambda stage, *_: stages.append(stage))
    assert stages == []


def test_the_same_seed_builds_the_same_backbone(tmp_path):
    for name in ("one", "two"):
        build_demo(tmp_path / name, TINY, lambda *_: None)
    files = [(tmp_path / name / "backbone" / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]
