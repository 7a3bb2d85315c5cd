"""initial."""

import facilitator.db
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# a copy on purpose: a migration keeps saying what it said when it was written
EDGES = (
    ("held", "cancelled"),
    ("held", "expired"),
    ("held", "pending"),
    ("held", "superseded"),
    ("held", "suppressed"),
    ("leased", "cancelled"),
    ("leased", "expired"),
    ("leased", "failed"),
    ("leased", "pending"),
    ("leased", "sending"),
    ("leased", "superseded"),
    ("leased", "suppressed"),
    ("pending", "cancelled"),
    ("pending", "expired"),
    ("pending", "held"),
    ("pending", "leased"),
    ("pending", "superseded"),
    ("pending", "suppressed"),
    ("sending", "failed"),
    ("sending", "pending"),
    ("sending", "sent"),
    ("sending", "unknown"),
    ("unknown", "cancelled"),
    ("unknown", "expired"),
    ("unknown", "held"),
    ("unknown", "pending"),
    ("unknown", "sent"),
    ("unknown", "superseded"),
    ("unknown", "suppressed"),
)
SQLITE_GUARD = """
CREATE TRIGGER outbox_guard BEFORE UPDATE OF state ON outbox
WHEN OLD.state <> NEW.state
 AND NOT EXISTS (SELECT 1 FROM outbox_edge WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'this step of the outbox is not legal'); END
"""
POSTGRESQL_GUARD_FUNCTION = """
CREATE FUNCTION outbox_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM outbox_edge WHERE from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'this step of the outbox is not legal';
  END IF;
  RETURN NEW;
END $$
"""
POSTGRESQL_GUARD = """
CREATE TRIGGER outbox_guard BEFORE UPDATE OF state ON outbox
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION outbox_guard()
"""
# SQLite has one writer, so one row is counted up; on PostgreSQL a shared row would make planners wait for each other,
# so each statement adds a line and the audit folds them
SQLITE_TALLY = (
    "INSERT INTO outbox_tally (planned, deleted) VALUES (0, 0)",
    "CREATE TRIGGER outbox_planned AFTER INSERT ON outbox BEGIN UPDATE outbox_tally SET planned = planned + 1; END",
    "CREATE TRIGGER outbox_deleted AFTER DELETE ON outbox BEGIN UPDATE outbox_tally SET deleted = deleted + 1; END",
)
POSTGRESQL_TALLY = (
    """
CREATE FUNCTION outbox_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox_tally (planned, deleted)
  SELECT CASE TG_OP WHEN 'INSERT' THEN n ELSE 0 END, CASE TG_OP WHEN 'DELETE' THEN n ELSE 0 END
  FROM (SELECT count(*) AS n FROM changed) AS counted WHERE n > 0;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER outbox_planned AFTER INSERT ON outbox
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION outbox_tally()
""",
    """
CREATE TRIGGER outbox_deleted AFTER DELETE ON outbox
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION outbox_tally()
""",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_since_at", facilitator.db.Instant(), nullable=True),
        sa.Column("open_until_at", facilitator.db.Instant(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.Column("last_sent_at", facilitator.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channel")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("labels", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_counter")),
    )
    op.create_table(
        "facilitator",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_token", sa.String(length=22), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("feed_version", sa.Integer(), nullable=False),
        sa.Column("feed_hash", sa.String(length=64), nullable=True),
        sa.Column("feed_titles", sa.Boolean(), nullable=False),
        sa.Column("guide", sa.String(length=10), nullable=False),
        sa.Column("mail_proved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("guide IN ('shown', 'list_later', 'hidden')", name=op.f("ck_facilitator_guide")),
        sa.CheckConstraint("role IN ('facilitator', 'reviewer', 'admin')", name=op.f("ck_facilitator_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facilitator")),
        sa.UniqueConstraint("email_index", name=op.f("uq_facilitator_email_index")),
        sa.UniqueConstraint("feed_hash", name=op.f("uq_facilitator_feed_hash")),
        sa.UniqueConstraint("session_token", name=op.f("uq_facilitator_session_token")),
    )
    op.create_table(
        "installation_setting",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation_setting")),
    )
    op.create_table(
        "left_for_later",
        sa.Column("version_id", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_left_for_later")),
    )
    op.create_table(
        "outbox_edge",
        sa.Column("from_state", sa.String(length=12), nullable=False),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_outbox_edge")),
    )
    op.create_table(
        "outbox_tally",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_tally")),
    )
    op.create_table(
        "returned_mail",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("at", facilitator.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_mail")),
    )
    with op.batch_alter_table("returned_mail", schema=None) as batch_op:
        batch_op.create_index("ix_returned_mail_address_index_at", ["address_index", "at"], unique=False)

    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("until_at", facilitator.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempts")),
    )
    op.create_table(
        "support_group",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("country", sa.String(length=4), nullable=False),
        sa.Column("pace", sa.String(length=10), nullable=False),
        sa.Column("precision", sa.String(length=10), nullable=False),
        sa.Column("reminders_paused_at", facilitator.db.Instant(), nullable=True),
        sa.Column("consent_round", sa.Integer(), nullable=False),
        sa.Column("consent_since_on", sa.Date(), nullable=True),
        sa.Column("aftercare", sa.Boolean(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('closed', 'open')", name=op.f("ck_support_group_kind")),
        sa.CheckConstraint("pace IN ('gentle', 'standard')", name=op.f("ck_support_group_pace")),
        sa.CheckConstraint("precision IN ('protected', 'exact', 'guarded')", name=op.f("ck_support_group_precision")),
        sa.CheckConstraint("capacity BETWEEN 2 AND 30", name=op.f("ck_support_group_capacity")),
        sa.CheckConstraint("minutes IN (60, 75, 90)", name=op.f("ck_support_group_minutes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_group")),
    )
    op.create_table(
        "suppression",
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("until_at", facilitator.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("address_index", name=op.f("pk_suppression")),
    )
    op.create_table(
        "tick",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", facilitator.db.Instant(), nullable=False),
        sa.Column("finished_at", facilitator.db.Instant(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tick")),
    )
    op.create_table(
        "worker_beat",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("at", facilitator.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "erasure_receipt",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("erased_on", sa.Date(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("materials", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_erasure_receipt_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_receipt")),
    )
    with op.batch_alter_table("erasure_receipt", schema=None) as batch_op:
        batch_op.create_index("ix_erasure_receipt_group_id", ["group_id"], unique=False)

    op.create_table(
        "group_facilitator",
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("facilitator_id", sa.String(length=22), nullable=False),
        sa.Column("role", sa.String(length=4), nullable=False),
        sa.CheckConstraint("role IN ('lead', 'co')", name=op.f("ck_group_facilitator_role")),
        sa.ForeignKeyConstraint(
            ["facilitator_id"], ["facilitator.id"], name=op.f("fk_group_facilitator_facilitator_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_group_facilitator_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "facilitator_id", name=op.f("pk_group_facilitator")),
    )
    with op.batch_alter_table("group_facilitator", schema=None) as batch_op:
        batch_op.create_index("ix_group_facilitator_facilitator_id", ["facilitator_id"], unique=False)

    op.create_table(
        "kept_answer",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("facilitator_id", sa.String(length=22), nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("request_sha", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=400), nullable=False),
        sa.Column("at", facilitator.db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facilitator_id"], ["facilitator.id"], name=op.f("fk_kept_answer_facilitator_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "facilitator_id", name=op.f("pk_kept_answer")),
    )
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.create_index("ix_kept_answer_at", ["at"], unique=False)

    op.create_table(
        "library_entry",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("translation_of", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=22), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("reviewed_by_role", sa.String(length=80), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("origin IN ('shipped', 'local')", name=op.f("ck_library_entry_origin")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["facilitator.id"], name=op.f("fk_library_entry_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_entry")),
    )
    with op.batch_alter_table("library_entry", schema=None) as batch_op:
        batch_op.create_index("uq_library_entry_version", ["kind", "slug", "language", "version"], unique=True)

    op.create_table(
        "participant",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("alias_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("wording", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("quiet_from_time", sa.Time(), nullable=False),
        sa.Column("quiet_to_time", sa.Time(), nullable=False),
        sa.Column("consent_round", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("leads", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("feed_version", sa.Integer(), nullable=False),
        sa.Column("feed_hash", sa.String(length=64), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'stopped')", name=op.f("ck_participant_state")),
        sa.CheckConstraint("wording IN ('vague', 'plain', 'full')", name=op.f("ck_participant_wording")),
        sa.CheckConstraint("consent_round >= 0", name=op.f("ck_participant_consent_round")),
        sa.CheckConstraint("days BETWEEN 1 AND 127", name=op.f("ck_participant_days")),
        sa.CheckConstraint("waiting >= 0", name=op.f("ck_participant_waiting")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_participant_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("feed_hash", name=op.f("uq_participant_feed_hash")),
        sa.UniqueConstraint("settings_hash", name=op.f("uq_participant_settings_hash")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.create_index("uq_participant_group_id_address_index", ["group_id", "address_index"], unique=True)

    op.create_table(
        "prompt",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("owner_id", sa.String(length=22), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["facilitator.id"], name=op.f("fk_prompt_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("lead_minutes BETWEEN 30 AND 20160", name=op.f("ck_reminder_rule_lead_minutes")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_reminder_rule_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rule")),
    )
    with op.batch_alter_table("reminder_rule", schema=None) as batch_op:
        batch_op.create_index("uq_reminder_rule_group_id_lead_minutes", ["group_id", "lead_minutes"], unique=True)

    op.create_table(
        "series",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("pathway_id", sa.String(length=80), nullable=False),
        sa.Column("pathway_version", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(length=12), nullable=False),
        sa.Column("skip_on", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(length=22), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.CheckConstraint("rhythm IN ('weekly', 'fortnightly', 'monthly')", name=op.f("ck_series_rhythm")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_series_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index("ix_series_group_id", ["group_id"], unique=False)

    op.create_table(
        "group_session",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.String(length=22), nullable=False),
        sa.Column("series_id", sa.String(length=22), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pathway_position", sa.Integer(), nullable=False),
        sa.Column("focus", sa.String(length=16), nullable=False),
        sa.Column("session_kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("participant_title", sa.String(length=60), nullable=False),
        sa.Column("depth_cap", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("starts_at", facilitator.db.Instant(), nullable=False),
        sa.Column("ends_at", facilitator.db.Instant(), nullable=False),
        sa.Column("page_hash", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("not_held", sa.String(length=12), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("depth_limit", sa.Integer(), nullable=True),
        sa.Column("lone", sa.Boolean(), nullable=False),
        sa.Column("newcomers", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("time_rev", sa.Integer(), nullable=False),
        sa.Column("ical_sequence", sa.Integer(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("note_released", sa.Boolean(), nullable=False),
        sa.Column("next_note", sa.String(length=200), nullable=False),
        sa.Column("looked_over", sa.Boolean(), nullable=False),
        sa.Column("plan_rev", sa.Integer(), nullable=False),
        sa.Column("undoable", sa.JSON(), nullable=True),
        sa.CheckConstraint("status IN ('scheduled', 'cancelled', 'done')", name=op.f("ck_group_session_status")),
        sa.CheckConstraint("depth_cap BETWEEN 1 AND 3", name=op.f("ck_group_session_depth_cap")),
        sa.CheckConstraint(
            "depth_limit IS NULL OR depth_limit BETWEEN 1 AND 3", name=op.f("ck_group_session_depth_limit")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["support_group.id"], name=op.f("fk_group_session_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_group_session_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_session")),
        sa.UniqueConstraint("page_hash", name=op.f("uq_group_session_page_hash")),
    )
    with op.batch_alter_table("group_session", schema=None) as batch_op:
        batch_op.create_index("ix_group_session_group_id_starts_at", ["group_id", "starts_at"], unique=False)
        batch_op.create_index("ix_group_session_series_id", ["series_id"], unique=False)
        batch_op.create_index("ix_group_session_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "prompt_version",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("prompt_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("sub_bind", sa.String(length=16), nullable=False),
        sa.Column("pole", sa.String(length=12), nullable=False),
        sa.Column("arenas", sa.JSON(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("format", sa.String(length=12), nullable=False),
        sa.Column("fallback_format", sa.String(length=12), nullable=False),
        sa.Column("minutes_default", sa.Integer(), nullable=False),
        sa.Column("minutes_min", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_note", sa.String(length=200), nullable=False),
        sa.Column("opt_out", sa.Text(), nullable=False),
        sa.Column("follow_ups", sa.JSON(), nullable=False),
        sa.Column("facilitator_note", sa.Text(), nullable=False),
        sa.Column("group_types", sa.JSON(), nullable=False),
        sa.Column("min_people", sa.Integer(), nullable=False),
        sa.Column("online_ok", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("translation_of", sa.Integer(), nullable=False),
        sa.Column("reviewed_by_role", sa.String(length=80), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.CheckConstraint("origin IN ('shipped', 'local')", name=op.f("ck_prompt_version_origin")),
        sa.CheckConstraint("status IN ('draft', 'reviewed', 'retired')", name=op.f("ck_prompt_version_status")),
        sa.CheckConstraint("depth BETWEEN 1 AND 3", name=op.f("ck_prompt_version_depth")),
        sa.CheckConstraint("minutes_default >= minutes_min", name=op.f("ck_prompt_version_minutes")),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_prompt_version_prompt_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_version")),
    )
    with op.batch_alter_table("prompt_version", schema=None) as batch_op:
        batch_op.create_index("ix_prompt_version_serial", ["serial"], unique=False)
        batch_op.create_index(
            "uq_prompt_version_prompt_id_language_version", ["prompt_id", "language", "version"], unique=True
        )

    op.create_table(
        "forecast",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("away", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_forecast_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_forecast")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "material",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("release", sa.String(length=6), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("audience IN ('participants', 'facilitators')", name=op.f("ck_material_audience")),
        sa.CheckConstraint("kind IN ('file', 'text')", name=op.f("ck_material_kind")),
        sa.CheckConstraint("release IN ('before', 'start', 'end')", name=op.f("ck_material_release")),
        sa.CheckConstraint("days_before BETWEEN 0 AND 14", name=op.f("ck_material_days_before")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_material_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
    )
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.create_index("ix_material_session_id", ["session_id"], unique=False)

    op.create_table(
        "open_room",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("secret", sa.String(length=22), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("first_time", sa.Integer(), nullable=False),
        sa.Column("been_before", sa.Integer(), nullable=False),
        sa.Column("unsaid", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.CheckConstraint("way IN ('words', 'tickets')", name=op.f("ck_open_room_way")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_open_room_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_open_room")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=22), nullable=False),
        sa.Column("dedup_key", sa.String(length=160), nullable=False),
        sa.Column("session_id", sa.String(length=22), nullable=True),
        sa.Column("time_rev", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(length=22), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("session_starts_at", facilitator.db.Instant(), nullable=False),
        sa.Column("details_sha", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", facilitator.db.Instant(), nullable=False),
        sa.Column("valid_until_at", facilitator.db.Instant(), nullable=False),
        sa.Column("next_attempt_at", facilitator.db.Instant(), nullable=False),
        sa.Column("planned_at", facilitator.db.Instant(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknowns", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_until_at", facilitator.db.Instant(), nullable=True),
        sa.Column("gated_at", facilitator.db.Instant(), nullable=True),
        sa.Column("first_gated_at", facilitator.db.Instant(), nullable=True),
        sa.Column("sent_at", facilitator.db.Instant(), nullable=True),
        sa.Column("reply", sa.String(length=200), nullable=False),
        sa.Column("enhanced", sa.String(length=12), nullable=False),
        sa.Column("rendered_sha", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=22), nullable=True),
        sa.Column("wording", sa.String(length=8), nullable=True),
        sa.Column("returned_at", facilitator.db.Instant(), nullable=True),
        sa.Column("returned_code", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'sending', 'sent', 'unknown', 'held', 'failed', 'cancelled', 'superseded', 'expired', 'suppressed')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["facilitator.id"], name=op.f("fk_outbox_asked_by"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_outbox_participant_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_outbox_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_outbox_dedup_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_outbox_uuid")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_asked_by",
            ["asked_by"],
            unique=False,
            postgresql_where=sa.text("asked_by IS NOT NULL"),
            sqlite_where=sa.text("asked_by IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_due",
            ["priority", "next_attempt_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_outbox_lease",
            ["lease_until_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('leased', 'sending')"),
            sqlite_where=sa.text("state IN ('leased', 'sending')"),
        )
        batch_op.create_index(
            "ix_outbox_next",
            ["next_attempt_at"],
            unique=False,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_outbox_open",
            ["state", "gated_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('unknown', 'held')"),
            sqlite_where=sa.text("state IN ('unknown', 'held')"),
        )
        batch_op.create_index(
            "ix_outbox_overdue",
            ["valid_until_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('pending', 'unknown', 'held')"),
            sqlite_where=sa.text("state IN ('pending', 'unknown', 'held')"),
        )
        batch_op.create_index("ix_outbox_participant_id", ["participant_id"], unique=False)
        batch_op.create_index("ix_outbox_session_id_participant_id", ["session_id", "participant_id"], unique=False)
        batch_op.create_index(
            "uq_outbox_in_flight",
            ["session_id", "participant_id"],
            unique=True,
            postgresql_where=sa.text("state = 'sending'"),
            sqlite_where=sa.text("state = 'sending'"),
        )

    op.create_table(
        "plan_change",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("facilitator_id", sa.String(length=22), nullable=True),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facilitator_id"], ["facilitator.id"], name=op.f("fk_plan_change_facilitator_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_plan_change_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_plan_change")),
    )
    op.create_table(
        "pulse_count",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("question", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_pulse_count_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "question", "answer", name=op.f("pk_pulse_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pulse_kept",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("question", sa.String(length=10), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("answers", sa.String(length=8), nullable=False),
        sa.Column("well", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Integer(), nullable=False),
        sa.Column("fast", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_pulse_kept_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "question", name=op.f("pk_pulse_kept")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reserved_minutes", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("facilitator_note", sa.String(length=400), nullable=False),
        sa.Column("own_note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_segment_minutes")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_segment_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    with op.batch_alter_table("segment", schema=None) as batch_op:
        batch_op.create_index("uq_segment_session_id_position", ["session_id", "position"], unique=True)

    op.create_table(
        "tally",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("headcount", sa.String(length=8), nullable=False),
        sa.Column("returning_level", sa.String(length=4), nullable=True),
        sa.Column("list_size", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "returning_level IS NULL OR returning_level IN ('few', 'half', 'most')",
            name=op.f("ck_tally_returning_level"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_tally_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "assignment",
        sa.Column("segment_id", sa.String(length=22), nullable=False),
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("prompt_version_id", sa.String(length=22), nullable=True),
        sa.Column("exercise_id", sa.String(length=80), nullable=True),
        sa.Column("exercise_version", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("emptied_by", sa.JSON(), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("actual_minutes", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('not_said', 'used', 'cut_short', 'skipped')", name=op.f("ck_assignment_outcome")
        ),
        sa.CheckConstraint(
            "actual_minutes IS NULL OR actual_minutes BETWEEN 1 AND 120", name=op.f("ck_assignment_actual_minutes")
        ),
        sa.CheckConstraint("prompt_version_id IS NULL OR exercise_id IS NULL", name=op.f("ck_assignment_one_filling")),
        sa.ForeignKeyConstraint(
            ["prompt_version_id"], ["prompt_version.id"], name=op.f("fk_assignment_prompt_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name=op.f("fk_assignment_segment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_assignment_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index("ix_assignment_prompt_version_id", ["prompt_version_id"], unique=False)
        batch_op.create_index("ix_assignment_session_id", ["session_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("at", facilitator.db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_attempt_outbox_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_outbox_id", ["outbox_id"], unique=False)

    op.create_table(
        "live_session",
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.String(length=22), nullable=True),
        sa.Column("counted_from_at", facilitator.db.Instant(), nullable=True),
        sa.Column("spent_seconds", sa.Integer(), nullable=False),
        sa.Column("is_slowed", sa.Boolean(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=True),
        sa.Column("extra_minutes", sa.JSON(), nullable=False),
        sa.Column("taken_seconds", sa.JSON(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("presses", sa.JSON(), nullable=False),
        sa.CheckConstraint("heads IS NULL OR heads BETWEEN 0 AND 500", name=op.f("ck_live_session_heads")),
        sa.CheckConstraint("spent_seconds >= 0", name=op.f("ck_live_session_spent_seconds")),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name=op.f("fk_live_session_segment_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_live_session_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_live_session")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ticket",
        sa.Column("words_hash", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["open_room.session_id"], name=op.f("fk_ticket_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("words_hash", name=op.f("pk_ticket")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_session_id"), ["session_id"], unique=False)

    _guard_outbox()


def _guard_outbox() -> None:
    """Fill the legal edges, refuse every other step, and count messages in and out, on both engines."""
    op.bulk_insert(
        sa.table("outbox_edge", sa.column("from_state", sa.String), sa.column("to_state", sa.String)),
        [{"from_state": start, "to_state": end} for start, end in EDGES],
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in (SQLITE_GUARD, *SQLITE_TALLY):
            op.execute(statement)
    else:
        for statement in (POSTGRESQL_GUARD_FUNCTION, POSTGRESQL_GUARD, *POSTGRESQL_TALLY):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_session_id"))

    op.drop_table("ticket")
    op.drop_table("live_session")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_outbox_id")

    op.drop_table("attempt")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_assignment_session_id")
        batch_op.drop_index("ix_assignment_prompt_version_id")

    op.drop_table("assignment")
    op.drop_table("tally")
    with op.batch_alter_table("segment", schema=None) as batch_op:
        batch_op.drop_index("uq_segment_session_id_position")

    op.drop_table("segment")
    op.drop_table("pulse_kept")
    op.drop_table("pulse_count")
    op.drop_table("plan_change")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_outbox_in_flight",
            postgresql_where=sa.text("state = 'sending'"),
            sqlite_where=sa.text("state = 'sending'"),
        )
        batch_op.drop_index("ix_outbox_session_id_participant_id")
        batch_op.drop_index("ix_outbox_participant_id")
        batch_op.drop_index(
            "ix_outbox_overdue",
            postgresql_where=sa.text("state IN ('pending', 'unknown', 'held')"),
            sqlite_where=sa.text("state IN ('pending', 'unknown', 'held')"),
        )
        batch_op.drop_index(
            "ix_outbox_open",
            postgresql_where=sa.text("state IN ('unknown', 'held')"),
            sqlite_where=sa.text("state IN ('unknown', 'held')"),
        )
        batch_op.drop_index(
            "ix_outbox_next", postgresql_where=sa.text("state = 'pending'"), sqlite_where=sa.text("state = 'pending'")
        )
        batch_op.drop_index(
            "ix_outbox_lease",
            postgresql_where=sa.text("state IN ('leased', 'sending')"),
            sqlite_where=sa.text("state IN ('leased', 'sending')"),
        )
        batch_op.drop_index(
            "ix_outbox_due", postgresql_where=sa.text("state = 'pending'"), sqlite_where=sa.text("state = 'pending'")
        )
        batch_op.drop_index(
            "ix_outbox_asked_by",
            postgresql_where=sa.text("asked_by IS NOT NULL"),
            sqlite_where=sa.text("asked_by IS NOT NULL"),
        )

    op.drop_table("outbox")
    op.drop_table("open_room")
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.drop_index("ix_material_session_id")

    op.drop_table("material")
    op.drop_table("forecast")
    with op.batch_alter_table("prompt_version", schema=None) as batch_op:
        batch_op.drop_index("uq_prompt_version_prompt_id_language_version")
        batch_op.drop_index("ix_prompt_version_serial")

    op.drop_table("prompt_version")
    with op.batch_alter_table("group_session", schema=None) as batch_op:
        batch_op.drop_index("ix_group_session_starts_at")
        batch_op.drop_index("ix_group_session_series_id")
        batch_op.drop_index("ix_group_session_group_id_starts_at")

    op.drop_table("group_session")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_index("ix_series_group_id")

    op.drop_table("series")
    with op.batch_alter_table("reminder_rule", schema=None) as batch_op:
        batch_op.drop_index("uq_reminder_rule_group_id_lead_minutes")

    op.drop_table("reminder_rule")
    op.drop_table("prompt")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_index("uq_participant_group_id_address_index")

    op.drop_table("participant")
    with op.batch_alter_table("library_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_library_entry_version")

    op.drop_table("library_entry")
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_kept_answer_at")

    op.drop_table("kept_answer")
    with op.batch_alter_table("group_facilitator", schema=None) as batch_op:
        batch_op.drop_index("ix_group_facilitator_facilitator_id")

    op.drop_table("group_facilitator")
    with op.batch_alter_table("erasure_receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_erasure_receipt_group_id")

    op.drop_table("erasure_receipt")
    op.drop_table("worker_beat")
    op.drop_table("tick")
    op.drop_table("suppression")
    op.drop_table("support_group")
    op.drop_table("sign_in_attempts")
    with op.batch_alter_table("returned_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_returned_mail_address_index_at")

    op.drop_table("returned_mail")
    op.drop_table("outbox_tally")
    op.drop_table("outbox_edge")
    op.drop_table("left_for_later")
    op.drop_table("installation_setting")
    op.drop_table("facilitator")
    op.drop_table("counter")
    op.drop_table("channel")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION outbox_guard")
        op.execute("DROP FUNCTION outbox_tally")
