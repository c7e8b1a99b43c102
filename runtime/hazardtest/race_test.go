//go:build race

package hazardtest

// raceEnabled says that the race detector is built in.
const raceEnabled = true
