// Package luabind runs bots written in Lua: each in a sandboxed VM of its own,
// with the module ilink, and with a handler call for each message.
//
// [Load] compiles a script and runs it once; [Sandbox.OnMessage] then calls its
// on_message. Many handlers may be under way at a time. Each runs on its
// caller's goroutine and on a Lua thread of its own, under the VM's one lock,
// which calls that block (sending, downloading, …) give up. So the handlers of
// one VM take turns at such calls and nowhere else, and a script needs no locks.
//
// A script may also define on_interrupt, which is told of messages that come while
// an earlier one of the same user is being handled ([Sandbox.OnInterrupt]), and
// on_session_expired ([Sandbox.OnSessionExpired]). How a running handler is asked
// to end, instead of being killed, is at [ErrInterrupted].
//
// What scripts may do to the world is an interface, [Host]. What they may use
// up is in [Limits]. What went wrong in one is a [ScriptError], with file, line
// and the code around it.
//
// Go programs add modules of their own through [Module]; the built-in ones are
// made the same way.
package luabind
