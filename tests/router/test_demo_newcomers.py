"""Experts that the committed head was not trained on, with the real encoder."""

from collections.abc import Sequence

import numpy as np
import pytest

from molora.router.encoders.sbert import SbertEncoder
from molora.router.head import Head
from molora.router.layers import softmax
from molora.router.panel import Panel
from molora.router.query import Query
from molora.router.scoring import Reading, Scorer
from molora.router.training.data import draw_scene_questions

SCENES = [sample.query.text for sample in draw_scene_questions(6_000_000, 400, two_type_share=0.0)]
PHOTOS = """Is the cat asleep on the sofa? How many bicycles lean against the wall? What color is the umbrella?
Which animal stands closest to the fence? Is the man angry at the dog? Are there more forks than spoons?
What is the table made of? Is the girl waving at someone? What is behind the bus? How many windows does the house have?
Is the vase about to fall? Does the boy look bored? Is the road wet? What shape is the sign? Where is the lamp?
Are the children playing together? What is on top of the fridge? How many slices of pizza are left?
Is the bottle full or empty? Who is holding the balloon?"""

RADIOLOGY = (
    "Answers questions about X-rays, CT and MRI scans.",
    """Is there a fracture of the left femur? Which imaging modality was used? Are the lungs clear?
    Is there free air under the diaphragm? What abnormality is seen in the liver? Is the trachea midline?
    In which lobe is the nodule? Was contrast given to the patient?""",
    """Is there a pleural effusion? Is the heart enlarged? Is this a CT or an MRI? Which kidney has a cyst?
    Are there signs of pneumonia? Is the mass in the right lung? What organ does the tumor invade?
    Is there bleeding in the brain? Are the ribs broken? In what plane was this scan taken? Is the aorta dilated?
    Is there a hemorrhage in the basal ganglia? What is the diagnosis? Does the bowel look obstructed?
    Is the spleen larger than normal? Are the ventricles symmetric? Is there edema around the lesion?
    Which vertebra is compressed? Is the gallbladder wall thickened? Is a catheter visible in the chest?""",
)
CHARTS = (
    "Reads bar charts, line plots and pie charts.",
    """In which year did sales peak? What is the unit of the y axis? Which country has the tallest bar?
    By how many percent did revenue grow from 2010 to 2015? What does the dashed line stand for?
    Which slice of the pie chart is the smallest? What is the title of the graph? Do the two curves ever cross?""",
    """What was the profit in 2012? Which bar is the lowest? What does the legend say about the orange line?
    Between which years did exports fall? What is the label of the x axis? Is the trend rising or falling?
    What percentage of the budget goes to education? Which category has the highest value in the chart?
    What is the average of the plotted values? In which month was the temperature lowest according to the graph?
    How much did the population increase per decade? Which line ends above the others?
    What is the median value of the data? Does the histogram have two peaks? What is the scale of the vertical axis?
    What is the difference between the 2019 and 2020 figures?""",
)


def split(text: str) -> list[str]:
    return [f"{question.strip()}?" for question in text.split("?") if question.strip()]


def read(scorer: Scorer, texts: Sequence[str]) -> list[Reading]:
    return scorer.score([Query(text) for text in texts])


def choose(panel: Panel, scorer: Scorer, texts: Sequence[str]) -> list[str]:
    shares = [softmax(panel.logits(reading)[None], scorer.head.calibration) for reading in read(scorer, texts)]
    return [panel.experts[int(np.argmax(row))] for row in shares]


@pytest.mark.parametrize(("num_examples", "least"), [(0, 0.4), (4, 0.8), (8, 0.9)])
def test_newcomers_get_most_of_their_questions_and_few_of_the_others(
    demo_head: Head, encoder: SbertEncoder, num_examples: int, least: float
):
    scorer, panel = Scorer(encoder, demo_head), Panel(demo_head, demo_head.classes)
    asked = {name: choose(panel, scorer, texts) for name, texts in (("scenes", SCENES), ("photos", split(PHOTOS)))}
    for name, (description, examples, _) in (("radiology", RADIOLOGY), ("charts", CHARTS)):
        texts = [description, *split(examples)[:num_examples]]
        panel.set(name, np.stack([reading.vector for reading in read(scorer, texts)]))
    for name, (_, _, questions) in (("radiology", RADIOLOGY), ("charts", CHARTS)):
        chosen = choose(panel, scorer, split(questions))
        assert chosen.count(name) >= least * len(chosen)
    assert sum(map(str.__ne__, asked["scenes"], choose(panel, scorer, SCENES))) <= 0.02 * len(SCENES)
    assert sum(map(str.__ne__, asked["photos"], choose(panel, scorer, split(PHOTOS)))) <= 2


@pytest.mark.parametrize("left_out", ["spatial", "quantity", "physical", "social"])
def test_a_class_the_head_forgot_comes_back_by_examples(demo_head: Head, encoder: SbertEncoder, left_out: str):
    samples = draw_scene_questions(7_000_000, 432, two_type_share=0.0)
    own = list(dict.fromkeys(sample.query.text for sample in samples if left_out in sample.targets))
    others = [sample.query.text for sample in samples if left_out not in sample.targets]
    scorer = Scorer(encoder, demo_head)
    panel = Panel(demo_head, [name for name in demo_head.classes if name != left_out])
    panel.set("newcomer", np.stack([reading.vector for reading in read(scorer, own[:8])]))
    assert choose(panel, scorer, own[8:]).count("newcomer") >= 0.7 * len(own[8:])
    assert choose(panel, scorer, others).count("newcomer") <= 0.06 * len(others)


def test_a_question_without_words_is_routed_too(demo_head: Head, encoder: SbertEncoder):
    scorer, panel = Scorer(encoder, demo_head), Panel(demo_head, demo_head.classes)
    panel.set("radiology", np.stack([reading.vector for reading in read(scorer, [RADIOLOGY[0]])]))
    assert choose(panel, scorer, [""])[0] in demo_head.classes
