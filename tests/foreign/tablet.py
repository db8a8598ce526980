"""A tablet written in another language, from the two published documents alone: /docs/openapi.json and /docs/asyncapi.json.

It knows nothing of the project but what they say: where to log in, which messages there are and what they hold, how an event
is put in order and how a gap is filled. Everything it gets is held against the documents' schemas.

    python3 tablet.py http://127.0.0.1:3000 E-MAIL PASSWORD        the last line it prints is what it saw, as JSON
"""

import json
import os
import sys
import threading
import traceback
import urllib.error
import urllib.request

import jsonschema
import socketio

URL, EMAIL, PASSWORD = sys.argv[1:4]


def fetch(method, path, body=None, token=None, headers=None):
    """One REST call; answers status and JSON."""
    request = urllib.request.Request(URL + path, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, None if body is None else json.dumps(body).encode()) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


OPENAPI = fetch("GET", "/docs/openapi.json")[1]
ASYNCAPI = fetch("GET", "/docs/asyncapi.json")[1]
FAULTS = []  # also those of the threads that hear events
RESOLVER = jsonschema.RefResolver("", ASYNCAPI)


def hold(value, schema, what):
    """Stops the tablet when a value is not what the document says."""
    errors = sorted(jsonschema.Draft202012Validator(schema, resolver=RESOLVER).iter_errors(value), key=str)
    if errors:
        FAULTS.append("%s is not as documented: %s at %s" % (what, errors[0].message[:300], list(errors[0].path)))
        raise SystemExit(FAULTS[0])


def rest(operation_id, body=None, token=None, headers=None, **parameters):
    """A REST call by the operation's id."""
    for path, item in OPENAPI["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                prefix = OPENAPI["servers"][0]["url"]
                return fetch(method.upper(), prefix + path.format(**parameters), body, token, headers)
    raise SystemExit("The OpenAPI document has no %s" % operation_id)


class Tablet:
    """The socket, as /docs/asyncapi.json tells it."""

    def __init__(self, token, position=None, epoch=None):
        self.token, self.position, self.epoch = token, position, epoch
        self.rooms = set()
        self.heard = []
        self.changed = threading.Condition()
        self.io = socketio.Client(reconnection=False)
        self.refusal = None
        self.io.on("connect_error", self.on_refused)
        for name, channel in ASYNCAPI["channels"].items():
            for kind in ("event", "message"):
                message = channel["messages"].get(kind)
                if message and "reply" not in channel["messages"]:
                    self.io.on(name, lambda payload, name=name, message=message: self.on_message(name, message, payload))

    def on_refused(self, data):
        self.refusal = data

    def on_message(self, name, message, payload):
        hold(payload, message["payload"], name)
        if "seq" not in payload:
            return
        with self.changed:
            self.heard.append(payload)
            self.changed.notify_all()

    def connect(self):
        server = next(iter(ASYNCAPI["servers"].values()))
        address = {"ws": "http", "wss": "https"}[server["protocol"]] + "://" + server["host"]
        self.io.connect(address, auth={"token": self.token}, socketio_path=server["pathname"].strip("/"), transports=["websocket"])
        return self

    def ask(self, name, payload, **meta):
        """Sends a message and holds its ack against the document."""
        channel = ASYNCAPI["channels"][name]["messages"]
        hold(payload, channel["request"]["payload"], "the input of " + name)
        hold(meta, channel["request"]["headers"], "the meta of " + name)
        ack = self.io.call(name, (payload, meta), timeout=30)
        hold(ack, channel["reply"]["payload"], "the ack of " + name)
        return ack

    def must(self, name, payload, **meta):
        ack = self.ask(name, payload, **meta)
        if not ack["ok"]:
            raise SystemExit("%s was refused: %s" % (name, ack["error"]))
        return ack["data"]

    def wait(self, what, test):
        with self.changed:
            if not self.changed.wait_for(lambda: any(test(event) for event in self.heard), 30):
                raise SystemExit("Never heard: " + what)

    def follow(self):
        """The state, and the events above it: the position from which this tablet goes on."""
        snapshot = self.must("sync:snapshot", {})
        self.position, self.epoch = snapshot["seq"], snapshot["epoch"]
        return snapshot

    def missed(self):
        """All events after the position, in pages, as `sync:since` gives them."""
        events = []
        while True:
            page = self.must("sync:since", {"epoch": self.epoch, "seq": self.position})
            if page["reset"]:
                raise SystemExit("A reset where nothing was lost")
            events += page["events"]
            self.position = page["position"]
            if not page.get("more"):
                return events


def main():
    status, answer = rest("auth:login", {"email": EMAIL, "password": PASSWORD})
    if status != 200:
        raise SystemExit("log-in: %s %s" % (status, answer))
    token = answer["data"]["accessToken"]

    tablet = Tablet(token).connect()
    snapshot = tablet.follow()
    item = next(one for one in tablet.must("menu:get", {})["items"] if one["status"] == "active" and not one["sizes"] and not one["modifierGroupIds"])
    tables = [one for one in snapshot["replicas"]["tables"] if one["status"] == "available"]

    lines = [{"itemId": item["id"], "quantity": 2}]
    order = tablet.must("order:place", {"tableId": tables[0]["id"], "lines": lines}, key="foreign-1")
    again = tablet.ask("order:place", {"tableId": tables[0]["id"], "lines": lines}, key="foreign-1")
    tablet.wait("order:created", lambda event: event["name"] == "order:created" and event["data"]["order"]["id"] == order["id"])
    refused = tablet.ask("order:place", {"tableId": tables[1]["id"], "lines": [{"itemId": "0" * 24, "quantity": 1}]})

    # Away: something happens over REST, which the tablet must find when it is back, once and in order.
    tablet.must("sync:since", {"epoch": tablet.epoch, "seq": tablet.position})
    tablet.missed()
    tablet.io.disconnect()
    status, _ = rest("order:place", {"tableId": tables[1]["id"], "lines": lines}, token, {"Idempotency-Key": "foreign-2"})
    status_again, _ = rest("order:place", {"tableId": tables[1]["id"], "lines": lines}, token, {"Idempotency-Key": "foreign-2"})
    back = Tablet(token, tablet.position, tablet.epoch).connect()
    missed = back.missed()
    seqs = [event["seq"] for event in missed]

    back.io.disconnect()
    stranger = Tablet("not-a-token")
    try:
        stranger.connect()
    except socketio.exceptions.ConnectionError:
        pass
    problem = (stranger.refusal or {}).get("data", stranger.refusal)
    hold(problem, {"$ref": "#/components/schemas/Problem"}, "the refusal of a handshake")

    print(
        json.dumps(
            {
                "placed": order["number"],
                "replayed": again["ok"] and again.get("replayed") is True and again["data"]["id"] == order["id"],
                "refused": refused["error"]["code"],
                "overRest": [status, status_again],
                "missed": sorted({event["name"] for event in missed}),
                "inOrder": seqs == sorted(set(seqs)),
                "handshake": problem["code"],
                "faults": FAULTS,
            }
        )
    )


# The socket's threads would keep a tablet that has failed alive.
try:
    main()
    sys.stdout.flush()
    os._exit(0)
except BaseException:
    traceback.print_exc()
    os._exit(1)
