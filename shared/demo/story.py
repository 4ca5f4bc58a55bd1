"""The main job, played over HTTP by six people against a running platform: from an enquiry to a funded start.

Each step uses the public API as its person, and stops the story with the reason when something is not as it should be.
"""

from __future__ import annotations

import datetime as dt
import io
import time
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from shared.config import Config
from shared.demo import pictures
from shared.demo.world import PASSWORD
from shared.words import dollars

FILES = files("shared.demo").joinpath("files")
PATIENCE_S = 20.0


class Stopped(Exception):
    """A step that did not go as it should; the message says which and why."""


class Person:
    """Somebody who uses the API: staff by session, a parent by private link."""

    def __init__(self, url: str, who: str) -> None:
        self.who = who
        self.http = httpx.Client(base_url=url, timeout=30)

    def sign_in(self, email: str) -> Person:
        answer = self.http.post("/v1/session", json={"email": email, "password": PASSWORD})
        if answer.status_code != 201:
            raise Stopped(f"{self.who} cannot sign in as {email}: {_why(answer)}")
        cookies = [cookie.split(";", 1)[0] for cookie in answer.headers.get_list("set-cookie")]
        self.http.cookies.clear()
        self.http.headers.update({"Cookie": "; ".join(cookies), "X-CSRF-Token": answer.json()["csrf_token"]})
        return self

    def by_link(self, token: str) -> Person:
        self.http.headers["Authorization"] = f"Link {token}"
        return self

    def get(self, path: str, **params: Any) -> Any:
        return self._send("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any] | None = None, *, version: int | None = None) -> Any:
        headers = {"Idempotency-Key": str(uuid4())} | ({"If-Match": f'"{version}"'} if version else {})
        return self._send("POST", path, json=body or {}, headers=headers)

    def upload(self, content: bytes, content_type: str) -> str:
        answer = self._send("POST", "/v1/uploads", content=content, headers={"Content-Type": content_type})
        return str(answer["upload_id"])

    def wait(self, what: str, ask: Callable[[], Any]) -> Any:
        """Asks until the answer is truthy: events need a moment."""
        until = time.monotonic() + PATIENCE_S
        while not (answer := ask()):
            if time.monotonic() > until:
                raise Stopped(f"{what} did not happen within {PATIENCE_S:g} s")
            time.sleep(0.05)
        return answer

    def _send(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, path, **options)
        if answer.status_code >= 300:
            raise Stopped(f"{self.who}: {method} {path} answered {answer.status_code}: {_why(answer)}")
        return answer.json() if answer.content else None


def _why(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['reason']}: {problem['detail']}" + (
            f" (field {problem['field']})" if problem.get("field") else ""
        )
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]


def play(url: str, _config: Config) -> int:
    """Plays the story and prints it; returns the exit status."""
    started = time.perf_counter()
    try:
        Story(url).tell()
    except Stopped as stop:
        print(f"\nThe story stops: {stop}")
        return 1
    except httpx.TransportError as error:
        print(f"\nThe story stops: nothing answers at {url} ({type(error).__name__}). Is `make up` running?")
        return 1
    print(f"\nThe end, after {time.perf_counter() - started:.1f} s.")
    return 0


