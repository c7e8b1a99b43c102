//go:build !race

package faulttest

// raceEnabled has the binary under test look for races as well.
const raceEnabled = false
