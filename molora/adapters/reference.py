"""What PEFT makes of an adapter, in a process of its own: the reference that the engine is held against."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL.Image import Image

from molora.adapters.backbone import canonical
from molora.compat import mend_torch_companions
from molora.config import ADAPTER_FILES
from molora.orphans import end_with_parent

Logprobs = list[tuple[int, float]]
PREFIX = "base_model.model."
NICENESS = 10
WEIGHTS = ADAPTER_FILES[1]

_loaded: dict[str, Any] = {}
"""Of the reference's process alone: the model and its processor, once they are needed."""


class Reference:
    """A copy of the backbone on the CPU, in float32; started by the first question."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._process: ProcessPoolExecutor | None = None

    async def prompt_logprobs(self, picture: Image, text: str, adapter: Path | None) -> Logprobs:
        """The prompt's tokens but the first, each with its log-probability. Raises what PEFT raises."""
        self._process = self._process or ProcessPoolExecutor(1, get_context("spawn"), _begin)
        asked = asyncio.get_running_loop().run_in_executor(
            self._process, _prompt_logprobs, self._model, picture, text, adapter
        )
        try:
            return await asked
        except BrokenExecutor:
            self.stop()  # the process has died: the next question starts another
            raise

    def stop(self) -> None:
        """May be called twice."""
        if self._process is not None:
            self._process.shutdown(cancel_futures=True)
        self._process = None


def _begin() -> None:
    """The cores are the engine's first."""
    end_with_parent()
    os.nice(NICENESS)


def _prompt_logprobs(model: Path, picture: Image, text: str, adapter: Path | None) -> Logprobs:
    if not _loaded:
        _load(model)
    if adapter is None:
        return _score(_loaded["model"], picture, text)
    from peft import get_peft_model, set_peft_model_state_dict

    config, weights = _read(_loaded["model"], adapter)
    tuned = get_peft_model(_loaded["model"], config)
    try:
        set_peft_model_state_dict(tuned, weights)
        return _score(tuned.eval(), picture, text)
    finally:
        _loaded["model"] = tuned.unload()


def _read(model: Any, adapter: Path) -> tuple[Any, dict[str, Any]]:
    """PEFT's configuration and weights. Target modules are those that there are weights for, under this model's names
    for them."""
    from peft import LoraConfig
    from safetensors.torch import load_file

    names = {canonical(name): name for name, _ in model.named_modules()}
    weights, targets = {}, set()
    for name, tensor in load_file(adapter / WEIGHTS).items():
        module, half = name.removeprefix(PREFIX).rsplit(".", 2)[:2]
        targets.add(names[canonical(module)])
        weights[f"{PREFIX}{names[canonical(module)]}.{half}.weight"] = tensor
    config = LoraConfig.from_pretrained(adapter)
    config.target_modules, config.inference_mode = targets, True
    return config, weights


def _load(model: Path) -> None:
    mend_torch_companions()
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    torch.set_num_threads(1)
    _loaded["processor"] = AutoProcessor.from_pretrained(model)
    _loaded["model"] = AutoModelForImageTextToText.from_pretrained(model, dtype=torch.float32).eval()


def _score(model: Any, picture: Image, text: str) -> Logprobs:
    import torch

    processor = _loaded["processor"]
    content = [{"type": "image"}, {"type": "text", "text": text}]
    asked = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=[asked], images=[picture], return_tensors="pt")
    with torch.inference_mode():
        logprobs = model(**inputs).logits[0, :-1].float().log_softmax(-1)
    told: Sequence[int] = inputs["input_ids"][0, 1:].tolist()
    return [(token, float(row[token])) for token, row in zip(told, logprobs, strict=True)]
