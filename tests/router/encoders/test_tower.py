import torch

from molora.router.encoders.tower import average_cells


def test_cells_are_averaged_and_shared_by_a_picture_that_has_too_few_tokens():
    tokens = torch.arange(8.0).reshape(8, 1)
    assert average_cells(tokens, (2, 4), 2).tolist() == [0.5, 2.5, 4.5, 6.5]
    assert average_cells(torch.tensor([[1.0, 5.0]]), (1, 1), 2).tolist() == [1.0] * 4 + [5.0] * 4
    assert average_cells(tokens, (4, 2), 2).tolist() == [1.0, 2.0, 5.0, 6.0]
