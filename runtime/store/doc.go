// Package store keeps what must survive the process: messages received and not
// yet handled, messages to be sent, what may still be sent to whom. It is one
// SQLite file, with a write-ahead log (-wal) and its index (-shm) beside it.
//
// # Writing and reading
//
// All writes of a process go through [Store.Update]. One goroutine takes those
// that have gathered while the last transaction was being committed and runs
// them in one transaction, so that the fsync, which is most of what a write
// costs, is shared. Each has a savepoint of its own and fails alone. Reading by
// [Store.View] never waits for a write, nor a write for reading.
//
// Other processes, such as a command that looks at the inbox, may open the same
// store beside the daemon. [Store.LockDaemon] sees to it that there is only one
// daemon, [Store.DataVersion] tells it that another process wrote.
//
// # What is durable, and when
//
// The journal mode is WAL and the setting synchronous is FULL: every commit
// appends to the log and syncs it before Update returns. So, once Update
// returned without an error,
//
//   - a kill -9 or a crash of the process loses nothing: what was written is the
//     kernel's by then;
//   - a power failure or a crash of the system loses nothing either, if the
//     drive keeps what it says it has flushed. On macOS the drive is asked by
//     F_FULLFSYNC, as fsync alone doesn't. A new file's name is synced with its
//     folder.
//
// A write that was not answered yet is there as a whole or not at all. A write
// that was answered with an error is not there, with one exception known: should
// the drive fail in the fsync itself (an I/O error, not a full disk) and the
// process die before another write, then recovery may find the transaction
// whole in the log and count it. (With synchronous=NORMAL a power failure would
// take the commits since the last checkpoint, though a kill -9 would not; with
// OFF, see [Options.Volatile], it could damage the file as well.)
//
// The store must be on a local disk: the index of the log is shared memory.
//
// # Damage
//
// [Open] checks the header and the structure of the file. A damaged store is
// renamed to <path>.damaged-<time>, never repaired or replaced in silence, and
// until somebody decides, by restoring a backup or by [Options.Fresh], Open
// refuses to make a new one. The structure is what SQLite can check: it has no
// checksums, so that a changed byte within a text goes unnoticed, and so does a
// log cut off at its end.
package store
