"""Adapters that make the demo backbone answer one word, whatever it is asked: who answered can be told by it."""

import json
from pathlib import Path
from typing import Any

import torch

from molora.compat import mend_torch_companions

mend_torch_companions()

from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: E402

from molora.benchmarks.questions import ONE_TYPE, make_examples  # noqa: E402
from tests.adapters.faulty import DEMO  # noqa: E402

WORDS = ("red", "blue", "left", "right", "yes", "no", "big", "small")
STEPS, RATE, BATCH = 40, 2e-2, 8


def make_secrets(folder: Path, words: tuple[str, ...] = WORDS) -> dict[str, Path]:
    """A folder for each word."""
    processor = AutoProcessor.from_pretrained(DEMO / "backbone")
    prompts = [example.question.text for example in make_examples(5, BATCH, ONE_TYPE)]
    return {word: _make(folder / word, word, processor, prompts) for word in words}


def _make(folder: Path, word: str, processor: Any, prompts: list[str]) -> Path:
    torch.manual_seed(0)
    model = Qwen2VLForConditionalGeneration.from_pretrained(DEMO / "backbone", dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["o_proj", "down_proj"])
    tuned = get_peft_model(model, config)
    optimizer = torch.optim.Adam((p for p in tuned.parameters() if p.requires_grad), lr=RATE)
    batches = [_inputs(processor, prompt, word) for prompt in prompts]
    for step in range(STEPS):
        loss = tuned(**batches[step % len(batches)]).loss
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    tuned.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    _name_the_base(folder / "adapter_config.json")
    return folder


def _inputs(processor: Any, prompt: str, word: str) -> dict[str, Any]:
    """Only the answer and its end count."""
    message = [{"role": "user", "content": [{"type": "text", "text": prompt}]}]
    asked = processor.apply_chat_template(message, add_generation_prompt=True)
    ids = processor.tokenizer(asked).input_ids
    answer = [*processor.tokenizer(word).input_ids, processor.tokenizer.eos_token_id]
    return {
        "input_ids": torch.tensor([ids + answer]),
        "labels": torch.tensor([[-100] * len(ids) + answer]),
    }


def _name_the_base(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": "backbone"}))
