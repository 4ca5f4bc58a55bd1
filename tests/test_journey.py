"""The main job, from an enquiry to a funded start, as `make demo` plays it: every service takes part."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared import config as settings
from shared.demo import story
from tests.support import Platform


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A demo group of its own: others' tests change roles and rows of the common one."""
    running = Platform(tmp_path_factory.mktemp("story") / "data", patients=60)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.mark.R(1)
def test_the_story_plays_twice_on_one_platform(demo: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    config = replace(settings.load({}), data=demo.data)
    for _ in range(2):
        code = story.play(demo.url, config)
        told = capsys.readouterr()
        assert code == 0, told.out[-2000:] + told.err[-2000:]


def test_without_a_platform_it_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert story.play(url, settings.load({})) == 1
    told = capsys.readouterr()
    (line,) = (told.out + told.err).strip().splitlines()
    assert url in line
    assert "Traceback" not in line
