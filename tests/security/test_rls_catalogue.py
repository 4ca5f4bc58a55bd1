"""T05: what PostgreSQL's own catalogue says about row-level security. It needs no data and misses no table."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import migrations, postgres
from shared.service import NAMES

pytestmark = pytest.mark.T("T05")

# Tables without row-level security, and why.
EXEMPT = {
    "outbox": "the relay reads every group's events; serialised events hold no names",
    "inbox": "ids of handled events, written before a group is known",
    "dead_letters": "parked events are replayed for every group",
    "work": "the worker looks for due jobs of every group, then opens each in its group's scope",
    "audit_tenant": "which groups have audit rows: the sealer reads it before it has a scope",
    "credential_index": "keyed hashes and ids; it finds the group of somebody who signs in",
    "alembic_version": "one line: the version of the schema; services cannot read it",
}

# Tables whose rows name locations without belonging to them: every location of the group may see them.
GROUP_WIDE = {
    "directory.role_grant.location_id": "where a role holds; read to find out what somebody may see",
    "directory.client.location_ids": "where an API client may act; read to find out what it may see",
}

# Keys without the tenant, and why they reveal nothing.
GLOBAL_KEYS = {
    "scheduling.resource: uq_resource_number": "a number the database gives; no caller chooses or sees it",
    "scheduling.resource_claim: no_overlap": "begins with that number, which belongs to one tenant's resource",
}

TABLES_WITHOUT_RLS = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND c.relname <> ALL($2)
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
           AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid
                       AND pg_get_expr(p.polqual, c.oid) LIKE '%app.tenant%'))"""

TABLES_WITHOUT_TENANT = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND c.relname <> ALL($2)
  AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull)"""

TABLES_WITHOUT_LOCATION_POLICY = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND a.attname = ANY($2)
  AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid
                  AND pg_get_expr(p.polqual, c.oid) LIKE '%app.locations%')"""

PERMISSIVE_POLICIES_BESIDE_THE_SCOPE = """
SELECT schemaname || '.' || tablename || ': ' || policyname FROM pg_policies
WHERE schemaname = ANY($1) AND policyname <> 'scope' AND permissive = 'PERMISSIVE'"""

KEYS_THAT_DO_NOT_LEAD_WITH_TENANT = """
SELECT n.nspname || '.' || c.relname || ': ' || i.relname
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
WHERE n.nspname = ANY($1) AND c.relname <> ALL($2) AND (x.indisunique OR x.indisexclusion)
  AND a.attname IS DISTINCT FROM 'tenant_id'
UNION ALL
SELECT n.nspname || '.' || c.relname || ': ' || k.conname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
WHERE n.nspname = ANY($1) AND k.contype = 'f' AND (a.attname <> 'tenant_id' OR f.attname <> 'tenant_id')"""

FOREIGN_KEYS_BETWEEN_SERVICES = """
SELECT k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND k.contype = 'f' AND f.relnamespace <> c.relnamespace"""

MIGHTY_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname = ANY($1)
  AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
UNION ALL
SELECT m.member::regrole::text FROM pg_auth_members m WHERE m.member::regrole::text = ANY($1)
UNION ALL
SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
WHERE d.deptype = 'o' AND r.rolname = ANY($1)"""

VIEWS_WITH_THEIR_OWNERS_RIGHTS = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND (
  c.relkind = 'v' AND coalesce(array_to_string(c.reloptions, ','), '') !~ 'security_invoker=(true|on)'
  OR c.relkind = 'm' AND n.nspname <> 'reporting')"""

FOREIGN_GRANTS = """
SELECT grantee || ' on ' || table_schema || '.' || table_name FROM information_schema.role_table_grants
WHERE table_schema = ANY($1) AND grantee <> 'archwire_owner'
  AND (grantee <> 'archwire_' || table_schema OR privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))"""

APPEND_ONLY_THAT_CAN_CHANGE = """
SELECT grantee || ' may ' || privilege_type || ' ' || table_schema || '.' || table_name
FROM information_schema.role_table_grants g
WHERE table_schema = ANY($1) AND grantee <> 'archwire_owner' AND privilege_type IN ('UPDATE', 'DELETE')
  AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = (quote_ident(table_schema) || '.' || quote_ident(table_name))
              ::regclass AND t.tgname = 'append_only')"""

