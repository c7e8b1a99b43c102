// Package inbox hands what comes for a bot to its handler: messages of users and timers,
// those of a conversation one at a time and in order, different conversations side by side.
//
// The way of a message:
//
//  1. [Inbox.Receive] makes it durable, together with what came with it, and leaves out
//     repeats; the caller moves its cursor only then. A timer that is due comes the same way
//     (timers.go).
//  2. It waits in its conversation for its turn (inbox.go). What comes while an earlier one is
//     handled is shown to the handler, which may end that (handling.go), or is the answer that
//     it waits for (dialogue.go).
//  3. It is handed to the [Handler] (handler.go): a script (scripted.go), or another process
//     (forwarded.go).
//  4. Then it is marked as handled, or tried again after a pause, or kept as dead with its
//     error: never dropped (handling.go). A message over which the script's process died is
//     handled apart from others (deaths.go).
//
// The store holds all of it: what is here in memory can be made anew from there.
package inbox
