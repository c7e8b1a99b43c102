// Package faulttest holds the tests that kill, cut off, fill up and damage what
// ilinkd needs, and then count messages: each must be answered exactly once, in
// order, with nothing refused by the server for quota or throttle.
//
// The process under test is the real one: the tests build ilinkd, run it with a
// configuration of their own against a simulator that lives in the test, and so
// outlives kills. It keeps to 127.0.0.1 and temporary folders.
//
// go test runs all of it, small, in some seconds, with the limits of the
// simulator scaled down so that pacing is checked at speed. The full size has the
// real limits, and takes about a quarter of an hour:
//
//	ILINKD_FULL=1 go test -timeout 60m -parallel 4 -run 'Crash|Flapping' -v ./runtime/faulttest
//
// Each test prints the seed of what is random in it; ILINKD_SEED repeats that
// run's choices, though not its timing.
package faulttest
