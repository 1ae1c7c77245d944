"""Training must see exactly what the served model will see; a short build must make loadable weights."""

import random
from pathlib import Path

import pytest
import torch

from molora.compat import mend_torch_companions

mend_torch_companions()

from peft import PeftModel  # noqa: E402
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: E402

from molora.adapters.demo_build.build import build_demo  # noqa: E402
from molora.adapters.demo_build.measure import UNSEEN_SEED, measure  # noqa: E402
from molora.adapters.demo_build.packing import Packer, Turn  # noqa: E402
from molora.adapters.demo_build.training import Plan, read  # noqa: E402
from molora.adapters.demo_build.vision import KINDS, label, render, see  # noqa: E402
from molora.benchmarks.questions import make_examples  # noqa: E402
from molora.benchmarks.scenes import Scene  # noqa: E402

BACKBONE = Path("molora/adapters/demo/backbone")
TURNS: list[Turn] = [
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
    batch = packer.pack([TURNS])
    packed = model.lm_head(read(model, packer, batch, scenes[:1])).log_softmax(-1)
    alone = []
    for question, answer in TURNS:
        asked = [{"role": "user", "content": [{"type": "text", "text": question}, {"type": "image"}]}]
        text = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        said = len(processor.tokenizer(f"{answer}<|im_end|>").input_ids)
        inputs = processor(text=[f"{text}{answer}<|im_end|>"], images=[scenes[0].render()], return_tensors="pt")
        alone.append(model(**inputs).logits[0, -said - 1 : -1].log_softmax(-1))
    assert torch.allclose(packed, torch.cat(alone), atol=1e-3)
    assert processor.tokenizer.decode(batch.wanted) == "".join(f"{answer}<|im_end|>" for _, answer in TURNS)


def test_labels_name_what_stands_in_each_cell(scenes):
    kinds = [[KINDS[cell[0]] for cell in scene] for scene in label(scenes).tolist()]
    cells = [(row, column) for row in range(4) for column in range(4)]
    assert kinds == [[thing.kind if (thing := scene.at(*cell)) else "nothing" for cell in cells] for scene in scenes]


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
    plan = Plan(2, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2, 3)
    stages = []
    build_demo(tmp_path, plan, lambda stage, *_: stages.append(stage))
    assert list(dict.fromkeys(stages)) == [
        "vision, 9 labels",
        "backbone",
        "vision, 49 labels",
        "vision1, 49 labels",
        "backbone, relating",
        "backbone, referring",
        *(f"adapter {kind}" for kind in ("spatial", "quantity", "physical", "social")),
    ]
    base = Qwen2VLForConditionalGeneration.from_pretrained(tmp_path / "backbone", dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, tmp_path / "social")
    learnt = [p for name, p in tuned.named_parameters() if "lora_B" in name]
    assert len(learnt) == 6 * 7
    assert all(p.abs().max() > 0 for p in learnt)
    stages.clear()
    build_demo(tmp_path, plan, lambda stage, *_: stages.append(stage))
    assert stages == []


def test_the_same_seed_builds_the_same_backbone(tmp_path):
    plan = Plan(1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 9)
    for name in ("one", "two"):
        build_demo(tmp_path / name, plan, lambda *_: None)
    files = [(tmp_path / name / "backbone" / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]
