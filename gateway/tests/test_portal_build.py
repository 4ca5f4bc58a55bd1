"""The portal's build script on a machine that has nothing to build with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[1] / "portal" / "build"


@pytest.mark.parametrize(("command", "code"), [((), 0), (("npm", "test"), 1)])
def test_without_node_one_line_says_so_and_only_a_command_fails(
    tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    """`make up` goes on with the gateway's plain pages; a check of the portal must not pass unbuilt."""
    here, tools = tmp_path / "gateway" / "portal", tmp_path / "tools"
    here.mkdir(parents=True)
    tools.mkdir()
    shutil.copy(BUILD, here)
    (tools / "dirname").symlink_to(str(shutil.which("dirname")))
    told = subprocess.run(
        ["/bin/bash", str(here / "build"), *command],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == code
    assert told.stdout == (
        "The portal was not built (no Node 20.19 or newer here, none from PyPI): the gateway shows its plain pages.\n"
    )
    assert told.stderr == ""
