// Package lstring is Lua's string library without Lua: patterns, the items of
// string.format, and the reading of numbers. It follows Lua 5.1 and the C library
// of Linux, byte for byte, wherever luabind doesn't list a difference.
//
// Nothing here runs longer than its caller allows (see [Meter]), recurses, or
// takes memory in proportion to anything but its input.
package lstring

// Meter is what the work is charged to.
type Meter interface {
	// Charge counts n steps. An error ends the work, and is its result.
	Charge(n int) error
}
