"""A fast encoder that imitates a slow one. Command: `molora router distill`.

As in Model2Vec (Tulkens and van Dongen 2024) a text's tokens are looked up and not read. A token's row begins as the
teacher's vector of the token alone; then rows and a small network learn from its vectors of whole texts.
"""
