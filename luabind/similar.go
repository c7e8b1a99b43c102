package luabind

import "slices"

// nearest returns the name that a typing error was probably meant to be, "" if
// none is near.
func nearest(typed string, names []string) string {
	best, bestDistance := "", 3
	if len(typed) <= 3 {
		bestDistance = 2
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(typed, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance counts the edits between two words, where exchanging two neighbours
// is one.
func distance(a, b string) int {
	// What is far apart in length is far apart; and a script may index with
	// megabytes.
	if d := len(a) - len(b); d > 3 || d < -3 {
		return 4
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
