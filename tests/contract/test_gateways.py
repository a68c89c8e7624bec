"""Every row of africastalking.yaml, played by the real SDK code against a real server on loopback."""

import json
import os
import shlex
import socket
import ssl
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import yaml

from smsapp import gateways
from smsapp.config import BadSettings, Settings
from smsapp.gateways import base
from smsapp.gateways.africastalking import CODES, AfricasTalking
from smsapp.gateways.base import SendError, Taken, Unusable

ROWS = yaml.safe_load(Path(__file__).with_name("africastalking.yaml").read_text(encoding="utf-8"))
NUMBER = "+22370000101"


def rows(kind):
    return [pytest.param(row, id=row["name"]) for row in ROWS[kind]]


def settings(**more):
    needed = {"database_url": "postgresql://-", "redis_url": "redis://-", "secret_key": "-", "webhook_token": "-"}
    return Settings(**needed, **{"at_username": "sandbox", "at_api_key": "key", **more})


class Server:
    """Answers every request by one script; keeps what it was asked, and on how many connections."""

    def __init__(self, script, tls=None):
        self.script, self.tls = script, tls
        self.requests, self.connections = [], 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        try:
            with self.tls.wrap_socket(line, server_side=True) if self.tls else line as line:
                if self.script.get("reset") == "early":
                    line.recv(1, socket.MSG_PEEK)  # or it would be a connection that never was
                    reset(line)
                    return
                with line.makefile("rb") as stream:
                    while request := read_request(stream):
                        self.requests.append(request)
                        if not self._answer(line):
                            return
        except OSError:
            pass  # the client went away: the point of some rows

    def _answer(self, line):
        script = self.script
        time.sleep(script.get("wait", 0))
        if script.get("reset"):
            reset(line)
            return False
        if script.get("hang_up"):
            return False
        if "raw" in script:
            line.sendall(script["raw"].encode("latin-1"))
            return False
        head, body = rendered(script)
        if script.get("drip_headers"):
            drip(line, head, script["drip"])
        if "cut" in script:
            line.sendall(head + body[: script["cut"]])
            return False
        if "drip" in script:
            line.sendall(head)
            drip(line, body, script["drip"])
        line.sendall(head + body)
        return True


def read_request(stream):
    start = stream.readline()
    if not start:
        return None
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0))).decode()
    form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
    return start.decode("latin-1").split()[:2], headers, form


def rendered(script):
    body = script.get("body", "")
    body = json.dumps(body) if isinstance(body, dict) else body * script.get("times", 1)
    raw = body.encode("latin-1")
    headers = {"Content-Type": script.get("type", "application/json"), **script.get("headers", {})}
    if script["status"] != 204:
        headers["Content-Length"] = len(raw)
    head = f"HTTP/1.1 {script['status']} -\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    return head.encode(), raw


def drip(line, raw, pause):
    for byte in raw:
        line.sendall(bytes([byte]))
        time.sleep(pause)


def reset(line):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@contextmanager
def serving(script, tls=None):
    server = Server(script, tls)
    try:
        yield server
    finally:
        server.close()


def script_of(row):
    """`code`, `recipients` and `message` are short for an answer of the usual shape."""
    if "code" in row:
        recipients = [{"number": NUMBER, "statusCode": row["code"], "status": "x", "messageId": "ATX1", "cost": "0"}]
    else:
        recipients = row.get("recipients", [])
    usual = {"SMSMessageData": {"Message": row.get("message", "Sent to some"), "Recipients": recipients}}
    return row.get("reply") or {"status": 201, "body": usual}


