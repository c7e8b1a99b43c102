//go:build race

package runtime_test

// raceEnabled says that the race detector is built in.
const raceEnabled = true
