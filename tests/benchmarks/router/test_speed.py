import os

from molora.benchmarks.router.speed import Task, draw_queries, measure, run_apart
from molora.config import EncoderConfig
from molora.router.head import Head


def count_cores(_task: Task) -> int:
    return len(os.sched_getaffinity(0))


def test_no_question_comes_twice_and_pictures_are_drawn_for_encoders_that_look():
    blind, seeing = draw_queries(200, looks=False), draw_queries(20, looks=True)
    assert len({query.text for query in blind}) == 200
    assert {len(query.images) for query in blind} == {0}
    assert {len(query.images) for query in seeing} == {1}


def test_a_process_is_held_to_its_cores_and_this_one_is_let_go_again(demo_head: Head):
    before = os.sched_getaffinity(0)
    assert run_apart(count_cores, Task(EncoderConfig(), demo_head, ()), 1) == 1
    assert os.sched_getaffinity(0) == before


def test_the_served_router_is_timed_alone_and_asked_at_once(demo_head: Head):
    speed = measure(EncoderConfig(), demo_head, 30)
    assert len(speed.ms) == 30
    assert min(speed.ms) > 0
    assert speed.per_s > 0