@contextmanager
def line_of(row, tmp_path):
    """The address to send to, and the server behind it if there is one."""
    kind = row.get("line")
    if kind == "refused":
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        yield f"http://127.0.0.1:{port}", None
    elif kind == "nowhere":
        yield "http://[::1%25nowhere]", None  # no name server is asked, and getaddrinfo fails all the same
    elif kind == "full":  # the kernel drops what a full backlog can not hold
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
            yield f"http://127.0.0.1:{full.getsockname()[1]}", None
    elif kind == "tls":
        with serving({"raw": "HTTP/1.1 400 no TLS here\r\n\r\n"}) as server:
            yield f"https://127.0.0.1:{server.port}", None
    elif kind == "self-signed":
        with serving(script_of(row), tls=self_signed(tmp_path)) as server:
            yield f"https://127.0.0.1:{server.port}", server
    else:
        with serving(script_of(row)) as server:
            yield f"http://127.0.0.1:{server.port}/some/path", server


MAKE_CERTIFICATE = """openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost
    -keyout key.pem -out cert.pem"""


def self_signed(folder):
    if subprocess.run(shlex.split(MAKE_CERTIFICATE), cwd=folder, capture_output=True).returncode:
        pytest.skip("openssl is not here to make a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def outcome(what):
    return type(what).__name__ if isinstance(what, SendError) else what


@pytest.mark.parametrize("row", rows("sends"))
def test_send(row, tmp_path):
    with line_of(row, tmp_path) as (url, server):
        gateway = AfricasTalking(settings(at_base_url=url), timeout=(0.5, 1.0), total=1.5)
        began = time.monotonic()
        if "raises" in row:
            with pytest.raises(SendError) as caught:
                gateway.send(row.get("text", "Bonjour"), row.get("numbers", [NUMBER]))
            assert type(caught.value).__name__ == row["raises"], caught.value
            assert row.get("words", "") in str(caught.value)
            assert len(str(caught.value)) < 400
            if "retry_after" in row:
                assert caught.value.retry_after == row["retry_after"]
        else:
            got = gateway.send("Bonjour", row.get("numbers", [NUMBER]))
            assert list(got.keys() ^ row["expect"].keys()) == []
            for number, expected in row["expect"].items():
                assert_outcome(got[number], expected)
        assert time.monotonic() - began < row.get("within", 5)
        if "requests" in row:
            assert len(server.requests) == row["requests"]
        if "sent_to" in row:
            assert [form["to"] for _, _, form in server.requests] == [row["sent_to"]]


def assert_outcome(got, expected):
    if isinstance(expected, str):
        assert outcome(got) == expected, got
        return
    assert isinstance(got, Taken), got
    plain = {**asdict(got), "cost": None if got.cost is None else str(got.cost)}
    assert plain | expected == plain


READERS = {
    "hops": "read_hop",
    "inbound": "read_inbound",
    "reports": "read_report",
    "session_ends": "read_session_end",
    "opt_outs": "read_opt_out",
}


@pytest.mark.parametrize(
    ("reader", "row"),
    [pytest.param(READERS[kind], row, id=f"{kind}: {row['name']}") for kind in READERS for row in ROWS[kind]],
)
def test_callback(reader, row):
    form = dict(row["form"])
    form["sessionId"] = form.get("sessionId", "") * form.pop("times", 1)
    read = getattr(AfricasTalking(settings()), reader)
    if "unusable" in row:
        with pytest.raises(Unusable, match=row["unusable"]):
            read(form)
        return
    got = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(read(form)).items()}
    assert got | row["expect"] == got


def test_every_code_and_word_of_the_tables_has_a_row():
    assert set(CODES) - {102} <= {row["code"] for row in ROWS["sends"] if "code" in row}
    errors = {name for name, kind in vars(base).items() if isinstance(kind, type) and issubclass(kind, SendError)}
    seen = {row.get("raises") for row in ROWS["sends"]} | {
        word for row in ROWS["sends"] for word in row.get("expect", {}).values() if isinstance(word, str)
    }
    assert errors - {"SendError"} == seen - {None}


