"""The student: a deep averaging network (Iyyer et al. 2015) of sentence-transformers' own modules.

A text's vector is the mean of a row for each of its tokens, which a network of two layers turns into what the teacher
would have said. On disk a row takes a byte a number and has a scale; the network is in half precision.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from molora.compat import mend_torch_companions
from molora.router.distill.plan import Plan
from molora.router.features import Floats

ROWS = "model.safetensors"


class PackedRows(NamedTuple):
    """Row i of the table is embeddings[mapping[i]] * weights[i], as in Model2Vec; rows of zeros are not kept."""

    embeddings: NDArray[np.int8]
    mapping: NDArray[np.int32]
    weights: Floats


def make_student(tokenizer: Any, rows: Floats, plan: Plan, dim: int) -> Any:
    """A SentenceTransformer. `rows` [tokens, width] are where the tokens begin, `dim` the numbers of a vector."""
    mend_torch_companions()
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, LayerNorm, Normalize, StaticEmbedding
    from torch import nn

    static = StaticEmbedding(tokenizer, embedding_weights=rows)
    static.embedding.sparse = True
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        lift = Dense(rows.shape[1], plan.hidden, activation_function=nn.GELU(), use_residual=True)
        settle = Dense(plan.hidden, dim, activation_function=nn.Identity())
    modules = [static, LayerNorm(rows.shape[1]), lift, settle, Normalize()]
    return SentenceTransformer(modules=modules, device="cpu")


def save_student(student: Any, folder: Path) -> None:
    student.save_pretrained(str(folder), create_model_card=False)
    student[0].tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    for path in folder.glob("*/*.safetensors"):
        save_file({name: weight.astype(np.float16) for name, weight in load_file(path).items()}, path)
    packed = pack_rows(student[0].embedding.weight.detach().numpy())
    save_file(packed._asdict(), folder / ROWS)


def pack_rows(rows: Floats) -> PackedRows:
    kept = rows.any(axis=1)
    scales = np.abs(rows).max(axis=1) / 127
    embeddings = np.rint(rows[kept] / scales[kept, None]).astype(np.int8)
    return PackedRows(embeddings, np.where(kept, kept.cumsum() - 1, 0).astype(np.int32), scales)
