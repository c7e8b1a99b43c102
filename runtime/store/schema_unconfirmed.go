package store

// schemaUnconfirmed adds the state of sends that the server accepted and threw
// away, what is known of users to whom it does that, and the run id of sends. A
// table's checks can't be changed: the outbox is copied.
const schemaUnconfirmed = `
ALTER TABLE windows ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0; -- since when the server throws away what is sent, 0 for not
ALTER TABLE windows ADD COLUMN probe      INTEGER NOT NULL DEFAULT 0; -- one answer may try whether it still does

CREATE TABLE outbox_new (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	bot          TEXT NOT NULL,
	conversation TEXT NOT NULL,
	user         TEXT NOT NULL,
	group_id     TEXT NOT NULL DEFAULT '',
	inbound      INTEGER,
	push_key     TEXT,
	run_id       TEXT NOT NULL DEFAULT '', -- the same on all that answers one message
	ordinal      INTEGER NOT NULL DEFAULT 0,
	part         INTEGER NOT NULL DEFAULT 0,
	parts        INTEGER NOT NULL DEFAULT 1,
	client_id    TEXT NOT NULL UNIQUE, -- what the server is told, the same for every try
	mode         TEXT NOT NULL DEFAULT 'defer' CHECK (mode IN ('defer', 'fail', 'nudge')),
	priority     INTEGER NOT NULL DEFAULT 0, -- 0 an answer, 1 a push
	payload      BLOB NOT NULL,
	payload_kind TEXT NOT NULL,
	file         TEXT NOT NULL DEFAULT '', -- a file kept for it, to be removed with the row
	state        TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'expired', 'held', 'dropped', 'unconfirmed')),
	result       TEXT NOT NULL DEFAULT '',
	error        TEXT NOT NULL DEFAULT '',
	message_id   TEXT NOT NULL DEFAULT '',
	uncertain    INTEGER NOT NULL DEFAULT 0 CHECK (uncertain IN (0, 1)),
	attempts     INTEGER NOT NULL DEFAULT 0,
	counted      INTEGER NOT NULL DEFAULT 0, -- how many requests for it the server may have counted
	created      INTEGER NOT NULL,
	expires      INTEGER NOT NULL DEFAULT 0,
	started      INTEGER NOT NULL DEFAULT 0, -- when the last request was begun
	answered     INTEGER NOT NULL DEFAULT 0, -- when the last one that ended did
	ended        INTEGER NOT NULL DEFAULT 0, -- when the state became final
	UNIQUE (inbound, ordinal, part)
) STRICT;
INSERT INTO outbox_new (id, bot, conversation, user, group_id, inbound, push_key, ordinal, part, parts, client_id, mode, priority, payload, payload_kind, file, state, result, error, message_id, uncertain, attempts, counted, created, expires, started, answered, ended)
	SELECT id, bot, conversation, user, group_id, inbound, push_key, ordinal, part, parts, client_id, mode, priority, payload, payload_kind, file, state, result, error, message_id, uncertain, attempts, counted, created, expires, started, answered, ended FROM outbox;
-- Ids are never used twice.
DELETE FROM sqlite_sequence WHERE name = 'outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_new', seq FROM sqlite_sequence WHERE name = 'outbox';
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE INDEX outbox_work ON outbox (bot, state, conversation, priority, id);
CREATE UNIQUE INDEX outbox_push ON outbox (bot, push_key, ordinal, part) WHERE push_key IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended > 0;
CREATE INDEX outbox_answered ON outbox (bot, answered) WHERE answered > 0;
`
