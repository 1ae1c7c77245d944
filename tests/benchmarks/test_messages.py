import base64
import io

import numpy as np
from PIL import Image

from molora.benchmarks.messages import ask
from molora.benchmarks.questions import ONE_TYPE, make_examples


def test_a_picture_arrives_pixel_for_pixel_before_its_question() -> None:
    [example] = make_examples(3, 1, ONE_TYPE)
    [message] = ask(example)
    image, text = message["content"]
    data = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(example.scene.render()))
    assert text == {"type": "text", "text": example.question.text}
