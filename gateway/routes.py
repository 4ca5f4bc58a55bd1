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
coordination.expose("POST /v1/leads", "CreateLead", status=201)
coordination.expose("GET /v1/leads", "ListLeads")
coordination.expose("GET /v1/leads/{lead_id}", "GetLead")
coordination.expose("PATCH /v1/leads/{lead_id}", "UpdateLead")
coordination.expose("POST /v1/leads/{lead_id}/close", "CloseLead")
coordination.expose("POST /v1/leads/{lead_id}/register", "RegisterLead", status=201)
coordination.expose("POST /v1/cases", "OpenCase", status=201)
coordination.expose("GET /v1/cases", "ListCases")
coordination.expose("GET /v1/cases/{case_id}", "GetCase")
coordination.expose("PATCH /v1/cases/{case_id}", "UpdateCasePlan")
coordination.expose("POST /v1/cases/{case_id}/recommend", "RecommendTreatment")
coordination.expose("GET /v1/cases/{case_id}/consults", "ListConsults")
coordination.expose("POST /v1/cases/{case_id}/hold", "PlaceOnHold")
coordination.expose("POST /v1/cases/{case_id}/resume", "ResumeCase")
coordination.expose("POST /v1/cases/{case_id}/close", "CloseCase")
coordination.expose("POST /v1/cases/{case_id}/reactivate", "ReactivateCase")
coordination.expose("POST /v1/presentations", "CreatePresentation", status=201)
coordination.expose("GET /v1/presentations", "ListPresentations")
coordination.expose("GET /v1/presentations/{presentation_id}", "GetPresentation")
coordination.expose("POST /v1/presentations/{presentation_id}/share", "SharePresentation")
coordination.expose("POST /v1/presentations/{presentation_id}/choose", "ChooseOption")
coordination.expose("POST /v1/presentations/{presentation_id}/withdraw", "WithdrawPresentation")
coordination.expose("GET /v1/shared/presentation", "GetSharedPresentation")
coordination.expose("POST /v1/shared/presentation/open", "OpenSharedPresentation")
coordination.expose("POST /v1/shared/presentation/choose", "ChooseSharedOption")
coordination.expose("POST /v1/tasks", "CreateTask", status=201)
coordination.expose("GET /v1/tasks", "ListTasks")
coordination.expose("POST /v1/tasks/{task_id}/complete", "CompleteTask")
coordination.expose("POST /v1/tasks/{task_id}/snooze", "SnoozeTask")
coordination.expose("POST /v1/tasks/{task_id}/reopen", "ReopenTask")
coordination.expose("POST /v1/follow-ups", "LogFollowUp", status=201)
coordination.expose("GET /v1/follow-ups", "ListFollowUps")

# --- scheduling ---------------------------------------------------------------------------------------------------
scheduling = Api("scheduling")

# --- insurance ----------------------------------------------------------------------------------------------------
insurance = Api("insurance")
insurance.expose("POST /v1/payers", "CreatePayer", status=201)
insurance.expose("GET /v1/payers", "ListPayers")
insurance.expose("POST /v1/plans", "CreatePlan", status=201)
insurance.expose("GET /v1/plans", "ListPlans")
insurance.expose("POST /v1/procedure-codes", "LoadProcedureCodes")
insurance.expose("GET /v1/procedure-codes", "ListProcedureCodes")
insurance.expose("POST /v1/coverages", "AddCoverage", status=201)
insurance.expose("GET /v1/coverages", "ListCoverages")
insurance.expose("POST /v1/coverages/{coverage_id}/eligibility", "ImportEligibility", status=201)
insurance.expose("POST /v1/coverages/{coverage_id}/verifications", "RecordVerification", status=201)
insurance.expose("GET /v1/coverages/{coverage_id}/benefits", "GetBenefits")
insurance.expose("POST /v1/coverages/{coverage_id}/estimates", "CreateEstimate", status=201)
insurance.expose("GET /v1/estimates/{estimate_id}", "GetEstimate")
insurance.expose("GET /v1/claims", "ListClaims")
insurance.expose("GET /v1/claims/{claim_id}", "GetClaim")
insurance.expose("POST /v1/claims/{claim_id}/review", "ReviewClaim")
insurance.expose("GET /v1/claims/{claim_id}/x12", "GetClaimX12")