class Story:
    """What is known so far, and the steps in their order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.now = dt.datetime.now(dt.UTC)
        self.desk = Person(url, "Front desk").sign_in("desk@beacon.example")
        self.tc = Person(url, "Treatment coordinator").sign_in("tc@beacon.example")
        self.doctor = Person(url, "Dr. Rivera").sign_in("dr.rivera@beacon.example")
        self.insurance = Person(url, "Insurance coordinator").sign_in("insurance@beacon.example")
        self.regional = Person(url, "Regional manager").sign_in("regional@beacon.example")
        self.location = next(
            place for place in self.desk.get("/v1/locations")["locations"] if "Back Bay" in place["name"]
        )
        self.place = self.location["id"]
        chairs = self.desk.get(f"/v1/locations/{self.place}/chairs")["chairs"]
        self.names = {chair["id"]: chair["name"] for chair in chairs}
        for person in self.desk.get("/v1/staff", page_size=200)["staff"]:
            self.names[person["id"]] = f"Dr. {person['last_name']}" if person["is_provider"] else person["last_name"]

    def tell(self) -> None:
        """Plays every step."""
        before = self.acceptance()
        self.enquiry()
        self.exam()
        self.records()
        self.benefits()
        self.present()
        self.choose_and_sign()
        self.pay()
        self.visits()
        self.claim()
        self.messages()
        self.kpi(before)

    def clock(self, time: str) -> str:
        """An instant on the location's clock."""
        at = dt.datetime.fromisoformat(time).astimezone(ZoneInfo(self.location["time_zone"]))
        return f"{at:%H:%M:%S} {at.tzname()}"

    def say(self, who: str, text: str) -> None:
        print(f"  {who:<22} {text}", flush=True)

    # --- steps ---

    def acceptance(self) -> Any:
        today = self.now.date()
        period = {
            "from_date": (today - dt.timedelta(days=365)).isoformat(),
            "to_date": (today + dt.timedelta(days=40)).isoformat(),
        }
        return self.regional.get("/v1/metrics/case_acceptance", location_id=self.place, **period)["total"]

    def enquiry(self) -> None:
        print("An enquiry comes in")
        owner = self.tc.get("/v1/session")["user_id"]
        lead = self.desk.post(
            "/v1/leads",
            {
                "location_id": self.place,
                "source": "referral_dentist",
                "owner_id": owner,
                "contact": {
                    "first_name": "John",
                    "last_name": "Doe",
                    "phone": "+16175550123",
                    "email": "john.doe@family.example",
                    "patient_first_name": "Sam",
                    "language": "en",
                },
            },
        )["lead"]
        self.say("Front desk", f"takes John Doe's call for Sam, sent by their dentist (lead {lead['id']})")
        registered = self.desk.post(
            f"/v1/leads/{lead['id']}/register",
            {
                "first_name": "Sam", "last_name": "Doe", "birth_date": "2012-04-17", "sex": "male",
                "parties": [
                    {
                        "first_name": "John", "last_name": "Doe", "birth_date": "1982-03-02", "language": "en", "email": "john.doe@family.example",
                        "mobile": "+16175550123", "address": {"lines": ["12 Elm St"], "city": "Boston", "state": "MA", "postal_code": "02109"},
                        "relationship": {"kind": "parent", "may_consent": True, "clinical_access": True, "financial": True, "share_bp": 10000, "primary_contact": True},
                    }
                ],
            },
            version=lead["version"],
        )  # fmt: skip
        self.case, self.patient = registered["case"]["id"], registered["case"]["patient_id"]
        self.party = self.tc.get(f"/v1/patients/{self.patient}/parties")["parties"][0]["party"]["id"]
        self.say("Front desk", f"registers the family (patient {self.patient}, case {self.case})")

    def book(self, person: Person, type_code: str, first_day: dt.date) -> dict[str, Any]:
        """Books the first slot from a day on in which chair and doctor are free."""
        slots = person.get(
            "/v1/slots", type_code=type_code, location_ids=self.place, first_day=first_day.isoformat(),
            last_day=(first_day + dt.timedelta(days=40)).isoformat(), limit=1, patient_id=self.patient,
        )["slots"]  # fmt: skip
        if not slots:
            raise Stopped(f"there is no free slot for {type_code}")
        slot = slots[0]
        body = {
            "location_id": self.place,
            "patient_id": self.patient,
            "case_id": self.case,
            "type_code": type_code,
            "start_time": slot["start_time"],
            "chair_id": slot["chair_id"],
        }
        if slot["provider_id"]:
            body["provider_id"] = slot["provider_id"]
        visit: dict[str, Any] = person.post("/v1/appointments", body)["appointment"]
        doctor = f"with {self.names[slot['provider_id']]}" if slot["provider_id"] else "no doctor needed"
        self.say(
            person.who,
            f"books {type_code} on {_local(slot['local_start'])}, {slot['duration_minutes']} min, {self.names.get(slot['chair_id'], 'a chair')}, {doctor}",
        )
        return visit

    def exam(self) -> None:
        print("The exam")
        visit = self.book(self.desk, "exam", self.now.date())
        self.tc.wait(
            "the case's exam", lambda: self.tc.get(f"/v1/cases/{self.case}")["case"]["state"] == "exam_scheduled"
        )
        for step, done in (
            ("check-in", "Sam has arrived"),
            ("seat", "Sam is seated"),
            ("call-doctor", "Sam is ready for the doctor"),
            ("doctor-arrived", "is with Sam"),
            ("dismiss", "Sam is done"),
            ("check-out", "Sam has checked out"),
        ):
            person = self.desk if step in ("check-in", "check-out") else self.doctor
            visit = person.post(f"/v1/appointments/{visit['id']}/{step}", version=visit["version"])["appointment"]
            self.say(person.who, done)
        self.doctor.wait(
            "the visit in the chart", lambda: self.doctor.get(f"/v1/patients/{self.patient}/visits")["visits"]
        )

        def kept() -> Any:
            case = self.tc.get(f"/v1/cases/{self.case}")["case"]
            return case if case["stage"] == "exam_kept" else None

        case = self.tc.wait("the exam on the case", kept)
        case = self.doctor.post(
            f"/v1/cases/{self.case}/recommend",
            {
                "outcome": "recommended",
                "phase": "comprehensive_child",
                "treatment_months": 24,
                "appointment_id": visit["id"],
            },
            version=case["version"],
        )["case"]
        self.say("Dr. Rivera", f"recommends comprehensive treatment, 24 months (case: {case['state']})")

    def records(self) -> None:
        print("Records")
        taker = self.doctor
        for view in pictures.VIEWS:
            upload = taker.upload(pictures.draw(view), "image/jpeg")
            image = self.add_image(taker, upload, view)
            kept = taker.http.get(f"/v1/images/{image['id']}/content").content
            if b"SAM DOE" in kept or b"Exif" in kept[:64]:
                raise Stopped(f"{view} still carries its EXIF")
        self.say(taker.who, f"{len(pictures.VIEWS)} photographs (synthetic), EXIF and place stripped")
        film = self.add_image(
            taker, taker.upload(FILES.joinpath("pydicom-CT_small.dcm").read_bytes(), "application/dicom"), "pano"
        )
        self.say(taker.who, f"film: DICOM, {film['width']}×{film['height']}, {film['modality']}")
        ply = FILES.joinpath("meshio-bun_zipper_res4.ply").read_bytes()
        upper = self.add_image(taker, taker.upload(ply, "application/octet-stream"), "scan_upper", mesh_unit="metre")
        lower = self.add_image(taker, taker.upload(_as_stl(ply), "model/stl"), "scan_lower", mesh_unit="metre")
        self.say(
            taker.who, f"scans: PLY with {upper['triangle_count']} and STL with {lower['triangle_count']} triangles"
        )
        gate = taker.get(f"/v1/patients/{self.patient}/records-gate", stage="initial")
        if not gate["complete"]:
            raise Stopped(
                "the records gate misses " + ", ".join(item["view"] for item in gate["items"] if not item["present"])
            )
        self.say(taker.who, "records gate: complete")

    def add_image(self, person: Person, upload_id: str, view: str, **more: Any) -> dict[str, Any]:
        body = {
            "upload_id": upload_id,
            "patient_id": self.patient,
            "location_id": self.place,
            "case_id": self.case,
            "view": view,
            "stage": "initial",
            **more,
        }
        image: dict[str, Any] = person.post("/v1/images", body)["image"]
        return image

    def benefits(self) -> None:
        print("Benefits")
        payers = self.insurance.get("/v1/payers")["payers"]
        payer = next((p for p in payers if p["payer_code"] == "12345"), None)
        payer = (
            payer
            or self.insurance.post(
                "/v1/payers",
                {"name": "Test Dental Plan", "payer_code": "12345", "phone": "+18005550100", "timely_filing_days": 365},
            )["payer"]
        )
        plans = self.insurance.get("/v1/plans", payer_id=payer["id"])["plans"]
        plan = plans[0] if plans else self.insurance.post(
            "/v1/plans",
            {"payer_id": payer["id"], "name": "Dental PPO", "group_number": "GRP123", "payment_model": "auto_pay", "base": "charge", "cadence": "monthly", "initial_share_basis_points": 2500, "work_in_progress": "prorated", "benefits_assigned": True},
        )["plan"]  # fmt: skip
        coverage = self.insurance.post(
            "/v1/coverages",
            {"patient_id": self.patient, "plan_id": plan["id"], "location_id": self.place, "relationship": "child", "subscriber_party_id": self.party, "member_id": "W123456789", "group_number": "GRP123", "priority": "primary", "effective_on": "2025-01-01"},
        )["coverage"]  # fmt: skip
        self.coverage = coverage["id"]
        # The sample's answer, as if it had come today: an old one would not support an estimate.
        today = self.now.date().strftime("%Y%m%d")
        text = FILES.joinpath("271-ortho-benefits.edi").read_text().replace("*20260115*", f"*{today}*")
        verification = self.insurance.post(f"/v1/coverages/{self.coverage}/eligibility", {"x12": text})["verification"]
        summary = verification["benefits"]
        self.say("Insurance coordinator", f"imports the plan's answer, an X12 271 (verification {verification['id']})")
        self.say(
            "Insurance coordinator",
            f"orthodontics: {summary['plan_percent_basis_points'] / 100:g} % up to {_dollars(summary['lifetime_maximum'])} "
            f"for life, {_dollars(summary['lifetime_remaining'])} of it left; every figure names its segment",
        )
        self.estimate = self.insurance.post(
            f"/v1/coverages/{self.coverage}/estimates",
            {"case_id": self.case, "total_fee": _usd(560_000), "treatment_months": 24, "start_on": (self.now.date() + dt.timedelta(days=14)).isoformat()},
        )["estimate"]  # fmt: skip
        self.say(
            "Insurance coordinator",
            f"estimates that insurance pays {_dollars(self.estimate['expected'])} of {_dollars(self.estimate['total_fee'])} (estimate {self.estimate['id']})",
        )

    def present(self) -> None:
        print("Three options")
        options = []
        for title, appliance, phase, fee, months in (
            ("Metal braces", "metal_brackets", "comprehensive_child", 560_000, 24),
            ("Ceramic braces", "ceramic_brackets", "comprehensive_child", 610_000, 24),
            ("Clear aligners", "aligners", "aligner", 630_000, 20),
        ):
            quote = self.tc.post(
                "/v1/quotes",
                {
                    "case_id": self.case, "patient_id": self.patient, "location_id": self.place, "title": title, "procedure_concept": "ortho.comprehensive.adolescent",
                    "phase": phase, "treatment_months": months, "treatment_fee": _usd(fee), "expected_insurance": self.estimate["expected"], "coverage_id": self.coverage,
                    "down_payment": _usd(80_000), "instalment_count": months, "draft_day": 1, "parties": [{"party_id": self.party, "basis_points": 10_000}],
                },
            )["quote"]  # fmt: skip
            options.append(
                {
                    "quote_id": quote["id"],
                    "title": title,
                    "appliance": appliance,
                    "description": f"About {months} months.",
                    "recommended": title == "Metal braces",
                    "consent_kind": "comprehensive",
                }
            )
            self.say(
                "Treatment coordinator",
                f"{title}: {_dollars(quote['total_fee'])} = family {_dollars(quote['patient_portion'])} + insurance {_dollars(quote['insurance_portion'])}; {_dollars(quote['down_payment'])} down, {quote['instalment_count']} × {_dollars(quote['instalment'])}",
            )
        presentation = self.tc.post(
            "/v1/presentations",
            {
                "case_id": self.case,
                "title": "Options for Sam",
                "message": "Here is what we talked about.",
                "options": options,
            },
        )["presentation"]
        shared = self.tc.post(
            f"/v1/presentations/{presentation['id']}/share", {"party_id": self.party}, version=presentation["version"]
        )
        self.token = shared["url_path"].rstrip("/").rpartition("/")[2]
        self.say("Treatment coordinator", f"shares them by private link (presentation {presentation['id']})")

    def choose_and_sign(self) -> None:
        print("The parent, by private link")
        parent = self.parent = Person(self.url, "Parent").by_link(self.token)
        shown = parent.post("/v1/shared/presentation/open")["presentation"]
        quotes = {quote["id"]: quote for quote in parent.get("/v1/shared/quotes")["quotes"]}
        option = next(option for option in shown["options"] if option["recommended"])
        self.say(
            "Parent",
            f"opens the link: {len(shown['options'])} options, from {_dollars(min((q['total_fee'] for q in quotes.values()), key=lambda m: m['amount_cents']))}",
        )
        parent.post("/v1/shared/presentation/choose", {"option_id": option["id"]})
        self.say("Parent", f"chooses {option['title']}")
        ready = parent.wait(
            "the documents",
            lambda: _two([d for d in parent.get("/v1/shared/documents")["documents"] if d["state"] == "ready"]),
        )
        for document in ready:
            pdf = parent.http.get(f"/v1/shared/documents/{document['id']}/content")
            if not pdf.content.startswith(b"%PDF"):
                raise Stopped(f"the {document['kind']} is no PDF: {pdf.status_code}")
            signed = parent.post(
                f"/v1/shared/documents/{document['id']}/sign",
                {
                    "sha256": document["sha256"],
                    "signer_name": "John Doe",
                    "agrees_to_electronic_records": True,
                    "intends_to_sign": True,
                },
            )["document"]
            self.say(
                "Parent",
                f"reads and signs the {_words(signed['kind'])} at {self.clock(signed['signatures'][0]['sign_time'])} (PDF, {len(pdf.content):,} bytes, sha256 {signed['sha256'][:12]}…)",
            )

    def pay(self) -> None:
        print("Down payment and start")
        parent = self.parent
        contract = parent.wait(
            "the signed contract",
            lambda: _in_state(parent.get("/v1/shared/contract")["contract"], "accepted", "pending"),
        )
        payment = parent.post("/v1/shared/down-payment", {"token": "tok_visa"})["payment"]
        self.say(
            "Parent",
            f"pays {_dollars(payment['amount'])} by card, in the sandbox (payment {payment['id']})",
        )
        paid = parent.wait(
            "the payment", lambda: _in_state(parent.get(f"/v1/shared/payments/{payment['id']}")["payment"], "succeeded")
        )
        self.say("Parent", f"the payment has {paid['state']}")
        self.contract = parent.wait(
            "the active contract", lambda: _in_state(parent.get("/v1/shared/contract")["contract"], "active")
        )
        self.say("Parent", f"the contract is {self.contract['state']} (contract {contract['id']})")
        finance = Person(self.url, "Financial coordinator").sign_in("finance@beacon.example")
        entries = finance.get(f"/v1/patients/{self.patient}/ledger", page_size=200)["entries"]
        total = sum(entry["amount"]["amount_cents"] for entry in entries)
        if total:
            raise Stopped(f"the ledger is out of balance by {total} cents")
        balance = finance.get(f"/v1/patients/{self.patient}/balance")
        self.say(
            "Financial coordinator",
            f"the ledger balances to the cent over {len(entries)} entries; family owes {_dollars(balance['patient_balance'])}, insurance {_dollars(balance['insurance_balance'])}",
        )
        self.tc.wait("the active case", lambda: self.tc.get(f"/v1/cases/{self.case}")["case"]["state"] == "active")
        self.say("Treatment coordinator", "the case is active")

    def visits(self) -> None:
        print("Bonding and the next three visits")
        day = self.now.date() + dt.timedelta(days=10)
        for type_code in ("bonding", "adjustment", "adjustment", "adjustment"):
            visit = self.book(self.tc, type_code, day)
            day = dt.datetime.fromisoformat(visit["start_time"]).date() + dt.timedelta(days=35)

    def claim(self) -> None:
        print("Insurance")
        claims = self.insurance.wait(
            "the drafted claim", lambda: self.insurance.get("/v1/claims", patient_id=self.patient)["claims"]
        )
        claim = claims[0]
        self.say(
            "Insurance coordinator",
            f"finds the {claim['kind']} claim drafted, charge {_dollars(claim['charge'])} (claim {claim['id']})",
        )
        doctor = self.doctor.get("/v1/session")["user_id"]
        claim = self.insurance.post(
            f"/v1/claims/{claim['id']}/review", {"provider_id": doctor}, version=claim["version"]
        )["claim"]
        x12 = self.insurance.get(f"/v1/claims/{claim['id']}/x12")["x12"]
        self.say(
            "Insurance coordinator",
            f"reviews it: {claim['state']}; its 837D has {x12.count('~')} segments, {len(x12)} bytes",
        )

    def messages(self) -> None:
        print("Message log")
        log = self.desk.wait(
            "the confirmations",
            lambda: _at_least(self.desk.get("/v1/messages", patient_id=self.patient, page_size=200)["messages"], 6),
        )
        counted = Counter((_words(m["template_kind"] or "message"), m["channel"], m["state"]) for m in reversed(log))
        for (kind, channel, state), count in counted.items():
            self.say("Front desk", f"{count} × {kind} by {channel}: {state}")

    def kpi(self, before: dict[str, Any]) -> None:
        print("Case acceptance")
        after = self.regional.wait("the start in the figures", lambda: _moved(self.acceptance(), before))
        self.say(
            "Regional manager",
            f"{_share(before)} → {_share(after)} ({before['numerator']} of {before['denominator']} → {after['numerator']} of {after['denominator']})",
        )


