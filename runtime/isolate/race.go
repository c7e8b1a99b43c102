//go:build race

package isolate

// raceEnabled says that the race detector is built in.
const raceEnabled = true
