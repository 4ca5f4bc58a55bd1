"""`archwire doctor` names what is wrong and what to do."""

from __future__ import annotations

import socket

from shared import config, doctor


def findings(tmp_path, **environ: str) -> dict[str, tuple[bool, str]]:
    loaded = config.load({"ARCHWIRE_DATA": str(tmp_path / "data"), "ARCHWIRE_PORT": "0"} | environ)
    return {what: (ok, advice) for ok, what, advice in doctor.check(loaded)}


def test_a_fit_machine_has_nothing_to_do_and_nothing_is_left_behind(tmp_path):
    assert [advice for ok, advice in findings(tmp_path).values() if not ok] == []
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_and_an_absent_kafka_are_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = findings(
            tmp_path, ARCHWIRE_PORT=port, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", DATABASE_URL="postgresql://x@y/z"
        )
    assert found[f"port {port}"] == (False, "stop the program that uses it, or set ARCHWIRE_PORT")
    assert not found["Kafka at 127.0.0.1:1"][0]