SECURITY_DEFINERS = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY($1) AND p.prosecdef
  AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE 'search_path=%', false)"""


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Any]:
    """Runs one query on the migrated, empty database and returns its first column."""
    with tempfile.TemporaryDirectory(prefix="aw-") as folder, postgres.start(Path(folder)) as server:
        migrations.migrate(server.dsn())

        async def query(sql: str, *arguments: Any) -> list[str]:
            connection = await asyncpg.connect(server.dsn())
            try:
                return sorted(row[0] for row in await connection.fetch(sql, *arguments))
            finally:
                await connection.close()

        yield lambda sql, *arguments: asyncio.run(query(sql, *arguments))


SCHEMAS = list(NAMES)
ROLES = [migrations.role(name) for name in NAMES]


def test_every_service_has_its_schema_its_role_and_tables(catalogue):
    assert catalogue("SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)", SCHEMAS) == sorted(SCHEMAS)
    assert catalogue("SELECT rolname FROM pg_roles WHERE rolname = ANY($1) AND rolcanlogin", ROLES) == sorted(ROLES)
    with_tables = catalogue("SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname = ANY($1)", SCHEMAS)
    assert with_tables == sorted(SCHEMAS)


def test_every_table_has_forced_row_level_security_by_tenant(catalogue):
    assert catalogue(TABLES_WITHOUT_RLS, SCHEMAS, list(EXEMPT)) == []


def test_every_table_has_a_tenant(catalogue):
    assert catalogue(TABLES_WITHOUT_TENANT, SCHEMAS, list(EXEMPT)) == []


@pytest.mark.parametrize("column", ["location_id", "location_ids"])
def test_rows_of_a_location_are_scoped_by_location(catalogue, column):
    assert set(catalogue(TABLES_WITHOUT_LOCATION_POLICY, SCHEMAS, [column])) - set(GROUP_WIDE) == set()


def test_no_second_policy_widens_the_scope(catalogue):
    assert catalogue(PERMISSIVE_POLICIES_BESIDE_THE_SCOPE, SCHEMAS) == []


def test_every_unique_and_foreign_key_leads_with_the_tenant(catalogue):
    assert set(catalogue(KEYS_THAT_DO_NOT_LEAD_WITH_TENANT, SCHEMAS, list(EXEMPT))) == set(GLOBAL_KEYS)


def test_no_foreign_key_joins_two_services(catalogue):
    assert catalogue(FOREIGN_KEYS_BETWEEN_SERVICES, SCHEMAS) == []


def test_no_service_role_is_mighty_or_owns_anything(catalogue):
    assert catalogue(MIGHTY_ROLES, ROLES) == []


def test_views_use_the_rights_of_the_reader(catalogue):
    assert catalogue(VIEWS_WITH_THEIR_OWNERS_RIGHTS, SCHEMAS) == []


def test_a_service_reaches_its_own_tables_only(catalogue):
    assert catalogue(FOREIGN_GRANTS, SCHEMAS) == []


def test_append_only_tables_cannot_be_changed(catalogue):
    assert catalogue(APPEND_ONLY_THAT_CAN_CHANGE, SCHEMAS) == []


def test_definer_functions_fix_their_search_path(catalogue):
    assert catalogue(SECURITY_DEFINERS, [*SCHEMAS, "bus", "public"]) == []


def test_the_scope_never_outlives_its_transaction():
    """`SET app.…` without LOCAL would stay on the connection and show one group's rows to the next caller."""
    lasting = re.compile(r"SET\s+(SESSION\s+)?app\.|set_config\([^)]*(,\s*false)\s*\)", re.IGNORECASE)
    root = Path(__file__).resolve().parents[2]
    files = [file for part in ("shared", "services", "gateway") for file in (root / part).rglob("*.py")]
    assert [str(file.relative_to(root)) for file in files if lasting.search(file.read_text())] == []


def test_the_lint_sees_a_planted_leak(catalogue):
    catalogue(
        "DO $$ BEGIN CREATE TABLE directory.leak (tenant_id uuid NOT NULL, id uuid PRIMARY KEY);"
        " CREATE VIEW directory.leaky AS SELECT 1 AS one; GRANT SELECT ON directory.leak TO archwire_records; END $$"
    )
    try:
        assert "directory.leak" in catalogue(TABLES_WITHOUT_RLS, SCHEMAS, list(EXEMPT))
        assert "directory.leak: leak_pkey" in catalogue(KEYS_THAT_DO_NOT_LEAD_WITH_TENANT, SCHEMAS, list(EXEMPT))
        assert "directory.leaky" in catalogue(VIEWS_WITH_THEIR_OWNERS_RIGHTS, SCHEMAS)
        assert "archwire_records on directory.leak" in catalogue(FOREIGN_GRANTS, SCHEMAS)
    finally:
        catalogue("DO $$ BEGIN DROP VIEW directory.leaky; DROP TABLE directory.leak; END $$")
