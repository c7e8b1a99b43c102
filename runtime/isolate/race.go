//go:build race

package isolate

// raceEnabled says that the race detector is built in.
const raceEnabled = true

// raceOverhead is what its own memory may add.
const raceOverhead = 768 << 20
