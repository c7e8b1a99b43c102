package luabind

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// splitPosition takes a message apart that starts as "file:line: ". known says
// which files there are: a name may have colons in it, and a message may look
// like a position.
func splitPosition(message string, known func(file string) bool) (file string, line int, rest string, ok bool) {
	// A script may raise megabytes; no file's name is that long.
	const longestName = 1024
	for i := 0; i < min(len(message), longestName) && message[i] != '\n'; i++ {
		if message[i] != ':' || !known(message[:i]) {
			continue
		}
		number, after, found := strings.Cut(message[i+1:], ":")
		if !found || number == "" || strings.Trim(number, "0123456789") != "" {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		return message[:i], n, strings.TrimPrefix(after, " "), true
	}
	return "", 0, message, false
}

// splitPositions takes all positions off the front of a message: an error that
// was caught and raised again has several. The last is where it came from.
func (s *sources) splitPositions(message string) (file string, line int, rest string) {
	rest = message
	for {
		f, l, r, ok := splitPosition(rest, s.known)
		if !ok {
			return file, line, rest
		}
		file, line, rest = f, l, r
	}
}

// frame is a line of a traceback.
type frame struct {
	file string
	line int
	what string
}

type frames []frame

// String writes one call a line, the innermost first.
func (f frames) String() string {
	lines := make([]string, len(f))
	for i, fr := range f {
		lines[i] = fmt.Sprintf("%s:%d in %s", fr.file, fr.line, fr.what)
	}
	return strings.Join(lines, "\n")
}

// traceback takes the script's frames out of gopher-lua's traceback. outermost
// is the name of what was called, which gopher-lua doesn't know.
func (vm *VM) traceback(trace, outermost string) frames {
	var list frames
	for line := range strings.SplitSeq(trace, "\n") {
		file, number, rest, ok := splitPosition(strings.TrimPrefix(line, "\t"), vm.sources.known)
		if !ok {
			continue
		}
		what := strings.TrimPrefix(rest, "in ")
		switch {
		case what == "main chunk" || what == "corountine":
			what = outermost
		case chunkFrame.MatchString(what):
			what = "the file"
		case strings.HasPrefix(what, "function <"):
			what = "a function" // its line follows from the frame's own
		}
		list = append(list, frame{file: file, line: number, what: what})
	}
	return list
}

// chunkFrame is a file run by require.
var chunkFrame = regexp.MustCompile(`^function <.*:0>$`)

// rewordings put gopher-lua's messages into words that script authors know.
var rewordings = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '(?s:(.*))'$`), "attempt to index a $1 value with key '$2'"},
	{regexp.MustCompile(`^attempt to call a non-function object$`), "attempt to call a value that is not a function; is the name right?"},
	{regexp.MustCompile(`^__len undefined$`), "attempt to get the length of a value that has none: # takes a text or a table, and this is perhaps nil"},
	{regexp.MustCompile(`^__unm undefined$`), "attempt to negate a value that is no number; is it nil?"},
	{regexp.MustCompile(`^cannot perform add operation between (string) and (\w+)$|^cannot perform add operation between (\w+) and (string)$`),
		"attempt to add (+) a $1$3 value and a $2$4 value; texts are joined with .., and tonumber makes a number of a text"},
	{regexp.MustCompile(`^cannot perform (\w+) operation between (\w+) and (\w+)$`), "attempt to perform arithmetic ($1) on a $2 value and a $3 value"},
	{regexp.MustCompile(`^for statement (init|limit|step) must be a number$`), "the $1 of a for loop must be a number; is it nil, or a text that needs tonumber?"},
	{regexp.MustCompile(`^table index is nil$`), "attempt to assign to a field whose key is nil"},
	{regexp.MustCompile(`^stack overflow$`), fmt.Sprintf("stack overflow: calls are nested more than %d deep; does a function call itself without end?", maxCalls)},
	{regexp.MustCompile(`^registry overflow$`), "too many values at once: a call has too many arguments or results"},
}

// reword returns message, in better words where there are any.
func reword(message string) string {
	for _, r := range rewordings {
		if r.from.MatchString(message) {
			return r.from.ReplaceAllString(message, r.to)
		}
	}
	return message
}
