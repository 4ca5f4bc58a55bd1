"""A real Apache Kafka broker for tests: one node in KRaft mode, its jars from Maven Central, kept in the cache.

Needs Java 17 and, the first time, Maven and the network. The cache is $ARCHWIRE_CACHE, else ~/.cache/archwire.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

VERSION = "4.1.0"
PROPERTIES = """
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={folder}/data
num.partitions=8
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
log.segment.bytes=16777216
"""


def jars() -> Path:
    """The folder with Kafka and its dependencies, filled by Maven when it is empty."""
    cache = Path(os.environ.get("ARCHWIRE_CACHE") or Path.home() / ".cache" / "archwire")
    folder = cache / "kafka" / VERSION
    if not (folder / f"kafka_2.13-{VERSION}.jar").exists():
        partial = folder.with_suffix(f".{os.getpid()}")
        command = ["mvn", "-q", "-B", "-f", str(Path(__file__).with_name("pom.xml")), "dependency:copy-dependencies"]
        subprocess.run([*command, "-DincludeScope=runtime", f"-DoutputDirectory={partial}"], check=True)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return folder


class Broker:
    """A broker in `folder`, which it creates. A context manager; `kill` and `start` again keep what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, controller = _free_ports(2)
        self.servers = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._properties = folder / "server.properties"
        self._properties.write_text(PROPERTIES.format(port=self.port, controller=controller, folder=folder))
        id = self._java("kafka.tools.StorageTool", "random-uuid").split()[-1]
        self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", id, "-c", str(self._properties))

    def start(self, timeout_s: float = 60) -> None:
        """Starts it and waits until it answers. Raises RuntimeError with the end of its log when it does not."""
        with open(self.folder / "broker.log", "ab") as log:
            self._process = subprocess.Popen(
                _command("kafka.Kafka", str(self._properties)), stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + timeout_s
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "broker.log").read_text()[-2000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            with contextlib.suppress(KafkaError):
                admin = KafkaAdminClient(bootstrap_servers=self.servers, bootstrap_timeout_ms=2000)
                admin.close()
                return True
        return False

    def _java(self, *arguments: str) -> str:
        return subprocess.run(_command(*arguments), check=True, capture_output=True, text=True).stdout


def _command(*arguments: str) -> list[str]:
    return ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars()}/*", *arguments]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


if __name__ == "__main__":  # python -m tests.kafka.broker FOLDER: runs one until Ctrl-C
    with Broker(Path(sys.argv[1]).absolute()) as broker:
        print(f"export KAFKA_BOOTSTRAP_SERVERS={broker.servers}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