# --- small words --------------------------------------------------------------------------------------------------


def _local(time: str) -> str:
    """2026-12-07T08:00:00-05:00 is Mon 7 Dec 2026, 08:00: the location's own clock."""
    at = dt.datetime.fromisoformat(time)
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M}"


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _usd(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency_code": "USD"}


def _dollars(money: dict[str, Any]) -> str:
    return dollars(money["amount_cents"])


def _share(value: dict[str, Any]) -> str:
    return "–" if value["value"] is None else f"{value['value'] / 100:.2f} %"


def _two(documents: list[Any]) -> list[Any] | None:
    return documents if len(documents) >= 2 else None


def _at_least(items: list[Any], count: int) -> list[Any] | None:
    return items if len(items) >= count else None


def _in_state(resource: dict[str, Any], *states: str) -> dict[str, Any] | None:
    return resource if resource["state"] in states else None


def _moved(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any] | None:
    return (
        after
        if after["numerator"] == before["numerator"] + 1 and after["denominator"] == before["denominator"] + 1
        else None
    )


def _as_stl(ply: bytes) -> bytes:
    """The same scan as binary STL."""
    import trimesh

    scan: Any = trimesh.load_mesh(io.BytesIO(ply), file_type="ply")
    return bytes(scan.export(file_type="stl"))
