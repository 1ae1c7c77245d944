"""The first layers of a Qwen-VL model, and its vision tower."""

from typing import Any

QWEN_VL = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


def cut_layers(config: Any, num_layers: int) -> Any:
    """The configuration of its first layers alone: no others are made, and none of their weights are kept.

    ValueError where it has not so many.
    """
    text = config.text_config
    if not 1 <= num_layers <= text.num_hidden_layers:
        raise ValueError(f"layer {num_layers} is not one of its layers, 1 to {text.num_hidden_layers}")
    text.num_hidden_layers = num_layers
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:num_layers]
    return config
