package spec

import (
	"context"
	"regexp"
	goruntime "runtime"
	"strings"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// Options say how specs are run. The zero value runs all.
type Options struct {
	// Match, if set, picks the cases to run by their [Case.Name].
	Match *regexp.Regexp
	// Parallel is how many files are run at a time; 0 means one for each processor.
	Parallel int
	// Load loads the bots; nil means in this process. See [InProcesses].
	Load world.Loader
	// Modules are those of an embedding program, which its bots need.
	Modules []luabind.Module
	// Coverage counts the lines of bots that run; it may be nil.
	Coverage *luabind.Coverage
	// Done is told of each file, in the order of the files; it may be nil.
	Done func(File)

	// probes are modules for specs that tests add.
	probes []luabind.Module
}

// Report is what came of a run.
type Report struct {
	Files []File
	Took  time.Duration
}

// File is what came of one spec file.
type File struct {
	// Name is the file's path as it was given.
	Name  string
	Cases []Case
	// Failure says why the file couldn't be loaded, nil if it was.
	Failure *Failure
	Took    time.Duration
}

// Case is what came of one case.
type Case struct {
	// Groups are the texts of the describes around it, and Text is its own.
	Groups []string
	Text   string
	// Line is where it begins.
	Line int
	// Pending says that it has no function yet.
	Pending bool
	// Failures is why it failed; none if it didn't.
	Failures []Failure
	// Output is what the spec printed, and Log what its bots did, a line each.
	Output, Log []string
	// Talk is what users and bots have said, and what waits to be sent.
	Talk []string
	Took time.Duration
}

// Name is all that describes the case, such as "survey › asks for a name".
func (c *Case) Name() string {
	return strings.Join(append(append([]string(nil), c.Groups...), c.Text), " › ")
}

// Failure is one thing that went wrong.
type Failure struct {
	// File and Line are where; the line is 0 if it isn't known.
	File string
	Line int
	// Message says what, in one or more lines.
	Message string
	// Excerpt is the code around it, and Trace how the script got there.
	Excerpt, Trace string
}

// Counts are a report's totals.
type Counts struct{ Passed, Failed, Pending int }

// Counts counts cases; a file that couldn't be loaded counts as one that failed.
func (r *Report) Counts() (n Counts) {
	for i := range r.Files {
		c := r.Files[i].Counts()
		n.Passed += c.Passed
		n.Failed += c.Failed
		n.Pending += c.Pending
	}
	return n
}

// Counts counts the file's cases.
func (f *File) Counts() (n Counts) {
	if f.Failure != nil {
		n.Failed++
	}
	for i := range f.Cases {
		switch c := &f.Cases[i]; {
		case len(c.Failures) > 0:
			n.Failed++
		case c.Pending:
			n.Pending++
		default:
			n.Passed++
		}
	}
	return n
}

// Run runs spec files, several at a time. The error says that ctx ended; whatever
// is wrong with a spec or a bot is in the report.
func Run(ctx context.Context, files []string, opts Options) (*Report, error) {
	began := time.Now()
	parallel := opts.Parallel
	if parallel <= 0 {
		parallel = goruntime.GOMAXPROCS(0)
	}
	results := make([]chan File, len(files))
	slots := make(chan struct{}, parallel)
	var workers sync.WaitGroup
	defer workers.Wait()
	for i, name := range files {
		results[i] = make(chan File, 1)
		workers.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] <- runFile(ctx, name, opts)
		})
	}
	report := &Report{}
	for _, result := range results {
		f := <-result
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		report.Files = append(report.Files, f)
		if opts.Done != nil {
			opts.Done(f)
		}
	}
	report.Took = time.Since(began)
	return report, nil
}
