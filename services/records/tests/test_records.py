"""The clinical record through its door: images, gate, notes, documents."""

from __future__ import annotations

import array
import gzip
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pydicom
import pytest
from archwire.contracts.v1 import events_pb2 as contract_events
from PIL import Image as Picture

from services.records import domain
from shared.demo import pictures
from shared.proto import money

FILM = Path(__file__).parent / "samples" / "pydicom-CT_small.dcm"


def upload(http: Any, content: bytes, content_type: str = "image/jpeg") -> str:
    answer = http.post("/v1/uploads", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["upload_id"])


def add(http: Any, family: Any, upload_id: str, view: str, **more: Any) -> Any:
    body = {
        "upload_id": upload_id,
        "patient_id": family.patient_id,
        "location_id": family.location_id,
        "view": view,
        "stage": "initial",
        **more,
    }
    return http.post("/v1/images", json=body)


@pytest.mark.R(7)
@pytest.mark.R(12)
def test_the_gate_opens_when_the_last_view_is_there(group: Any) -> None:
    http, family = group.http("clinical_assistant"), group.patient()
    gate = http.get(f"/v1/patients/{family.patient_id}/records-gate", params={"stage": "initial"}).json()
    assert [item["view"] for item in gate["items"] if not item["present"]] == list(domain.GATE["initial"])
    for view in pictures.VIEWS:
        assert add(http, family, upload(http, pictures.draw(view)), view).status_code == 201
    assert add(http, family, upload(http, FILM.read_bytes(), "application/dicom"), "pano").status_code == 201
    assert http.get(f"/v1/patients/{family.patient_id}/records-gate", params={"stage": "initial"}).json()["complete"]
    assert len(http.get(f"/v1/patients/{family.patient_id}/images").json()["images"]) == 9


@pytest.mark.R(7)
def test_an_image_comes_back_as_a_download_without_metadata(group: Any) -> None:
    http, family = group.http("clinical_assistant"), group.patient()
    image = add(http, family, upload(http, pictures.draw("face_profile")), "face_profile").json()["image"]
    answer = http.get(f"/v1/images/{image['id']}/content")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert b"SAM DOE" not in answer.content


