package store

// applicationID is in the header of every database file of ours ("ilnk"), so
// that the file of another program isn't taken for one.
const applicationID = 0x696c6e6b

// schemaV1 is the first schema. A released schema is never edited: what changes
// is added as a migration.
//
// Times are Unix milliseconds, 0 stands for "not yet" or "never". Ids given by
// the server are kept as they came. Rows that other tables speak of are deleted
// on their own terms, so there are no foreign keys.
const schemaV1 = `
-- What is known of a bot's account. token_digest tells whether the bot has
-- logged in as somebody else since; the token itself is never stored here.
CREATE TABLE bots (
	bot             TEXT PRIMARY KEY NOT NULL,
	token_digest    TEXT NOT NULL DEFAULT '',
	cursor          TEXT NOT NULL DEFAULT '', -- where polling goes on
	throttled_until INTEGER NOT NULL DEFAULT 0,
	throttle_step   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The latest context token of each user: without it nothing can be sent.
CREATE TABLE context_tokens (
	bot     TEXT NOT NULL,
	user    TEXT NOT NULL,
	token   TEXT NOT NULL,
	updated INTEGER NOT NULL,
	PRIMARY KEY (bot, user)
) STRICT, WITHOUT ROWID;

-- The keys of the messages received lately, by which repeats are known.
CREATE TABLE seen (
	bot TEXT NOT NULL,
	key TEXT NOT NULL,
	at  INTEGER NOT NULL,
	PRIMARY KEY (bot, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);

-- Messages received. A message is waiting until its handler is through with it
-- (done) or has failed for good (dead, kept until somebody decides).
CREATE TABLE inbox (
	id              INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
	bot             TEXT NOT NULL,
	conversation    TEXT NOT NULL,
	user            TEXT NOT NULL,
	key             TEXT NOT NULL,
	message         BLOB NOT NULL,
	received        INTEGER NOT NULL,
	state           TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
	attempts        INTEGER NOT NULL DEFAULT 0,
	next_at         INTEGER NOT NULL DEFAULT 0, -- not tried again before
	retry_on_reload INTEGER NOT NULL DEFAULT 0 CHECK (retry_on_reload IN (0, 1)),
	error           TEXT NOT NULL DEFAULT '',
	traceback       TEXT NOT NULL DEFAULT '',
	finished        INTEGER NOT NULL DEFAULT 0  -- when it was done or dead
) STRICT;
CREATE INDEX inbox_work ON inbox (bot, state, id);
CREATE INDEX inbox_finished ON inbox (finished) WHERE state = 'done';

-- What is to be sent and what became of it, a row for each part. An answer has
-- the inbox id it came of in inbound, and with ordinal and part its place among
-- the sends of that handler: run again, the handler finds its rows. A push has
-- a push_key instead if it is to be sent only once.
CREATE TABLE outbox (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	bot          TEXT NOT NULL,
	conversation TEXT NOT NULL,
	user         TEXT NOT NULL,
	group_id     TEXT NOT NULL DEFAULT '',
	inbound      INTEGER,
	push_key     TEXT,
	ordinal      INTEGER NOT NULL DEFAULT 0,
	part         INTEGER NOT NULL DEFAULT 0,
	parts        INTEGER NOT NULL DEFAULT 1,
	client_id    TEXT NOT NULL UNIQUE, -- what the server is told, the same for every try
	mode         TEXT NOT NULL DEFAULT 'defer' CHECK (mode IN ('defer', 'fail', 'nudge')),
	priority     INTEGER NOT NULL DEFAULT 0, -- 0 an answer, 1 a push
	payload      BLOB NOT NULL,
	payload_kind TEXT NOT NULL,
	file         TEXT NOT NULL DEFAULT '', -- a file kept for it, to be removed with the row
	state        TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'expired', 'held', 'dropped')),
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
CREATE INDEX outbox_work ON outbox (bot, state, conversation, priority, id);
CREATE UNIQUE INDEX outbox_push ON outbox (bot, push_key, ordinal, part) WHERE push_key IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended > 0;
CREATE INDEX outbox_answered ON outbox (bot, answered) WHERE answered > 0;

-- What a user's last message still allows the bot to send.
CREATE TABLE windows (
	bot          TEXT NOT NULL,
	conversation TEXT NOT NULL,
	opened       INTEGER NOT NULL,
	used         INTEGER NOT NULL DEFAULT 0,
	closed       INTEGER NOT NULL DEFAULT 0,
	nudged       INTEGER NOT NULL DEFAULT 0,
	number       INTEGER NOT NULL DEFAULT 1, -- of the conversation's windows, one for each message
	version      INTEGER NOT NULL DEFAULT 1, -- goes up with each change of the row
	PRIMARY KEY (bot, conversation)
) STRICT, WITHOUT ROWID;

-- Messages kept for the case that somebody quotes them.
CREATE TABLE quotes (
	bot        TEXT NOT NULL,
	message_id TEXT NOT NULL,
	item       BLOB NOT NULL,
	at         INTEGER NOT NULL,
	PRIMARY KEY (bot, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX quotes_at ON quotes (bot, at);
`