def test_what_is_sent_is_what_the_sdk_sends():
    script = {"status": 201, "body": {"SMSMessageData": {"Message": "x", "Recipients": []}}}
    with serving(script) as server:
        for sender in ("", "AFYA"):
            gateway = AfricasTalking(settings(at_base_url=f"http://127.0.0.1:{server.port}/a", at_sender_id=sender))
            with pytest.raises(base.Rejected):
                gateway.send("100 % sûr & é", [NUMBER, "+22370000102"])
    form = {"username": "sandbox", "to": f"{NUMBER},+22370000102", "message": "100 % sûr & é", "bulkSMSMode": "1"}
    assert [form for _, _, form in server.requests] == [form, form | {"from": "AFYA"}]
    start, headers, _ = server.requests[0]
    assert start == ["POST", "/a/version1/messaging"]
    assert (headers["apikey"], headers["accept"]) == ("key", "application/json")
    assert headers["content-type"] == "application/x-www-form-urlencoded"


def test_without_an_address_of_ours_the_sdk_chooses():
    assert AfricasTalking(settings())._sms._baseUrl == "https://api.sandbox.africastalking.com/version1"
    live = AfricasTalking(settings(at_username="afya"))._sms._baseUrl
    assert live == "https://api.africastalking.com/version1"


def test_nothing_to_send_asks_nobody():
    with serving({"status": 500}) as server:
        assert AfricasTalking(settings(at_base_url=f"http://127.0.0.1:{server.port}")).send("Bonjour", []) == {}
        assert server.connections == 0


TAKEN = {
    "status": 201,
    "body": {"SMSMessageData": {"Message": "x", "Recipients": [{"number": NUMBER, "statusCode": 101}]}},
}


def test_connections_are_kept_and_shared_by_threads():
    with serving(TAKEN) as server:
        gateway = AfricasTalking(settings(at_base_url=f"http://127.0.0.1:{server.port}"))
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda n: gateway.send(f"{n}", [NUMBER]), range(200)))
        assert all(isinstance(answer[NUMBER], Taken) for answer in got)
        assert len(server.requests) == 200
        assert server.connections <= 8


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # threads of the test's own server
def test_a_forked_child_opens_connections_of_its_own():
    with serving(TAKEN) as server:
        gateway = AfricasTalking(settings(at_base_url=f"http://127.0.0.1:{server.port}"))
        gateway.send("parent", [NUMBER])
        child = os.fork()
        if not child:
            os._exit(0 if isinstance(gateway.send("child", [NUMBER])[NUMBER], Taken) else 1)
        assert os.waitpid(child, 0)[1] == 0
        gateway.send("parent again", [NUMBER])
        assert [form["message"] for _, _, form in server.requests] == ["parent", "child", "parent again"]
        assert server.connections == 2


def test_a_proxy_of_the_environment_is_not_asked_for_our_own_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(TAKEN) as server:
        gateway = AfricasTalking(settings(at_base_url=f"http://127.0.0.1:{server.port}"))
        assert isinstance(gateway.send("x", [NUMBER])[NUMBER], Taken)


def test_screens_are_written_with_their_prefix():
    gateway = AfricasTalking(settings())
    assert gateway.write_hop("Bonjour\n1. Oui", end=False) == "CON Bonjour\n1. Oui"
    assert gateway.write_hop("Merci", end=True) == "END Merci"


def test_gateways_are_loaded_by_name():
    assert list(gateways.load(settings())) == ["africastalking"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"at_username": "", "at_api_key": ""}, ["AT_USERNAME", "AT_API_KEY"]),
        (
            {"gateways": ("africastalking", "orange", "../base", "base"), "at_api_key": ""},
            ["orange", "base", "AT_API_KEY"],
        ),
    ],
)
def test_wrong_gateway_settings_are_all_named_at_once(wrong, named):
    with pytest.raises(BadSettings) as caught:
        gateways.load(settings(**wrong))
    assert [word for word in named if word not in str(caught.value)] == []
