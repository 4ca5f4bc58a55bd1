"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
from services.${(branch_labels or [up_revision.rsplit("_", 1)[0]])[0] if not isinstance(branch_labels, str) else branch_labels}.models import Base
from shared.migrations import secure

revision = ${repr(up_revision).replace("'", '"')}
down_revision = ${repr(down_revision).replace("'", '"')}
branch_labels = ${repr((branch_labels,) if isinstance(branch_labels, str) else tuple(branch_labels) if branch_labels else None).replace("'", '"')}


def upgrade() -> None:
    # Rather fail and be run again than make every booking wait behind a lock. New code must work with the old
    # tables and the old code with the new: expand here, contract one release later.
    op.execute("SET LOCAL lock_timeout = '3s'")
    ${upgrades if upgrades else "pass"}
    secure(op, Base)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
