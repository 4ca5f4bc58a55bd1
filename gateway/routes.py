"""The public methods: one line each, by service. Add yours below your service's line; nothing else needs to be done.

    x.expose("GET /v1/things/{thing_id}", "GetThing")                   other request fields are query parameters
    x.expose("POST /v1/things", "CreateThing", status=201)              request fields are the JSON body
    x.expose("PATCH /v1/things/{thing_id}", "UpdateThing")              If-Match and Idempotency-Key fill two
    x.expose("POST /v1/things/{thing_id}/cancel", "CancelThing")        a change of state

An RPC that does not exist, or a path field that its request lacks, fails when this module is imported.
"""

from gateway.api import Api

# --- directory ----------------------------------------------------------------------------------------------------
directory = Api("directory")

# --- coordination -------------------------------------------------------------------------------------------------
coordination = Api("coordination")

# --- scheduling ---------------------------------------------------------------------------------------------------
scheduling = Api("scheduling")

# --- insurance ----------------------------------------------------------------------------------------------------
insurance = Api("insurance")

# --- contracts ----------------------------------------------------------------------------------------------------
contracts = Api("contracts")

# --- records ------------------------------------------------------------------------------------------------------
records = Api("records")

# --- supply -------------------------------------------------------------------------------------------------------
supply = Api("supply")

# --- notifications ------------------------------------------------------------------------------------------------
notifications = Api("notifications")

# --- reporting ----------------------------------------------------------------------------------------------------
reporting = Api("reporting")

APIS = (directory, coordination, scheduling, insurance, contracts, records, supply, notifications, reporting)
