"""The images' health check: is the part in this container well? Exit status 0 when it is.

Services and workers are asked over gRPC (grpc.health.v1.Health/Check), the gateway over HTTP. Importing grpc would cost
0.3 s of CPU in every container every few seconds, so the four HTTP/2 frames are written by hand (RFC 9113, RFC 7541).
"""

import os
import socket
import sys

DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4
SERVING = b"\x00\x00\x00\x00\x02\x08\x01"  # uncompressed, two bytes long: HealthCheckResponse(status=SERVING)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def header(name: str, value: str) -> bytes:
    """A header field that no table remembers."""
    return b"\x00" + b"".join(len(text).to_bytes(1, "big") + text.encode() for text in (name, value))


def serves(port: int) -> bool:
    """Whether a gRPC server says that it serves."""
    fields = {":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check", ":authority": "localhost"}
    fields |= {"te": "trailers", "content-type": "application/grpc"}
    with socket.create_connection(("127.0.0.1", port), 2) as connection, connection.makefile("rwb") as stream:
        stream.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b""))
        stream.write(frame(HEADERS, END_HEADERS, 1, b"".join(header(*field) for field in fields.items())))
        stream.write(frame(DATA, END_STREAM, 1, bytes(5)))  # an empty HealthCheckRequest: the server as a whole
        stream.flush()
        while len(head := stream.read(9)) == 9:
            payload = stream.read(int.from_bytes(head[:3], "big"))
            if head[3] == DATA:
                return payload == SERVING
            if head[3] == HEADERS and head[4] & END_STREAM:
                return False
    return False


def answers(port: int) -> bool:
    """Whether the gateway can answer."""
    with socket.create_connection(("127.0.0.1", port), 4) as connection:
        connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(64).split(b" ")[1:2] == [b"200"]


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["http"]:
            well = answers(int(os.environ.get("ARCHWIRE_PORT", "8420")))
        else:
            well = serves(int(os.environ.get("ARCHWIRE_LISTEN", "0.0.0.0:9000").rpartition(":")[2]))
    except OSError:
        well = False
    sys.exit(0 if well else 1)