# --- contracts ----------------------------------------------------------------------------------------------------
contracts = Api("contracts")
contracts.expose("POST /v1/fees", "SetFee", status=201)
contracts.expose("GET /v1/fees", "ListFees")
contracts.expose("POST /v1/quotes", "CreateQuote", status=201)
contracts.expose("GET /v1/quotes", "ListQuotes")
contracts.expose("GET /v1/quotes/{quote_id}", "GetQuote")
contracts.expose("GET /v1/shared/quotes", "GetSharedQuotes")
contracts.expose("POST /v1/contracts", "CreateContract", status=201)
contracts.expose("GET /v1/contracts", "ListContracts")
contracts.expose("GET /v1/contracts/{contract_id}", "GetContract")
contracts.expose("GET /v1/shared/contract", "GetSharedContract")
contracts.expose("POST /v1/contracts/{contract_id}/amend", "AmendContract")
contracts.expose("POST /v1/contracts/{contract_id}/cancel", "CancelContract")
contracts.expose("POST /v1/contracts/{contract_id}/end", "EndContract", status=201)
contracts.expose("POST /v1/contracts/{contract_id}/write-offs", "WriteOffBalance", status=201)
contracts.expose("POST /v1/contracts/{contract_id}/transfers", "TransferBalance", status=201)
contracts.expose("POST /v1/settlements/{settlement_id}/approve", "ApproveSettlement")
contracts.expose("POST /v1/settlements/{settlement_id}/reject", "RejectSettlement")
contracts.expose("POST /v1/contracts/{contract_id}/payments", "RecordPayment", status=201)
contracts.expose("GET /v1/payments", "ListPayments")
contracts.expose("GET /v1/payments/{payment_id}", "GetPayment")
contracts.expose("POST /v1/payments/{payment_id}/refund", "RefundPayment", status=201)
contracts.expose("POST /v1/payments/{payment_id}/reverse", "ReversePayment", status=201)
contracts.expose("POST /v1/shared/down-payment", "PaySharedDownPayment", status=201)
contracts.expose("GET /v1/shared/payments/{payment_id}", "GetSharedPayment")
contracts.expose("GET /v1/patients/{patient_id}/ledger", "GetLedger")
contracts.expose("GET /v1/patients/{patient_id}/balance", "GetBalance")

# --- records ------------------------------------------------------------------------------------------------------
records = Api("records")

# --- supply -------------------------------------------------------------------------------------------------------
supply = Api("supply")

# --- notifications ------------------------------------------------------------------------------------------------
notifications = Api("notifications")
notifications.expose("GET /v1/messages", "ListMessages")
notifications.expose("POST /v1/messages", "SendMessage", status=201)
notifications.expose("GET /v1/messages/{message_id}", "GetMessage")
notifications.expose("POST /v1/communications", "LogCommunication", status=201)
notifications.expose("GET /v1/threads", "ListThreads")
notifications.expose("POST /v1/threads/{thread_id}/messages", "ReceiveMessage", status=201)
notifications.expose("GET /v1/message-templates", "ListTemplates")
notifications.expose("POST /v1/message-templates", "SaveTemplate", status=201)
notifications.expose("GET /v1/responsible-parties/{party_id}/preferences", "ListPreferences")
notifications.expose("POST /v1/responsible-parties/{party_id}/preferences", "SetPreference", status=201)

# --- reporting ----------------------------------------------------------------------------------------------------
reporting = Api("reporting")
reporting.expose("GET /v1/metrics", "ListMetrics")
reporting.expose("GET /v1/metrics/{metric}", "GetMetric")
reporting.expose("GET /v1/metrics/{metric}/rows", "ListMetricRows")

APIS = (directory, coordination, scheduling, insurance, contracts, records, supply, notifications, reporting)
