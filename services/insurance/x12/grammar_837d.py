"""The loops of a dental claim (837D) that orthodontic claims use, in order. It is not the implementation guide.

Sources: standards.md 1.3; the open maps of moov-io/x12 and zentist/TigerShark where they agree.
"""

from services.insurance.x12.grammar import MANY, Loop, Seg

STREET, CITY = Seg("N3", low=1), Seg("N4", low=1)

OTHER_PAYER = Loop(
    "2320",
    (
        Seg("SBR", low=1),
        Seg("CAS", high=5),
        Seg("AMT", ("D", "A8", "EAF"), high=3),
        Seg("OI", low=1),
        Seg("MOA"),
        Loop("2330A", (Seg("NM1", ("IL",), low=1), Seg("N3"), Seg("N4"), Seg("REF", high=3)), low=1),
        Loop(
            "2330B", (Seg("NM1", ("PR",), low=1), Seg("N3"), Seg("N4"), Seg("DTP", ("573",)), Seg("REF", high=3)), low=1
        ),
    ),
    high=10,
)
SERVICE_LINE = Loop(
    "2400",
    (
        Seg("LX", low=1),
        Seg("SV3", low=1),
        Seg("TOO", ("JP",), high=32),
        Seg("DTP", ("472", "441", "139", "452", "446", "196", "198"), high=7),
        Seg("REF", ("G3", "G1", "6R", "9F", "F8"), high=5),
        Seg("AMT", ("GT",)),
        Loop("2420A", (Seg("NM1", ("82",), low=1), Seg("PRV", ("PE",)), Seg("REF", high=4))),
        Loop("2430", (Seg("SVD", low=1), Seg("CAS", high=5), Seg("DTP", ("573",)), Seg("AMT", ("EAF",))), high=15),
    ),
    low=1,
    high=50,
)
CLAIM = Loop(
    "2300",
    (
        Seg("CLM", low=1),
        Seg("DTP", ("439",)),
        Seg("DTP", ("452",)),
        Seg("DTP", ("472",)),
        Seg("DTP", ("050",)),
        Seg("DN1"),
        Seg("DN2", high=35),
        Seg("PWK", high=10),
        Seg("CN1"),
        Seg("AMT", ("F5",)),
        Seg("REF", ("G3",)),
        Seg("REF", ("4N",)),
        Seg("REF", ("F8",)),
        Seg("REF", ("9F",)),
        Seg("REF", ("G1",)),
        Seg("REF", ("9A",)),
        Seg("REF", ("9C",)),
        Seg("REF", ("D9",)),
        Seg("K3", high=10),
        Seg("NTE", ("ADD",), high=5),
        Seg("HI"),
        Seg("HCP"),
        Loop("2310A", (Seg("NM1", ("DN", "P3"), low=1), Seg("PRV"), Seg("REF", high=3)), high=2),
        Loop("2310B", (Seg("NM1", ("82",), low=1), Seg("PRV", ("PE",)), Seg("REF", high=4))),
        Loop("2310C", (Seg("NM1", ("77",), low=1), STREET, CITY, Seg("REF", high=3))),
        OTHER_PAYER,
        SERVICE_LINE,
    ),
    high=100,
)
PATIENT_LOOP = Loop(
    "2000C",
    (
        Seg("HL", ("23",), low=1, at=3),
        Seg("PAT", low=1),
        Loop("2010CA", (Seg("NM1", ("QC",), low=1), STREET, CITY, Seg("DMG", low=1), Seg("REF", high=2)), low=1),
        CLAIM,
    ),
    high=MANY,
)
SUBSCRIBER_LOOP = Loop(
    "2000B",
    (
        Seg("HL", ("22",), low=1, at=3),
        Seg("SBR", low=1),
        Loop("2010BA", (Seg("NM1", ("IL",), low=1), Seg("N3"), Seg("N4"), Seg("DMG"), Seg("REF", high=2)), low=1),
        Loop("2010BB", (Seg("NM1", ("PR",), low=1), Seg("N3"), Seg("N4"), Seg("REF", high=4)), low=1),
        CLAIM,
        PATIENT_LOOP,
    ),
    low=1,
    high=MANY,
)
DENTAL_CLAIMS = Loop(
    "837D",
    (
        Seg("ST", ("837",), low=1),
        Seg("BHT", low=1),
        Loop("1000A", (Seg("NM1", ("41",), low=1), Seg("PER", ("IC",), low=1, high=2)), low=1),
        Loop("1000B", (Seg("NM1", ("40",), low=1),), low=1),
        Loop(
            "2000A",
            (
                Seg("HL", ("20",), low=1, at=3),
                Seg("PRV", ("BI",)),
                Seg("CUR"),
                Loop(
                    "2010AA",
                    (Seg("NM1", ("85",), low=1), STREET, CITY, Seg("REF", low=1, high=3), Seg("PER", high=2)),
                    low=1,
                ),
                Loop("2010AB", (Seg("NM1", ("87",), low=1), STREET, CITY)),
                SUBSCRIBER_LOOP,
            ),
            low=1,
            high=MANY,
        ),
        Seg("SE", low=1),
    ),
    low=1,
)
