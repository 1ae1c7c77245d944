from typing import Any

import pytest
import torch

from molora.router.joint.batches import Collator
from molora.router.joint.examples import Lesson
from molora.router.joint.losses import IGNORED
from molora.router.query import Query
from molora.router.training.data import Sample
from tests.router.joint.demo import LESSONS, load


@pytest.fixture(scope="module")
def processor() -> Any:
    return load()[1]


def test_prompts_end_and_answers_begin_at_one_place(processor: Any) -> None:
    asked = [LESSONS[0], Lesson(Sample(Query("How?"), {}, LESSONS[1].sample.picture), "no, not at all")]
    batch = Collator(processor)(asked)
    tokenizer, length = processor.tokenizer, batch.answers.shape[1]
    for row, lesson in enumerate(asked):
        told = batch.answers[row][batch.answers[row] != IGNORED]
        assert tokenizer.decode(told) == lesson.answer + tokenizer.eos_token
        ids, mask = batch.inputs["input_ids"][row], batch.inputs["attention_mask"][row].bool()
        assert ids[-length:][: len(told)].tolist() == told.tolist()
        assert mask[-length:].sum() == len(told)
        prompt = tokenizer.decode(ids[:-length][mask[:-length]])
        assert prompt.startswith("<|im_start|>user\n<|vision_start|><|image_pad|>")
        assert prompt.endswith(f"{lesson.question}<|im_end|>\n<|im_start|>assistant\n")


def test_patches_are_counted_by_example(processor: Any) -> None:
    picture = LESSONS[0].see()[0]
    asked = [Lesson(Sample(Query("How?", (picture,) * num), {}), "so") for num in (1, 0, 2)]
    batch = Collator(processor)(asked)
    assert batch.patches.tolist() == [64, 0, 128]
    assert len(batch.inputs["pixel_values"]) == 192
    assert Collator(processor)(asked[1:2]).patches.tolist() == [0]


def test_a_prompt_alone_is_what_the_processor_makes_of_it(processor: Any) -> None:
    lesson = LESSONS[2]
    batch = Collator(processor)([lesson])
    content = [{"type": "image"}, {"type": "text", "text": lesson.question}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=[text], images=list(lesson.see()), return_tensors="pt")
    num = inputs["input_ids"].shape[1]
    for name, tensor in inputs.items():
        made = batch.inputs[name]
        assert torch.equal(made[:, :num] if tensor.shape == inputs["input_ids"].shape else made, tensor)
