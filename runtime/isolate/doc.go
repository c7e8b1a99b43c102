// Package isolate runs a bot's script in a process of its own: the same program,
// started again as a child that holds one [luabind.Sandbox] and has a hard limit
// of memory. What ends that process, be it a fault of Go's runtime, costs its bot
// a pause and nobody else anything.
//
// [Load] is to the host what luabind.Load is: the [Sandbox] that it returns has the
// same methods, and starts another child when one dies. Handlers that were running
// then end with a [*DiedError]; what they had done through the host is done, as
// when the whole program had died. [Main] is the child's side.
//
// Both sides call each other over two pipes: the parent the sandbox's methods, and
// the child, from within a handler, those of [luabind.Host]. The parent takes
// nothing on trust that comes from the child: what is no frame, too large, too much
// at once, or of a handler that there never was ends the child, and files are
// handles that only the parent can make.
package isolate
