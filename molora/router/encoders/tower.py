"""The first half of a Qwen-VL's vision tower: it tells layout and texture, which the last blocks no longer do
(Bolya et al. 2025, arXiv:2504.13181), for half of the work."""

from typing import Any

from torch import Tensor, nn


class MeanMerger(nn.Module):
    """What the blocks make of the patches of one visual token -> their mean: [patches, dim] -> [tokens, dim]."""

    def __init__(self, num_patches: int) -> None:
        super().__init__()
        self._num_patches = num_patches

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden.view(-1, self._num_patches, hidden.shape[-1]).mean(dim=1)


def cut_tower(visual: Any) -> None:
    """Leaves it the first half of its blocks; its tokens are means then."""
    visual.blocks = visual.blocks[: (len(visual.blocks) + 1) // 2]
    visual.merger = MeanMerger(visual.spatial_merge_size**2)


def average_cells(tokens: Tensor, grid: tuple[int, int], side: int) -> Tensor:
    """Tokens [height * width, dim] of a grid of this height and width -> [dim * side * side]: their means over each of
    side * side cells. Cells share the tokens of a picture that has too few."""
    picture = tokens.T.reshape(-1, *grid)
    return nn.functional.adaptive_avg_pool2d(picture, side).flatten()
