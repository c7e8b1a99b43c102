//go:build !race

package isolate

// raceEnabled says that the race detector is built in.
const raceEnabled = false

const raceOverhead = 0