@pytest.mark.R(7)
def test_a_photograph_comes_in_three_sizes_and_is_not_sent_twice(group: Any) -> None:
    http, family = group.http("clinical_assistant"), group.patient()
    image = add(http, family, upload(http, pictures.draw("face_profile")), "face_profile").json()["image"]
    assert image["sizes"] == ["thumbnail", "screen"]
    assert image["frame"] is None
    path = f"/v1/images/{image['id']}/content"
    lengths = []
    for size, longest in (("thumbnail", 320), ("screen", 960)):
        answer = http.get(path, params={"size": size})
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert max(Picture.open(io.BytesIO(answer.content)).size) == longest
        again = http.get(path, params={"size": size}, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        lengths.append(len(answer.content))
    assert lengths[0] < lengths[1] < image["size_bytes"]
    assert http.get(path, params={"size": "frame"}).json()["reason"] == "SIZE_NOT_MADE"
    etag = http.get(path).headers["etag"]
    assert group.http("front_desk").get(path, headers={"If-None-Match": etag}).status_code == 403


@pytest.mark.R(7)
def test_a_film_brings_its_measured_pixels_and_how_to_show_them(group: Any) -> None:
    http, family = group.http("clinical_assistant"), group.patient()
    image = add(http, family, upload(http, FILM.read_bytes(), "application/dicom"), "pano").json()["image"]
    assert image["sizes"] == ["thumbnail", "screen", "frame"]
    frame = image["frame"]
    assert (frame["width"], frame["height"], frame["signed"], frame["intercept"]) == (128, 128, True, -1024)
    answer = http.get(f"/v1/images/{image['id']}/content", params={"size": "frame"})
    pixels = array.array("h", gzip.decompress(answer.content))
    assert len(pixels) == 128 * 128
    assert list(pixels) == pydicom.dcmread(FILM).pixel_array.flatten().tolist()


@pytest.mark.parametrize(
    ("content", "view", "code"),
    [
        (b"GIF89a not a jpeg", "face_profile", "NOT_A_JPEG"),
        (FILM.read_bytes()[:3000], "pano", "TRUNCATED_DICOM"),
        (FILM.read_bytes(), "scan_upper", "WRONG_FORMAT"),
    ],
)
def test_a_bad_file_names_its_field_and_changes_nothing(group: Any, content: bytes, view: str, code: str) -> None:
    http, family = group.http("clinical_assistant"), group.patient()
    answer = add(http, family, upload(http, content, "application/octet-stream"), view)
    assert answer.status_code == 422
    assert answer.json()["reason"] in (code, "BAD_DICOM")
    assert answer.json()["field"] == "upload_id"
    assert http.get(f"/v1/patients/{family.patient_id}/images").json()["images"] == []


@pytest.mark.T("T04")
def test_an_upload_of_another_group_does_not_exist(platform: Any, group: Any) -> None:
    from tests import support

    other = support.Group(platform)
    theirs = upload(other.http("clinical_assistant"), pictures.draw("face_profile"))
    http, family = group.http("clinical_assistant"), group.patient()
    answer = add(http, family, theirs, "face_profile")
    assert answer.status_code == 404
    assert answer.json()["reason"] == "UPLOAD_NOT_FOUND"


@pytest.mark.R(7)
def test_a_signed_note_is_only_added_to(group: Any) -> None:
    doctor, family = group.http("orthodontist"), group.patient()
    place = {"patient_id": family.patient_id, "location_id": family.location_id}
    note = doctor.post("/v1/notes", json={**place, "text": "Upper .014 NiTi, elastics."}).json()["note"]
    signed = doctor.post(f"/v1/notes/{note['id']}/sign", headers={"If-Match": f'"{note["version"]}"'}).json()["note"]
    assert signed["sign_time"]
    edit = {**place, "note_id": note["id"], "text": "changed", "version": signed["version"]}
    assert doctor.post("/v1/notes", json=edit).json()["reason"] == "NOTE_SIGNED"
    assert (
        doctor.post("/v1/notes", json={**place, "text": "Addendum.", "addendum_to_id": note["id"]}).status_code == 201
    )
    assert group.http("front_desk").get(f"/v1/patients/{family.patient_id}/notes").status_code == 403


def test_authority_to_sign_depends_on_the_document() -> None:
    assert domain.may_sign("informed_consent", may_consent=True, financial=False)
    assert not domain.may_sign("informed_consent", may_consent=False, financial=True)
    assert domain.may_sign("financial_agreement", may_consent=False, financial=True)
    assert not domain.may_sign("financial_agreement", may_consent=False, financial=False)


@pytest.mark.R(2)
@pytest.mark.R(5)
def test_each_parent_of_a_split_family_signs_its_own_part(group: Any, eventually: Any) -> None:
    family = group.patient(parties=2)
    terms = [
        contract_events.PartyTerms(
            party_id=party,
            portion=money(205_000),
            down_payment=money(40_000),
            instalment_count=12,
            instalment=money(13_750),
        )
        for party in family.party_ids
    ]
    contract_id = str(uuid4())
    group.publish(
        contract_events.ContractProposed(
            contract_id=contract_id, patient_id=family.patient_id, location_id=family.location_id, total_fee=money(560_000),
            insurance_portion=money(150_000), patient_portion=money(410_000), treatment_months=24, party_id=family.party_ids[0],
            party_ids=family.party_ids, parties=terms,
        ),
        key=family.patient_id,
    )  # fmt: skip
    http = group.http("treatment_coordinator")
    path = f"/v1/patients/{family.patient_id}/documents"
    documents = eventually(lambda: _all_ready(http.get(path).json()["documents"], 3))
    signers = {(d["kind"], d["party_id"]) for d in documents}
    assert signers == {
        ("informed_consent", family.party_ids[0]),
        *(("financial_agreement", p) for p in family.party_ids),
    }
    mine = group.link("presentation", patient_id=family.patient_id, party_id=family.party_ids[1])
    seen = mine.get("/v1/shared/documents").json()["documents"]
    assert [d["party_id"] for d in seen] == [family.party_ids[1]]
    other = next(d["id"] for d in documents if d["party_id"] == family.party_ids[0])
    assert mine.get(f"/v1/shared/documents/{other}").status_code == 404
    consent = {"agrees_to_electronic_records": True, "intends_to_sign": True, "signer_name": "Pat Parent"}
    wrong = mine.post(f"/v1/shared/documents/{seen[0]['id']}/sign", json={**consent, "sha256": "0" * 64})
    assert (wrong.status_code, wrong.json()["reason"], wrong.json()["field"]) == (409, "CHANGED", "sha256")
    without = mine.post(
        f"/v1/shared/documents/{seen[0]['id']}/sign",
        json={**consent, "sha256": seen[0]["sha256"], "intends_to_sign": False},
    )
    assert (without.status_code, without.json()["reason"]) == (422, "CONSENT_REQUIRED")
    signed = mine.post(f"/v1/shared/documents/{seen[0]['id']}/sign", json={**consent, "sha256": seen[0]["sha256"]})
    assert signed.json()["document"]["state"] == "signed"
    again = mine.post(f"/v1/shared/documents/{seen[0]['id']}/sign", json={**consent, "sha256": seen[0]["sha256"]})
    assert again.json()["reason"] == "ALREADY_SIGNED"


def _all_ready(documents: list[Any], count: int) -> list[Any] | None:
    return documents if len(documents) == count and all(d["state"] == "ready" for d in documents) else None


@pytest.mark.R(19)
def test_a_notice_is_prepared_signed_and_kept_a_consent_may_be_withdrawn(group: Any, eventually: Any) -> None:
    family = group.patient()
    desk, http = group.http("front_desk"), group.http("treatment_coordinator")
    body = {"patient_id": family.patient_id, "party_id": family.party_id, "location_id": family.location_id}
    notice = desk.post("/v1/documents", json={**body, "kind": "hipaa_notice"})
    assert notice.status_code == 201, notice.text
    consent = desk.post("/v1/documents", json={**body, "kind": "informed_consent", "treatment_months": 22})
    assert consent.status_code == 201, consent.text
    assert desk.post("/v1/documents", json={**body, "kind": "informed_consent"}).status_code == 422
    stranger = group.patient()
    refused = desk.post("/v1/documents", json={**body, "party_id": stranger.party_id, "kind": "hipaa_notice"})
    assert (refused.status_code, refused.json()["reason"]) == (422, "NO_AUTHORITY")
    path = f"/v1/patients/{family.patient_id}/documents"
    documents = {d["kind"]: d for d in eventually(lambda: _all_ready(desk.get(path).json()["documents"], 2))}
    pdf = desk.get(f"/v1/documents/{documents['hipaa_notice']['id']}/content")
    assert pdf.content.startswith(b"%PDF-")
    signature = {
        "sha256": documents["hipaa_notice"]["sha256"],
        "signer_name": "Pat Parent",
        "agrees_to_electronic_records": True,
        "intends_to_sign": True,
    }
    signed = http.post(f"/v1/documents/{documents['hipaa_notice']['id']}/sign", json=signature)
    assert signed.json()["document"]["state"] == "signed"

    def void(kind: str, version: int) -> Any:
        return desk.post(f"/v1/documents/{documents[kind]['id']}/void", headers={"If-Match": f'"{version}"'})

    assert void("hipaa_notice", signed.json()["document"]["version"]).json()["reason"] == "ALREADY_SIGNED"
    assert void("informed_consent", documents["informed_consent"]["version"]).json()["document"]["state"] == "void"
