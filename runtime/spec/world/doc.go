// Package world is a world for bots under test: users who write and read what they
// are sent, a clock that is moved by hand, and data, files and windows in memory.
//
// A [Bot] is a real script in a real sandbox; what it wants done, its world does
// at once and without a server. [World.Settle] waits until all handlers have come
// to their end or wait for something: a user, a time. Since time passes only
// with [World.Advance], what happens is the same each time, and takes no longer
// than the script computes.
package world
